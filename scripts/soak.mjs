// Tests the release build under load and under attack, on this machine only: many clients while data
// arrives, slow or misbehaving clients, attacks that must not delay others (attacks/), and files that are
// not events. Prints one line per check and ends like the other test runners.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import autocannon from "autocannon";

import { attacksWithData } from "./attacks/data.mjs";
import { attacks } from "./attacks/run.mjs";
import { binary, environment, Server } from "./lib/server.mjs";

const SECONDS = Number(process.env.SOAK_SECONDS ?? 30);
const CLIENTS = 200;
const BINARY = binary();
const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-soak-"));
const data = path.join(folder, "data");
const variables = { RSE_DATA: data };
const env = environment(variables);
const LIMIT_MB = { server: 400, garbage: 200 };

let passed = 0;
let failed = 0;
function check(what, good, seen = "") {
  if (good) passed += 1;
  else failed += 1;
  console.log(`  ${good ? "ok    " : "FAILED"}  ${what}${seen === "" ? "" : `: ${seen}`}`);
}

const run = (...args) => execFileSync(BINARY, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
const memory = (pid, what) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** Imports as much data as the original has. Imported, because new data would replace sample data. */
function fill() {
  const file = path.join(folder, "events.ndjson");
  const out = openSync(file, "w");
  const sample = ["sample", "--stdout", "--as-of", new Date().toISOString()];
  execFileSync(BINARY, sample, { cwd: folder, env, stdio: ["ignore", out, "pipe"] });
  closeSync(out);
  run("import", "events", file);
}

/** Makes events of new builds. */
function events(round) {
  return Array.from({ length: 500 }, (_, number) =>
    JSON.stringify({
      id: `${round}-${number}`,
      build_tag: `soak-${round}-${number}`,
      job_name: `HMCTS_CMC/soak-${number % 20}/master`,
      build_id: String(number),
      branch_name: "master",
      current_step_name: "build",
      current_build_current_result: number % 3 ? "SUCCESS" : "FAILURE",
      stage_timestamp: new Date().toISOString(),
    }),
  ).join("\n");
}

async function load(server) {
  const paths = [
    "/pipelines",
    "/api/figure?id=heatmap",
    "/api/figure?id=timeline&project=cmc",
    "/security",
    "/api/figure?id=most_failing&type=nightly&days=28",
    "/api/headline?days=7",
    "/figures/build_status.csv",
    "/disclaimer",
    "/api/freshness",
  ];
  const before = memory(server.child.pid, "VmRSS");
  let refreshes = 0;
  let importing = true;
  const refreshed = (async () => {
    while (importing) {
      const file = path.join(folder, "new.ndjson");
      writeFileSync(file, events(refreshes));
      const child = spawn(BINARY, ["import", "events", file], { cwd: folder, env, stdio: "ignore" });
      const [code] = await once(child, "exit");
      if (code !== 0) throw new Error(`an import under load ended with ${code}`);
      refreshes += 1;
    }
  })();
  const result = await autocannon({
    url: server.url,
    connections: CLIENTS,
    duration: SECONDS,
    timeout: 30,
    requests: paths.map((path) => ({ method: "GET", path, headers: { "accept-encoding": "br" } })),
  });
  importing = false;
  await refreshed;
  const { latency } = result;
  console.log(
    `  load    ${CLIENTS} clients, ${SECONDS} s, ${refreshes} refreshes: ${result.requests.total} answers, ` +
      `p50 ${latency.p50} ms, p99 ${latency.p99} ms, memory ${before.toFixed(0)} MB before and ${memory(server.child.pid, "VmHWM").toFixed(0)} MB at most`,
  );
  check("every answer was good", result.non2xx === 0 && result["5xx"] === 0, `${result.non2xx} other`);
  check("no request was dropped", result.errors === 0 && result.timeouts === 0, `${result.errors} errors, ${result.timeouts} time-outs`);
  check("data arrived during the load", refreshes > 1, `${refreshes} refreshes`);
  check(`memory stays below ${LIMIT_MB.server} MB`, memory(server.child.pid, "VmHWM") < LIMIT_MB.server);
}

/** Opens connections, runs `speak` on each, and leaves them open. */
async function connections(server, count, speak) {
  const { hostname, port } = new URL(server.url);
  const sockets = [];
  for (let number = 0; number < count; number += 1) {
    const socket = net.connect(Number(port), hostname);
    socket.on("error", () => {});
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    speak(socket);
    sockets.push(socket);
  }
  return sockets;
}

const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const misbehaviour = {
  "clients that never end their request": (socket) => socket.write("GET /pipelines HTTP/1.1\r\nX-Slow: "),
  "clients that read nothing": (socket) => socket.pause().write(get("/pipelines").repeat(100)),
  "clients that leave at once": (socket) => socket.end(get("/pipelines"), () => socket.destroy()),
  "half-open connections": (socket) => socket.end(get("/api/figures")),
  "addresses of 10 MB": (socket) => socket.write(`GET /${"a".repeat(10_000_000)} HTTP/1.1\r\n\r\n`),
  "headers of 10 MB": (socket) => socket.write(`GET / HTTP/1.1\r\nX-A: ${"a".repeat(10_000_000)}\r\n\r\n`),
  "nonsense": (socket) => socket.write(randomBytes(20_000)),
};

async function misbehave(server) {
  for (const [what, speak] of Object.entries(misbehaviour)) {
    const before = memory(server.child.pid, "VmRSS");
    const sockets = await connections(server, 100, speak);
    const answer = await fetch(`${server.url}/api/figure?id=heatmap`, { signal: AbortSignal.timeout(20_000) });
    check(`100 ${what}: other clients are answered`, answer.ok);
    const grown = memory(server.child.pid, "VmRSS") - before;
    check(`100 ${what}: memory use stays low`, grown < 100, `${grown.toFixed(0)} MB`);
    for (const socket of sockets) socket.destroy();
  }
}

/** Invalid files of any size use little memory, and are reported and not imported. */
async function garbage() {
  const pieces = function* () {
    const nested = `{"id":${"[".repeat(50_000)}\n`;
    for (let number = 0; number < 300; number += 1) {
      yield randomBytes(250_000);
      yield nested;
      yield `${JSON.stringify({ job_name: "x".repeat(100_000), stage_timestamp: number })}\n`;
      yield `{"job_name":"a","build_id":"1","stage_timestamp":"2019-10-25T01:01:0${number % 10}Z","_ts":${number}e${number}}\n`;
    }
  };
  const child = spawn(BINARY, ["import", "events", "-"], { cwd: folder, env: { ...env, RSE_DATA: path.join(folder, "garbage") }, stdio: ["pipe", "ignore", "pipe"] });
  let most = 0;
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  child.stdin.on("error", () => {});
  const watch = setInterval(() => {
    if (child.exitCode === null) most = Math.max(most, memory(child.pid, "VmHWM"));
  }, 20);
  Readable.from(pieces()).pipe(child.stdin);
  const [code] = await once(child, "exit");
  clearInterval(watch);
  check("a file of 120 MB without events is refused without a crash", code === 1 && !/panicked/.test(said), `exit code ${code}`);
  check(`it uses less than ${LIMIT_MB.garbage} MB`, most > 0 && most < LIMIT_MB.garbage, `${most.toFixed(0)} MB`);
}

let server;
try {
  fill();
  server = await Server.start({ variables });
  await load(server);
  await misbehave(server);
  check("nothing panicked", !/panicked/.test(server.log), server.log.match(/.*panicked.*/)?.[0] ?? "");
  check("no secret of a client is in the log", !/X-Slow/.test(server.log));
  const asked = Date.now();
  const code = await server.stop();
  check("it stops on request", code === 0, `exit code ${code} after ${Date.now() - asked} ms`);
  server = undefined;
  await attacks(check, data, path.join(folder, "events.ndjson"));
  await garbage();
  await attacksWithData(check, folder);
} catch (error) {
  console.error(error);
  check("the soak ran to its end", false, error.message);
} finally {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
