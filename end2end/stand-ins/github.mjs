// A stand-in for GitHub's API: real sockets, responses as documented by GitHub, faults on demand.
//
//   node end2end/stand-ins/github.mjs [--port N] [--facts FILE] [--events FILE] [--state 2019|head] [--token TOKEN] [--child]
//
// With --facts, it replays facts of real repositories; otherwise it serves a small built-in set, and those
// that build events as NDJSON name (--events). With --child, the first line of output is JSON and the process exits when its standard input closes, so
// that it never outlives its test.
//
// GET  /_stand-in/log      requests since the last call, oldest first
// POST /_stand-in/control  {"state":"head"}, {"faults":[…]}, …: see github/world.mjs

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as graphql from "./github/graphql.mjs";
import * as rest from "./github/rest.mjs";
import { World } from "./github/world.mjs";
import { repositoriesOf } from "./organisation.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    facts: { type: "string" },
    events: { type: "string" },
    state: { type: "string", default: "head" },
    token: { type: "string", default: "stand-in-token" },
    child: { type: "boolean", default: false },
  },
});

const facts = options.facts ? JSON.parse(readFileSync(options.facts, "utf8")) : null;
const names = options.events ? repositoriesOf(readFileSync(options.events, "utf8")) : [];
const world = new World(facts, options.state, names);
let log = [];

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response, answer, fault) {
  const body = Buffer.isBuffer(answer.body)
    ? answer.body
    : Buffer.from(answer.body === undefined ? "" : JSON.stringify(answer.body));
  const headers = { ...answer.headers };
  if (answer.status !== 304) headers["content-length"] = body.length;
  if (!headers["content-type"] && answer.status !== 304)
    headers["content-type"] = "application/json; charset=utf-8";
  response.writeHead(answer.status, headers);
  if (fault?.truncate) {
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket.destroy());
    return;
  }
  response.end(body);
}

async function control(request, response, url) {
  if (url.pathname === "/_stand-in/log") {
    send(response, { status: 200, body: log });
    log = [];
    return;
  }
  world.change(JSON.parse(await read(request)));
  send(response, { status: 200, body: {} });
}

async function answer(request, response) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname.startsWith("/_stand-in/")) return control(request, response, url);
  const body = await read(request);
  const entry = {
    method: request.method,
    path: url.pathname + url.search,
    ifNoneMatch: request.headers["if-none-match"] ?? null,
  };
  log.push(entry);
  const fault = world.faultFor(request.method, entry.path);
  if (fault?.reset) {
    entry.status = 0;
    request.socket.resetAndDestroy();
    return;
  }
  if (fault?.delayMs) await setTimeout(fault.delayMs);
  let result;
  if (fault?.status) {
    result = {
      status: fault.status,
      headers: fault.headers ?? {},
      body: fault.body ?? { message: "A fault", documentation_url: "" },
    };
  } else if (request.headers.authorization !== `Bearer ${options.token}`) {
    result = rest.failed(401, "Bad credentials");
  } else if (!request.headers["user-agent"]) {
    result = rest.failed(
      403,
      "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
    );
  } else {
    const resource = url.pathname === "/graphql" ? "graphql" : "core";
    result = world.overLimit(resource);
    if (!result) {
      result = resource === "graphql" ? await graphql.answer(world, body) : rest.answer(world, request, url);
      world.count(resource, result.status);
      entry.repositories = result.repositories;
      result.headers = { ...world.limitHeaders(resource), ...result.headers };
    }
  }
  entry.status = result.status;
  send(response, result, fault);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) send(response, { status: 500, body: { message: "The stand-in has a fault" } });
  });
});
server.listen(Number(options.port), "127.0.0.1", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  if (options.child) {
    console.log(JSON.stringify({ ready: address }));
    return;
  }
  console.log(`GitHub stand-in at ${address}, with the organisation ${world.organisation}`);
  console.log("The dashboard reads it with this environment:");
  console.log(`  GITHUB_API_URL=${address}\n  GITHUB_TOKEN=${options.token}`);
});
if (options.child) process.stdin.resume().on("end", () => process.exit(0)).on("error", () => process.exit(0));
