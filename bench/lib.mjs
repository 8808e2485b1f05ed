// Helpers for every part of the bench: statistics over runs, optional programs, the server.
import { spawnSync } from "node:child_process";
import { get } from "node:http";

import { Server } from "../scripts/lib/server.mjs";

/** Returns the median. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Formats least, most and count, which a median leaves out. Empty for a single run. */
export function spread(values) {
  if (values.length < 2) return undefined;
  const short = (value) => (value >= 100 || value === 0 ? String(Math.round(value)) : value.toPrecision(3));
  return `${short(Math.min(...values))} to ${short(Math.max(...values))}, ${values.length} runs`;
}

/** Makes a line of the report: the median of several values, with their spread. */
export function row(what, target, values, unit, better = "less") {
  return { what, target, reached: median(values), unit, better, detail: spread(values) };
}

/** Whether to measure a part at its largest scale: BENCH_FULL=1 selects all, or lists parts with commas. */
export function isFull(part) {
  const wanted = (process.env.BENCH_FULL ?? "").split(",");
  return wanted.includes("1") || wanted.includes(part);
}

export function have(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Runs a program to its end; returns its output, or throws an error with its stderr. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 30, ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stderr || stdout}`);
  return stdout;
}

/** Ties a program to one core where possible, so that the client does not take its time. */
export function onOneCore(core, program, args) {
  return have("taskset") ? ["taskset", ["-c", String(core), program, ...args]] : [program, args];
}

/** Starts a server and waits until it is ready, for `ready` seconds. `stop` ends it; for `probe`, see Server. */
export async function serve(program, args, { env = {}, probe } = {}) {
  const started = performance.now();
  const server = await Server.start({ program, args, variables: { RUST_LOG: "info", ...env }, probe });
  const ready = (performance.now() - started) / 1000;
  return { url: probe ? new URL(probe).origin : server.url, pid: server.child.pid, ready, stop: () => server.stop() };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads an answer to its end and returns its status. */
export function status(url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = get(url, options, (answer) => {
      answer.on("end", () => resolve(answer.statusCode)).on("error", reject);
      answer.resume();
    });
    request.on("error", reject);
  });
}
