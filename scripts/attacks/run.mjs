// Attacks by one or two clients, and what another client feels of them: it must be answered, and wait at
// most a few times as long as it does alone, in the same run. Attackers run at the lowest priority, so that
// what delays the other client is the server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Postgres, freePort, programs } from "../lib/postgres.mjs";
import { Server, binary, run } from "../lib/server.mjs";
import { ask, measure } from "./client.mjs";

const SECONDS = 8;
const MOST_TIMES = 3;
// Shorter waits measure how a busy machine schedules its processes.
const LEAST_MS = 10;
const MOST_MEMORY_MB = 512;
const ATTACKERS = ["127.0.0.2", "127.0.0.3"];
const OTHER = "127.0.0.9";
const FIGURE = "/api/figure?id=heatmap";
const ATTACKER = fileURLToPath(new URL("attacker.mjs", import.meta.url));

/** Runs attackers while `work` runs; returns how their connections ended. */
async function attacked(attackers, work) {
  const children = attackers.map(({ kind, url, from, connections, env = {} }) => {
    const args = ["-n", "19", process.execPath, ATTACKER, kind, url, from, String(connections)];
    const child = spawn("nice", args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    child.said = "";
    child.stdout.on("data", (text) => (child.said += text));
    return child;
  });
  try {
    await pause(2000);
    await work();
  } finally {
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map((child) => child.exitCode ?? once(child, "close")));
  }
  const ended = {};
  for (const { said } of children) {
    for (const [how, count] of Object.entries(JSON.parse(said || "{}"))) ended[how] = (ended[how] ?? 0) + count;
  }
  return ended;
}

/** Compares the other client's waits for some paths under attack with those alone. */
async function compare(check, what, server, attackers, paths, during = async () => {}) {
  const alone = {};
  for (const path of paths) {
    await ask(server.url + path, { from: OTHER });
    alone[path] = await measure(server.url + path, { from: OTHER, seconds: SECONDS });
  }
  const ended = await attacked(attackers, async () => {
    for (const path of paths) {
      const { asked, failed, p99 } = await measure(server.url + path, { from: OTHER, seconds: SECONDS });
      const before = Math.max(alone[path].p99, LEAST_MS);
      check(`${what}: ${path} is answered to another client`, failed === 0, `${failed} of ${asked} failed`);
      check(
        `${what}: ${path} takes another client at most ${MOST_TIMES} times as long as alone`,
        p99 <= MOST_TIMES * before,
        `p99 ${alone[path].p99.toFixed(1)} ms alone, ${p99.toFixed(1)} ms under attack`,
      );
    }
    await during();
  });
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;
  check(`${what}: less than ${MOST_MEMORY_MB} MB of memory`, peak < MOST_MEMORY_MB, `${peak.toFixed(0)} MB; the attackers got ${JSON.stringify(ended)}`);
  return ended;
}

/** Starts a server, runs `work` with it and stops it. */
async function withServer(check, what, options, work) {
  const server = await Server.start(options);
  try {
    await work(server);
    check(`${what}: nothing panicked`, !/panicked/.test(server.log), server.log.match(/.*panicked.*/)?.[0] ?? "");
  } finally {
    await server.stop();
  }
}

async function addresses(check, variables) {
  const what = "250 connections that ask for addresses that no cache knows";
  await withServer(check, what, { variables }, (server) => {
    const attackers = [{ kind: "addresses", url: server.url, from: ATTACKERS[0], connections: 250 }];
    return compare(check, what, server, attackers, [FIGURE, "/pipelines", "/security?days=28"]);
  });
}

async function halfSent(check, variables) {
  const what = "1,200 half-sent requests from two addresses, again and again";
  await withServer(check, what, { variables }, async (server) => {
    const attackers = ATTACKERS.map((from) => ({ kind: "half-sent", url: server.url, from, connections: 600 }));
    const { reset = 0, ...answered } = await compare(check, what, server, attackers, [FIGURE, "/health/live"]);
    check(`${what}: refused clients read why`, answered["503"] > 0 && reset === 0, `${answered["503"]} read 503, ${reset} were reset`);
  });
}

async function forgedChains(check, variables) {
  for (const proxies of ["1", "127.0.0.0/8"]) {
    const what = `800 event streams of a client that makes up chains of proxies (RSE_TRUSTED_PROXIES=${proxies})`;
    await withServer(check, what, { variables: { ...variables, RSE_TRUSTED_PROXIES: proxies } }, async (server) => {
      const attackers = [{ kind: "streams", url: server.url, from: ATTACKERS[0], connections: 800 }];
      const { 200: streams = 0 } = await compare(check, what, server, attackers, [FIGURE], async () => {
        check(`${what}: another client gets a stream`, (await firstLine(server.url, "/api/live")).includes(" 200 "));
      });
      check(`${what}: it gets a quarter of the streams at most`, streams > 0 && streams <= 188, `${streams} streams`);
    });
  }
}

/** Sends a request and returns the first line of the response. */
async function firstLine(url, path) {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port), localAddress: OTHER });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [data] = await once(socket, "data");
  socket.destroy();
  return String(data).split("\r\n")[0];
}

async function metricsListener(check, variables) {
  const what = "2,000 idle connections to the metrics listener, with 1,024 descriptors";
  const port = await freePort();
  const options = {
    program: "bash",
    args: ["-c", 'ulimit -n 1024; exec "$0" serve', binary()],
    variables: { ...variables, RSE_METRICS_ADDR: `127.0.0.1:${port}` },
  };
  await withServer(check, what, options, async (server) => {
    const metrics = `http://127.0.0.1:${port}`;
    const attackers = ATTACKERS.map((from) => ({ kind: "idle", url: metrics, from, connections: 1000 }));
    await compare(check, what, server, attackers, [FIGURE, "/health/live"]);
    const { status } = await ask(`${metrics}/metrics`, { from: OTHER });
    check(`${what}: metrics can be read afterwards`, status === 200, `status ${status}`);
  });
}

async function madeUpVersions(check, events) {
  const what = "250 connections with a cookie of a version far in the future";
  if (!programs()) {
    console.log(`skipped: ${what}: PostgreSQL is missing (Debian, Ubuntu: apt-get install postgresql)`);
    return;
  }
  const postgres = await Postgres.create({ settings: { max_connections: 100 } });
  try {
    const variables = { DATABASE_URL: postgres.url };
    await run(["import", "events", events], variables);
    await withServer(check, what, { variables }, async (server) => {
      const { live } = await (await fetch(`${server.url}/api/freshness`)).json();
      const [store] = live.version.split("-");
      const env = { SEEN: `${store}-999999999999` };
      const attackers = [{ kind: "seen", url: server.url, from: ATTACKERS[0], connections: 250, env }];
      await compare(check, what, server, attackers, [FIGURE, "/pipelines"]);
    });
  } finally {
    await postgres.remove();
  }
}

/** Runs all attacks. `data` is a filled data directory; `events` a file of events. */
export async function attacks(check, data, events) {
  const variables = { RSE_DATA: path.resolve(data) };
  await addresses(check, variables);
  await halfSent(check, variables);
  await forgedChains(check, variables);
  await metricsListener(check, variables);
  await madeUpVersions(check, events);
}
