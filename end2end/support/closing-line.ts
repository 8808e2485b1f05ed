// Ends the output with a line for scripts: `12 passed, 0 failed, 0 skipped`. The lines before it name each skipped
// test and its reason, and each failed one and its error, so that the end of a log is enough to begin with; a test
// skipped without a reason fails the run.
import { stripVTControlCharacters } from "node:util";
import type { FullConfig, FullResult, Reporter, Suite, TestCase } from "@playwright/test/reporter";

/** The most characters of an error at the end. */
const LONGEST = 800;

export default class ClosingLine implements Reporter {
  private suite?: Suite;

  onBegin(_: FullConfig, suite: Suite) {
    this.suite = suite;
  }

  onEnd(result: FullResult) {
    const skipped = this.suite?.allTests().flatMap((test) => reasonOf(test) ?? []) ?? [];
    for (const { test, reason } of skipped) console.log(`skipped: ${test.titlePath().slice(2).join(" › ")}: ${reason || "NO REASON IS GIVEN"}`);
    if (skipped.some(({ reason }) => !reason)) return Promise.resolve({ status: "failed" as const });
    return Promise.resolve({ status: result.status });
  }

  onExit() {
    const tests = this.suite?.allTests() ?? [];
    const passed = tests.filter((test) => test.outcome() === "expected" && test.results.length > 0).length;
    const failed = tests.filter((test) => ["unexpected", "flaky"].includes(test.outcome()));
    const skipped = tests.filter((test) => test.outcome() === "skipped").length;
    for (const test of failed) console.log(`failed: ${test.titlePath().slice(2).join(" › ")}: ${errorOf(test)}`);
    console.log(`${passed} passed, ${failed.length} failed, ${skipped} skipped`);
    return Promise.resolve();
  }

  printsToStdio() {
    return true;
  }
}

/** Reason for skipping a test on purpose; tests that did not run because another failed have none. */
function reasonOf(test: TestCase) {
  const skip = test.annotations.find(({ type }) => type === "skip" || type === "fixme");
  return skip && { test, reason: skip.description };
}

/** The first error of a test, without colours and blank lines. */
function errorOf(test: TestCase) {
  const message = test.results.find(({ error }) => error)?.error?.message ?? "no error is given";
  return stripVTControlCharacters(message).replace(/\s*\n\s*/g, "\n  ").slice(0, LONGEST);
}
