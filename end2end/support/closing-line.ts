// Ends the output with one line that scripts can read: `12 passed, 0 failed, 0 skipped`.
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
    const skipped = tests.filter((test) => test.outcome() === "skipped").length;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    return Promise.resolve();
  }

  printsToStdio() {
    return true;
  }
}
