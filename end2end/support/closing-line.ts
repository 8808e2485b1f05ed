// Ends the output with one line that scripts can read: `12 passed, 0 failed`.
import type { FullConfig, Reporter, Suite } from "@playwright/test/reporter";

export default class ClosingLine implements Reporter {
  private suite?: Suite;

  onBegin(_: FullConfig, suite: Suite) {
    this.suite = suite;
  }

  onExit() {
    const tests = this.suite?.allTests() ?? [];
    const passed = tests.filter((test) => test.outcome() === "expected" && test.results.length > 0).length;
    const failed = tests.filter((test) => ["unexpected", "flaky"].includes(test.outcome())).length;
    console.log(`${passed} passed, ${failed} failed`);
    return Promise.resolve();
  }

  printsToStdio() {
    return true;
  }
}
