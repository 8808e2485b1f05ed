// Ends the output with a line for scripts: `12 passed, 0 failed, 0 skipped`. The lines before it name each skipped
// test and its reason, each failed one and each flaky one with their errors, so that the end of a log is enough to
// begin with. A test that is skipped without a reason fails the run, and so do more than three flaky ones.
import { stripVTControlCharacters } from "node:util";
import type { FullConfig, FullResult, Reporter, Suite, TestCase } from "@playwright/test/reporter";

/** The most characters of an error at the end. */
const LONGEST = 800;
/** The most tests that may pass at their second try alone. */
const MOST_FLAKY = 3;

export default class ClosingLine implements Reporter {
  private suite?: Suite;

  onBegin(_: FullConfig, suite: Suite) {
    this.suite = suite;
  }

  onEnd(result: FullResult) {
    const skipped = this.suite?.allTests().flatMap((test) => reasonOf(test) ?? []) ?? [];
    for (const { test, reason } of skipped) console.log(`skipped: ${nameOf(test)}: ${reason || "NO REASON IS GIVEN"}`);
    const flaky = this.with("flaky");
    if (flaky.length > MOST_FLAKY) console.log(`${flaky.length} tests are flaky: more than ${MOST_FLAKY}`);
    if (flaky.length > MOST_FLAKY || skipped.some(({ reason }) => !reason)) return Promise.resolve({ status: "failed" as const });
    return Promise.resolve({ status: result.status });
  }

  onExit() {
    const passed = this.with("expected").filter((test) => test.results.length > 0).length;
    const [flaky, failed] = [this.with("flaky"), this.with("unexpected")];
    for (const test of flaky) console.log(`flaky: ${nameOf(test)}: ${errorOf(test)}`);
    for (const test of failed) console.log(`failed: ${nameOf(test)}: ${errorOf(test)}`);
    console.log(`${passed + flaky.length} passed, ${failed.length} failed, ${this.with("skipped").length} skipped`);
    return Promise.resolve();
  }

  private with(outcome: ReturnType<TestCase["outcome"]>) {
    return this.suite?.allTests().filter((test) => test.outcome() === outcome) ?? [];
  }

  printsToStdio() {
    return true;
  }
}

const nameOf = (test: TestCase) => test.titlePath().slice(2).join(" › ");

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
