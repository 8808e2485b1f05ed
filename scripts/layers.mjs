// Enforces the order of layers in ARCHITECTURE.md: node scripts/layers.mjs [FOLDER]
//
// A module may only use modules on earlier lines, not those on its own line or on later ones. The check
// reads `use` declarations and paths that begin with `crate::`; code under `#[cfg(test)]` may use anything.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Layers from the bottom up. Server and client share the names without `server::`. */
export const LAYERS = [
  ["json", "numbers"],
  ["error", "base"],
  ["selection"],
  ["api"],
  ["markup"],
  // The client.
  ["brush", "keys", "live", "places", "plotly", "trusted_types"],
  ["components"],
  ["pages"],
  ["app"],
  // The server.
  ["server::allocator", "server::model", "server::compression", "server::statistics", "server::tasks", "server::fuzz_target", "server::bare_document"],
  ["server::significance"],
  ["server::environment"],
  ["server::config", "server::telemetry"],
  ["server::snapshot"],
  ["server::store"],
  ["server::sources", "server::sample"],
  ["server::export"],
  ["server::attributes"],
  ["server::insight"],
  ["server::charts"],
  ["server::figures"],
  ["server::views"],
  ["server::fragments"],
  ["server::metrics"],
  ["server::cache"],
  ["server::state"],
  ["server::sign_in"],
  ["server::http"],
  ["server::retention"],
  ["server::sync", "server::reload"],
  ["server::cli"],
  // Compiled for tests only.
  ["server::fuzzing"],
];

/** Client modules. Among the server's modules, only those in DRAWS_PAGES may use them. */
const CLIENT = ["brush", "keys", "live", "places", "plotly", "trusted_types", "components", "pages", "app"];
const DRAWS_PAGES = ["server::http", "server::sign_in"];

const level = new Map(LAYERS.flatMap((names, line) => names.map((name) => [name, line])));

/** Removes comments and strings but keeps their line breaks, and so the line numbers. */
function withoutComments(text) {
  const blank = (match) => match.replace(/[^\n]/g, " ");
  return text.replace(/\/\/[^\n]*|"(?:\\[^]|[^"\\])*"/g, blank);
}

/** Removes inline modules that only tests compile. */
function withoutTests(text) {
  const start = /#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))? )?mod \w+ \{/g;
  for (let match; (match = start.exec(text)); ) {
    let depth = 1;
    let end = start.lastIndex;
    for (; depth > 0 && end < text.length; end += 1) {
      if (text[end] === "{") depth += 1;
      if (text[end] === "}") depth -= 1;
    }
    text = text.slice(0, match.index) + text.slice(match.index, end).replace(/[^\n]/g, " ") + text.slice(end);
  }
  return text;
}

/** Expands `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`, each with its offset. */
function leaves(tree, offset = 0, prefix = "") {
  const open = tree.indexOf("{");
  if (open < 0) {
    const name = tree.trim().split(/\s+as\s+/)[0];
    return name ? [{ path: prefix + name, offset: offset + tree.search(/\S/) }] : [];
  }
  const head = prefix + tree.slice(0, open).trim();
  const found = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open + 1; at <= tree.lastIndexOf("}"); at += 1) {
    const end = at === tree.lastIndexOf("}");
    if (depth === 0 && (tree[at] === "," || end)) {
      found.push(...leaves(tree.slice(from, at), offset + from, head));
      from = at + 1;
    } else if (tree[at] === "{") depth += 1;
    else if (tree[at] === "}") depth -= 1;
  }
  return found;
}

/** Returns the path from the crate's root; nothing for other crates. */
function absolute(name, module) {
  const parts = name.split("::");
  if (parts[0] === "crate") return parts.slice(1);
  if (parts[0] === "self") return [...module, ...parts.slice(1)];
  let up = 0;
  while (parts[up] === "super") up += 1;
  return up > 0 ? [...module.slice(0, module.length - up), ...parts.slice(up)] : undefined;
}

/** Returns the module that the layers list: `server::store` for `server::store::lease`. */
const layered = (parts) => (parts[0] === "server" ? parts.slice(0, 2).join("::") : (parts[0] ?? ""));

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return files(file);
    return entry.name.endsWith(".rs") ? [file] : [];
  });
}

/** Finds modules in separate files that only tests compile. */
function testModules(sources) {
  return sources.flatMap(({ module, text }) =>
    [...text.matchAll(/#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))? )?mod (\w+);/g)].map((match) =>
      [...module, match[1]].join("::"),
    ),
  );
}

/** Returns every broken rule as `file:line: rule`. */
export function check(root) {
  const sources = files(root).map((file) => {
    const name = path.relative(root, file).replace(/\.rs$/, "");
    const module = name.split(path.sep).filter((part) => !["mod", "lib", "main"].includes(part));
    return { file, module, text: withoutTests(withoutComments(readFileSync(file, "utf8"))) };
  });
  const tests = testModules(sources);
  const faults = [];
  for (const { file, module, text } of sources) {
    const own = module.join("::");
    if (module.length === 0 || own === "server") continue;
    if (tests.some((test) => own === test || own.startsWith(`${test}::`))) continue;
    const from = layered(module);
    const report = (offset, rule) => {
      const line = text.slice(0, offset).split("\n").length;
      faults.push(`${path.relative(path.dirname(root), file)}:${line}: ${rule}`);
    };
    if (!level.has(from)) {
      report(0, `${from} stands in no layer; add it to LAYERS in scripts/layers.mjs`);
      continue;
    }
    const uses = [...text.matchAll(/\buse\s+([^;]+);/g)].flatMap((match) =>
      leaves(match[1], match.index + match[0].indexOf(match[1])),
    );
    const paths = [...text.matchAll(/\b(?:crate|super)(?:::\w+)+/g)].map((match) => ({
      path: match[0],
      offset: match.index,
    }));
    const seen = new Set();
    for (const { path: name, offset } of [...uses, ...paths]) {
      const to = layered(absolute(name, module) ?? []);
      if (to === from || !level.has(to) || seen.has(to)) continue;
      const client = CLIENT.includes(to) && from.startsWith("server::") && !DRAWS_PAGES.includes(from);
      if (level.get(to) >= level.get(from)) {
        report(offset, `${from} uses ${to}, which does not stand below it`);
      } else if (client) {
        report(offset, `${from} uses ${to}, which belongs to the client`);
      } else continue;
      seen.add(to);
    }
  }
  return faults.sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = check(path.resolve(process.argv[2] ?? "src"));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`${faults.length} uses break the order of layers (LAYERS in scripts/layers.mjs, ARCHITECTURE.md)`);
    process.exit(1);
  }
}
