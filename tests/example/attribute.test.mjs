// Applies the worked example “Add an attribute” of CONTRIBUTING.md to a copy of the repository, builds the
// copy, and uses the attribute.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The most places that an attribute may cost. */
const MOST = 7;

/** The blocks of the example: file, the line after which to add, and the lines to add. */
function blocksOf(contributing) {
  const section = /^## Add an attribute\n([^]*?)^## /m.exec(contributing)[1];
  return [...section.matchAll(/^```rust\n\/\/ (\S+), after `(.*)`\n([^]*?)^```$/gm)].map(([, file, after, lines]) => ({ file, after, lines }));
}

test("an attribute costs at most seven places and works", () => {
  const blocks = blocksOf(readFileSync(path.join(root, "CONTRIBUTING.md"), "utf8"));
  assert.ok(blocks.length > 3 && blocks.length <= MOST, `${blocks.length} places`);

  const folder = mkdtempSync(path.join(tmpdir(), "dashboard-example-"));
  try {
    const copy = path.join(folder, "copy");
    const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
    for (const file of new Set(files.split("\0").filter(Boolean))) {
      cpSync(path.join(root, file), path.join(copy, file), { recursive: true, filter: (source) => !source.includes("node_modules") });
    }
    // What `make setup` bundles, and Git ignores.
    cpSync(path.join(root, "public/plotly"), path.join(copy, "public/plotly"), { recursive: true });
    for (const { file, after, lines } of blocks) {
      const target = path.join(copy, file);
      const text = readFileSync(target, "utf8");
      assert.equal(text.split(`\n${after}\n`).length, 2, `${file} has the line once: ${after}`);
      writeFileSync(target, text.replace(`\n${after}\n`, (line) => line + lines));
    }
    const cache = process.env.RSE_CACHE ?? path.join(homedir(), ".cache/rse-dashboard");
    const env = { ...process.env, CARGO_TARGET_DIR: path.join(cache, "target-example") };
    const run = (...args) => execFileSync("cargo", ["run", "--quiet", "--no-default-features", "--features", "ssr", "--", ...args, "--data", path.join(folder, "data")], { cwd: copy, env, encoding: "utf8" });
    const event = { job_name: "HMCTS_CMC/claim-store/master", build_id: "1", stage_timestamp: "2019-10-25T17:15:00Z", current_build_current_result: "SUCCESS" };
    const events = [{ ...event, tier: "gold" }, { ...event, build_id: "2" }].map((line) => JSON.stringify(line)).join("\n");
    writeFileSync(path.join(folder, "events.ndjson"), events);
    run("import", "events", path.join(folder, "events.ndjson"));
    const groups = run("export", "by-tier").trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(groups.map(({ tier, builds }) => [tier, builds]), [["gold", 1], ["unknown", 1]]);
    for (const what of ["events", "builds"]) assert.match(run("export", what), /"tier":"gold"/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
