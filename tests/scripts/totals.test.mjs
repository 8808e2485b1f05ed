// The last line of `make tests` counts what every runner says, each test once, and names what was skipped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { totals } from "../../scripts/lib/totals.mjs";

const of = (...lines) => totals(lines.join("\n"));

test("Cargo's binaries are added up, and ignored tests are named", () => {
  const sum = of(
    "test store::a ... ok",
    "test store::slow ... ignored, takes minutes",
    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
    "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
  );
  assert.deepEqual(sum, { passed: 5, failed: 1, skipped: 1, names: ["store::slow"] });
});

test("the browser's tests are counted by their closing line, and not twice", () => {
  const sum = of("  ✓  1 [a] › b.spec.ts:3:1 › works (1.2s)", "  -  2 b.spec.ts:9:1 › waits", "  1 skipped", "  12 passed (1.0m)", "12 passed, 0 failed, 1 skipped");
  assert.deepEqual(sum, { passed: 12, failed: 0, skipped: 1, names: ["b.spec.ts:9:1 › waits"] });
});

test("Node.js's runner is counted in both of its forms", () => {
  assert.deepEqual(of("ok 1 - a", "ok 2 - b # SKIP no port", "# pass 1", "# fail 0", "# cancelled 1", "# skipped 1"), { passed: 1, failed: 1, skipped: 1, names: ["b"] });
  assert.deepEqual(of("✔ a (1ms)", "﹣ b (0.1ms) # SKIP", "ℹ pass 1", "ℹ fail 2", "ℹ cancelled 0", "ℹ skipped 1"), { passed: 1, failed: 2, skipped: 1, names: ["b"] });
});

test("a runner that did not even begin is one that was skipped", () => {
  const sum = of("skipped: nginx-light could not be installed");
  assert.deepEqual(sum, { passed: 0, failed: 0, skipped: 1, names: ["nginx-light could not be installed"] });
});

test("our own scripts end with a line of that form", () => {
  assert.deepEqual(of("  ok    9 passed, 9 failed, they said", "31 passed, 2 failed"), { passed: 31, failed: 2, skipped: 0, names: [] });
});
