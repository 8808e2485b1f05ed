// Output and waiting for all scenarios.
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 60_000;

export const counted = { passed: 0, failed: 0 };

export function check(what, good, seen = "") {
  counted[good ? "passed" : "failed"] += 1;
  console.log(`  ${good ? "ok    " : "FAILED"}  ${what}${seen === "" ? "" : `: ${seen}`}`);
}

/** Asks until the answer is good and returns it; retries after errors. */
export async function until(what, ask, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  let fault;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      fault = error;
    }
    await pause(20);
  }
  throw new Error(`waited for ${patience / 1000} s in vain until ${what}${fault ? ` (${fault.message})` : ""}`);
}

/** Formats the median and the maximum of some times. */
export function times(ms) {
  const sorted = [...ms].sort((a, b) => a - b);
  const seconds = (value) => `${(value / 1000).toFixed(2)} s`;
  return `median ${seconds(sorted[Math.floor(sorted.length / 2)])}, at most ${seconds(sorted.at(-1))}`;
}

/** Describes where two texts differ; empty if they are equal. */
export function difference(ours, theirs) {
  const [a, b] = [ours.split("\n"), theirs.split("\n")];
  const line = a.findIndex((text, number) => text !== b[number]);
  if (line >= 0) return `line ${line + 1} of ${a.length} and ${b.length}: ${a[line]} | ${b[line]}`;
  return a.length === b.length ? "" : `${a.length} and ${b.length} lines`;
}
