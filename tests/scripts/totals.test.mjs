// The last line of `make tests` counts each runner's tests once and names the skipped ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { totals } from "../../scripts/lib/totals.mjs";

const of = (...lines) => totals(lines.join("\n"));

test("results of Cargo's binaries are added up and ignored tests named", () => {
  const sum = of(
    "test store::a ... ok",
    "test store::slow ... ignored, takes minutes",
    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
    "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
  );
  assert.deepEqual(sum, { passed: 5, failed: 1, skipped: 1, names: ["store::slow"], flaky: [] });
});

test("browser tests are counted once, from the closing line", () => {
  const sum = of("  ✓  1 [a] › b.spec.ts:3:1 › works (1.2s)", "  -  2 b.spec.ts:9:1 › waits", "skipped: b.spec.ts › waits: no token", "  1 skipped", "  12 passed (1.0m)", "12 passed, 0 failed");
  assert.deepEqual(sum, { passed: 12, failed: 0, skipped: 1, names: ["b.spec.ts › waits: no token"], flaky: [] });
});

test("a test that passed at its second try is counted once and named with its error", () => {
  const sum = of("  1 flaky", "flaky: b.spec.ts › works: a timeout", "  of 60 s", "12 passed, 0 failed, 0 skipped");
  assert.deepEqual(sum, { passed: 12, failed: 0, skipped: 0, names: [], flaky: ["b.spec.ts › works: a timeout"] });
});

test("both output formats of Node.js's runner are counted", () => {
  assert.deepEqual(of("ok 1 - a", "ok 2 - b # SKIP no port", "# pass 1", "# fail 0", "# cancelled 1", "# skipped 1"), { passed: 1, failed: 1, skipped: 1, names: ["b"], flaky: [] });
  assert.deepEqual(of("✔ a (1ms)", "﹣ b (0.1ms) # SKIP", "ℹ pass 1", "ℹ fail 2", "ℹ cancelled 0", "ℹ skipped 1"), { passed: 1, failed: 2, skipped: 1, names: ["b"], flaky: [] });
});

test("a runner that did not start counts as skipped", () => {
  const sum = of("skipped: nginx-light could not be installed");
  assert.deepEqual(sum, { passed: 0, failed: 0, skipped: 1, names: ["nginx-light could not be installed"], flaky: [] });
});

test("the closing lines of scripts are counted", () => {
  assert.deepEqual(of("  ok    9 passed, 9 failed, they said", "31 passed, 2 failed"), { passed: 31, failed: 2, skipped: 0, names: [], flaky: [] });
});
