// Adds up the closing lines of the test runners: node scripts/lib/totals.mjs LOG…
// Names skipped and flaky tests and ends with one line: 12 passed, 0 failed, 1 skipped.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const COLOURS = /\u001b\[[\d;]*m/g;
// Closing lines of Cargo, Node.js and our runners. Playwright prints ours, too (end2end/support/closing-line.ts).
const CARGO = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/;
const NODE = /^(?:#|ℹ) (pass|fail|cancelled|skipped) (\d+)$/;
const OURS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;
/** Lines that name one skipped test; ours give the reason, and may stand for a whole stage that did not start. */
const SKIPPED = [/^test (.+?) \.\.\. ignored/, /^ *ok \d+ - (.+) # SKIP/, /^﹣ (.+?) \(/, /^skipped: (.+)$/];
/** A line that names a test that passed at its second try alone, with the error of the first. */
const FLAKY = /^flaky: (.+)$/;

/** Adds up one log. */
export function totals(text) {
  const sum = { passed: 0, failed: 0, skipped: 0, names: [], flaky: [] };
  const add = (passed, failed, skipped = 0) => {
    sum.passed += Number(passed);
    sum.failed += Number(failed);
    sum.skipped += Number(skipped);
  };
  for (const line of text.replace(COLOURS, "").split("\n")) {
    const whole = CARGO.exec(line) ?? OURS.exec(line);
    if (whole) add(...whole.slice(1));
    const [, what, count] = NODE.exec(line) ?? [];
    if (what === "pass") add(count, 0);
    else if (what === "skipped") add(0, 0, count);
    else if (what) add(0, count);
    const name = SKIPPED.map((pattern) => pattern.exec(line)?.[1]).find(Boolean);
    if (name) sum.names.push(name);
    const flaky = FLAKY.exec(line)?.[1];
    if (flaky) sum.flaky.push(flaky);
    // No closing line counts these.
    if (line.startsWith("skipped: ")) add(0, 0, 1);
  }
  return sum;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const logs = process.argv.slice(2).map((file) => ({ stage: path.basename(file, ".log"), ...totals(readFileSync(file, "utf8")) }));
  for (const { stage, names } of logs) for (const name of names) console.log(`skipped in ${stage}: ${name}`);
  for (const { stage, flaky } of logs) for (const name of flaky) console.log(`flaky in ${stage}: ${name}`);
  const all = (what) => logs.reduce((sum, log) => sum + log[what], 0);
  console.log(`${all("passed")} passed, ${all("failed")} failed, ${all("skipped")} skipped`);
}
