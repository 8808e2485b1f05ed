// What every part of the bench needs: numbers of several runs, programs that may not be there, the server.
import { spawnSync } from "node:child_process";
import { get } from "node:http";

import { Server } from "../scripts/lib/server.mjs";

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Least, most and how many: what a median leaves out. Nothing of a single run. */
export function spread(values) {
  if (values.length < 2) return undefined;
  const short = (value) => (value >= 100 || value === 0 ? String(Math.round(value)) : value.toPrecision(3));
  return `${short(Math.min(...values))} to ${short(Math.max(...values))}, ${values.length} runs`;
}

/** A line of the report: the median of several values, with their spread beside it. */
export function row(what, target, values, unit, better = "less") {
  return { what, target, reached: median(values), unit, better, detail: spread(values) };
}

/** Whether a part is measured at its largest scale, too: BENCH_FULL=1 asks for all, or names parts with commas. */
export function isFull(part) {
  const wanted = (process.env.BENCH_FULL ?? "").split(",");
  return wanted.includes("1") || wanted.includes(part);
}

export function have(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Runs a program to its end; what it said, or an error that holds what it complained of. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 30, ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stderr || stdout}`);
  return stdout;
}

/** Where a program can be tied to one processor, it is: what asks it must not take its time. */
export function onOneCore(core, program, args) {
  return have("taskset") ? ["taskset", ["-c", String(core), program, ...args]] : [program, args];
}

/** Starts a server and waits until it is ready, which `ready` says the seconds of; ended by `stop`. `probe`: see there. */
export async function serve(program, args, { env = {}, probe } = {}) {
  const started = performance.now();
  const server = await Server.start({ program, args, variables: { RUST_LOG: "info", ...env }, probe });
  const ready = (performance.now() - started) / 1000;
  return { url: probe ? new URL(probe).origin : server.url, pid: server.child.pid, ready, stop: () => server.stop() };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The status of an answer that was read to its end. */
export function status(url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = get(url, options, (answer) => {
      answer.on("end", () => resolve(answer.statusCode)).on("error", reject);
      answer.resume();
    });
    request.on("error", reject);
  });
}
