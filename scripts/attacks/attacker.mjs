// One attacker with an address of its own, until SIGTERM: node attacker.mjs KIND URL FROM CONNECTIONS
// Prints as JSON how its connections ended.
import { randomBytes, randomInt } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const [kind, url, from, connections] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const ended = {};
const count = (how) => (ended[how] = (ended[how] ?? 0) + 1);
const random = () => randomBytes(6).toString("hex");
const one = (list) => list[randomInt(list.length)];

process.on("SIGTERM", () => {
  console.log(JSON.stringify(ended));
  process.exit(0);
});

/** Opens a connection, sends a text and keeps it open; counts how it ended or that it has not. */
async function hold(text, again) {
  do {
    await new Promise((resolve) => {
      const socket = net.connect({ host: hostname, port: Number(port), localAddress: from });
      let answer = "";
      let reset = false;
      socket.on("connect", () => text && socket.write(text()));
      socket.on("data", (data) => {
        if (!answer) count(String(data).slice(9, 12));
        answer ||= String(data);
      });
      socket.on("error", () => (reset = true));
      socket.on("close", () => {
        if (!answer) count(reset ? "reset" : "closed");
        resolve();
      });
    });
    await pause(20);
  } while (again);
}

/** Sends requests one after the other over a connection that is kept open. */
async function flood(request) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, localAddress: from });
  for (;;) {
    await new Promise((resolve) => {
      const { path, headers } = request();
      const sent = http.get(url + path, { agent, headers });
      sent.on("error", () => count("reset") ?? resolve());
      sent.on("response", (response) => {
        count(response.statusCode);
        response.on("error", resolve).on("end", resolve).resume();
      });
    });
  }
}

// What a proxy on this machine appends: its client, whatever that has made up before.
const CLIENT = "127.0.0.66";
const FILTERS = { project: ["all", "cmc", "probate", "ccd"], type: ["all", "nightly", "non-nightly"], days: ["1", "7", "14", "28", "90", "180"] };

/** An address that no cache knows, or that makes another one leave it. */
function address() {
  const filters = Object.entries(FILTERS).map(([name, values]) => `${name}=${one(values)}`).sort(() => randomInt(3) - 1);
  return one([
    () => `/pipelines?x=${random()}`,
    () => `/api/figure?id=heatmap&x=${random()}`,
    () => `/pipelines?${filters.join("&")}`,
    () => `/security?${[...filters, ...filters].join("&")}`,
    () => `/%70ipelines?${filters.join("&")}`,
    () => `/api/figure?${[...filters, "id=heatmap"].join("&")}`,
    () => `/${random()}`,
  ])();
}

const KINDS = {
  "half-sent": () => hold(() => "GET /pipelines HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", true),
  "idle": () => hold(undefined, true),
  "streams": () => hold(() => `GET /api/live HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.${randomInt(256)}.${randomInt(256)}, ${CLIENT}\r\n\r\n`, false),
  "addresses": () => flood(() => ({ path: address() })),
  "seen": () => flood(() => ({ path: "/api/figure?id=heatmap", headers: { cookie: `rse-seen=${process.env.SEEN}` } })),
};
for (let number = 0; number < Number(connections); number += 1) KINDS[kind]();
