// Files that browsers cache permanently must change their address when their content changes.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { finish } from "../../scripts/client.mjs";

let root;
before(async () => (root = await mkdtemp(path.join(tmpdir(), "rse-dashboard-client-"))));
after(() => rm(root, { recursive: true }));

/** Writes a client as cargo-leptos does, finishes it, and returns its folder and file names. */
async function client({ module = "export const word = () => 'one';", wasm = "program" } = {}) {
  const folder = await mkdtemp(path.join(root, "pkg-"));
  const modules = path.join(folder, "snippets/app-1/src");
  const hashes = path.join(folder, "hash.txt");
  await mkdir(modules, { recursive: true });
  await writeFile(path.join(modules, "live.js"), module);
  await writeFile(path.join(folder, "rse-dashboard.a.js"), `import * as live from "./snippets/app-1/src/live.js"; export const hydrate = () => live.word();`);
  await writeFile(path.join(folder, "rse-dashboard.b.wasm"), wasm);
  await writeFile(hashes, "js: a\nwasm: b\ncss: c\n");
  return { folder, hashes, names: await finish(folder, hashes) };
}

test("modules are bundled into the script and removed", async () => {
  const { folder, names } = await client();
  assert.ok(!existsSync(path.join(folder, "snippets")));
  assert.ok(!existsSync(path.join(folder, "rse-dashboard.a.js")));
  const script = await import(pathToFileURL(path.join(folder, names.js)));
  assert.equal(script.hydrate(), "one");
});

test("a changed module changes only the script's address", async () => {
  const [first, same, changed] = [await client(), await client(), await client({ module: "export const word = () => 'two';" })];
  assert.deepEqual(same.names, first.names);
  assert.notEqual(changed.names.js, first.names.js);
  assert.equal(changed.names.wasm, first.names.wasm);
  assert.equal(changed.names.css, first.names.css);
});

test("a program that is optimised afterwards gets a new address", async () => {
  const [first, smaller] = [await client(), await client({ wasm: "prog" })];
  assert.notEqual(smaller.names.wasm, first.names.wasm);
  assert.equal(await readFile(path.join(smaller.folder, smaller.names.wasm), "utf8"), "prog");
});

test("the server reads the new names from the same place", async () => {
  const { hashes, names } = await client();
  const lines = (await readFile(hashes, "utf8")).trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.replace(/^(\w+): (.*)$/, "rse-dashboard.$2.$1")),
    [names.js, names.wasm, "rse-dashboard.c.css"],
  );
});

test("a build without a client fails with the file's name", async () => {
  const hashes = path.join(root, "hash.txt");
  await writeFile(hashes, "css: c\n");
  await assert.rejects(finish(root, hashes), /hash\.txt names no \.js file/);
});
