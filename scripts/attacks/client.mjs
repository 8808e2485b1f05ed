// One client with an address of its own, and how long it waits for its responses.
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 20_000;

/** Sends one request over a new connection; returns its status (0 without one) and the milliseconds it took. */
export function ask(url, { from, headers = {} }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const done = (status) => resolve({ status, ms: performance.now() - began });
    const request = http.get(url, { agent: false, localAddress: from, headers, timeout: PATIENCE_MS });
    request.on("timeout", () => request.destroy());
    request.on("error", () => done(0));
    request.on("response", (response) => {
      response.on("error", () => done(0));
      response.on("end", () => done(response.statusCode));
      response.resume();
    });
  });
}

/** Asks again and again; returns how many requests were not answered with 200, and the 99th percentile of the waits. */
export async function measure(url, { from, seconds, everyMs = 20 }) {
  const waits = [];
  let failed = 0;
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const { status, ms } = await ask(url, { from });
    if (status !== 200) failed += 1;
    waits.push(ms);
    await pause(everyMs);
  }
  waits.sort((a, b) => a - b);
  return { asked: waits.length, failed, p99: waits[Math.floor(waits.length * 0.99)] };
}
