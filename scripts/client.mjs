// Finishes the client that cargo-leptos has built: bundles the dashboard's JavaScript modules into the
// script that imports them, and then names script and program by their content:
// node scripts/client.mjs FOLDER HASHES
//
// cargo-leptos leaves the modules beside the script, under names that do not change with their content,
// so browsers could not cache them. The server reads the names from the file HASHES.
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const NAME = "rse-dashboard";

/** Returns the file names by extension. */
export async function finish(folder, hashes) {
  const named = new Map((await readFile(hashes, "utf8")).trim().split("\n").map((line) => line.split(": ")));
  const file = (ending) => `${NAME}.${named.get(ending)}.${ending}`;
  for (const ending of ["js", "wasm"]) {
    if (!named.has(ending)) throw new Error(`${hashes} names no .${ending} file`);
  }
  const script = path.join(folder, file("js"));
  const wasm = path.join(folder, file("wasm"));
  const bundle = await build({ entryPoints: [script], bundle: true, write: false, format: "esm", target: "es2022", minify: true, logLevel: "warning" });
  const [{ contents }] = bundle.outputFiles;

  named.set("js", hashOf(contents)).set("wasm", hashOf(await readFile(wasm)));
  await rm(script);
  await writeFile(path.join(folder, file("js")), contents);
  await rename(wasm, path.join(folder, file("wasm")));
  await rm(path.join(folder, "snippets"), { recursive: true, force: true });
  await writeFile(hashes, [...named].map(([ending, hash]) => `${ending}: ${hash}\n`).join(""));
  return Object.fromEntries([...named.keys()].map((ending) => [ending, file(ending)]));
}

function hashOf(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 20);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, hashes] = process.argv.slice(2);
  if (!hashes) throw new Error("usage: client.mjs FOLDER HASHES");
  await finish(folder, hashes);
}
