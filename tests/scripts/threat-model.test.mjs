// The threat model names the code and the tests that hold a defence. They exist.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const lines = readFileSync(new URL("docs/threat-model.md", root), "utf8").split("\n");
/** The rows of defences: threat, defence, where. */
const rows = lines.map((line) => line.split("|").slice(1, -1)).filter((cells) => cells.length === 3 && !/^ *(-+|threat) *$/.test(cells[0]));
const filesIn = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, file]) => file);

test("every defence names at least one file", () => {
  assert.ok(rows.length > 20, `${rows.length} rows`);
  for (const [threat, , where] of rows) assert.ok(filesIn(where).length > 0, threat);
});

test("every named file exists", () => {
  const missing = rows.flatMap(([, , where]) => filesIn(where)).filter((file) => !existsSync(new URL(file, root)));
  assert.deepEqual(missing, []);
});
