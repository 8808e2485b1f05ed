// `make bench`: measures each part and writes docs/performance.md. With names of parts (figures, store,
// http, browser) it measures only those and prints the results.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { binary as binaryOf } from "../scripts/lib/server.mjs";
import { run } from "./lib.mjs";
import { document, shown } from "./report.mjs";

const PARTS = ["figures", "store", "postgres", "http", "browser"];

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const binary = binaryOf();
const site = path.join(root, "target", "site");
const wanted = process.argv.slice(2);
const began = Date.now();
const say = (line) => console.log(`[${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s] ${line}`);

for (const name of wanted) {
  if (!PARTS.includes(name)) {
    console.error(`error: “${name}” is not a part of the bench; the parts are ${PARTS.join(", ")}`);
    process.exit(2);
  }
}
const folder = mkdtempSync(path.join(tmpdir(), "rse-bench-"));
const load = loadavg()[0];
if (load > 0.5) say(`the machine is busy (load ${load.toFixed(1)}): ratios are more reliable than times`);
try {
  say("creating sample data of the original size");
  const data = path.join(folder, "data");
  run(binary, ["sample", "--data", data]);
  const results = {};
  for (const part of wanted.length ? wanted : PARTS) {
    const scratch = path.join(folder, part);
    mkdirSync(scratch);
    const { measure } = await import(`./${part}.mjs`);
    try {
      results[part] = await measure({ binary, site, scratch, data, root, say });
      console.log(shown(results[part].rows));
    } catch (error) {
      // Continue with the other parts.
      console.error(`error: cannot measure ${part}: ${error.message.slice(0, 2000)}`);
      process.exitCode = 1;
    }
  }
  if (wanted.length === 0 && !process.exitCode) {
    const machine = { cpu: cpus()[0].model.trim(), cores: cpus().length, memory: totalmem(), load, minutes: (Date.now() - began) / 60_000 };
    writeFileSync(path.join(root, "docs", "performance.md"), document(results, machine, versions()));
    say("wrote docs/performance.md");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function versions() {
  const first = (text) => text.trim().split("\n")[0];
  return { program: first(run(binary, ["--version"])), rust: first(run("rustc", ["--version"])), node: `node ${process.versions.node}` };
}
