// Every Makefile target runs in a stage, or by hand for a stated reason. These tests check the table in
// CONTRIBUTING.md that lists them.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const folder = (path) => readdirSync(new URL(path, root)).map((name) => read(path + name)).join("\n");

/** Target → its prerequisites and commands. */
function targetsOf(makefile) {
  const targets = new Map();
  let last;
  for (const line of makefile.replaceAll("\\\n", " ").split("\n")) {
    const [, name, needs] = /^([a-z][a-z0-9-]*):(?!=)([^#=]*)/.exec(line) ?? [];
    if (name) targets.set(name, (last = { needs: needs.trim().split(/\s+/).filter(Boolean), commands: "" }));
    else if (line.startsWith("\t")) last && (last.commands += `${line}\n`);
    else if (line.trim() && !line.startsWith("#")) last = undefined;
  }
  return targets;
}

/** Target → the other three cells of its row. */
function rowsOf(contributing) {
  const rows = [...contributing.matchAll(/^\| `([a-z0-9-]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)];
  return new Map(rows.map(([, target, tests, azure, reason]) => [target, { tests: tests.trim(), azure: azure.trim(), reason: reason.trim() }]));
}

/** Scripts and test files named in a target's commands. */
const scriptsOf = ({ commands }) => commands.match(/\b(?:scripts|tests)\/[\w./-]+/g) ?? [];
const stagesOf = (name, script) => [...(new RegExp(`^${name}=\\((.*)\\)$`, "m").exec(script)?.[1] ?? "").matchAll(/"([a-z0-9-]+) [^"]*"|([a-z0-9-]+)/g)].map(([, optional, stage]) => optional ?? stage);

/** Faults of the table, one line each. */
function faultsOf({ makefile, contributing, tests, azure, texts }) {
  const targets = targetsOf(makefile);
  const rows = rowsOf(contributing);
  const always = stagesOf("stages", tests);
  const perhaps = stagesOf("may_be_left_out", tests);
  const faults = [];
  /** Checks if a stage's text runs this target: through make, its script or a prerequisite. */
  const runs = (stage, target) => {
    const text = texts(stage, targets.get(stage));
    return new RegExp(`make ${target}\\b|"${target}"`).test(text) || scriptsOf(targets.get(target)).some((script) => text.includes(script));
  };
  const inTests = {
    yes: (target) => always.includes(target),
    "where time allows": (target) => perhaps.includes(target),
    "before other targets": (target) => always.some((stage) => targets.get(stage)?.needs.includes(target)),
  };
  for (const target of targets.keys()) {
    const row = rows.get(target);
    if (!row) faults.push(`${target} has no row`);
    else if (!row.tests && !row.azure && !row.reason) faults.push(`nothing runs ${target}, and no reason is given`);
  }
  for (const [target, { tests: how, azure: deployed }] of rows) {
    if (!targets.has(target)) {
      faults.push(`${target} has a row and is no target`);
      continue;
    }
    const [, stage] = /^in `([a-z0-9-]+)`$/.exec(how) ?? [];
    const holds = stage ? [...always, ...perhaps].includes(stage) && runs(stage, target) : how === "" || inTests[how]?.(target);
    if (!holds) faults.push(`${target}: make tests does not run it “${how}”`);
    const isStage = always.includes(target) || perhaps.includes(target);
    if (isStage && how === "") faults.push(`${target} is a stage of make tests, which its row does not say`);
    if ((deployed === "yes") !== new RegExp(`\\bmake ${target}\\b(?!-)`).test(azure)) faults.push(`${target}: the row and azure-pipelines.yml disagree`);
  }
  for (const stage of [...always, ...perhaps]) if (!targets.has(stage)) faults.push(`make tests has a stage ${stage}, which is no target`);
  return faults;
}

const repository = {
  makefile: read("Makefile"),
  contributing: read("CONTRIBUTING.md"),
  tests: read("scripts/tests"),
  azure: (read("azure-pipelines.yml") + folder("azure-pipelines/")).replace(/^\s*#.*$/gm, ""),
  /** Text of a stage's script, or of the tests that it names. */
  texts: (stage, target) =>
    [...scriptsOf(target), ...(stage === "test-watch" ? ["end2end/support/development.ts"] : [])]
      .filter((path) => existsSync(new URL(path, root)))
      .map((path) => (path.endsWith("/") ? folder(path) : read(path)))
      .join("\n"),
};
const changed = (file, from, to) => {
  assert.match(repository[file], from);
  return faultsOf({ ...repository, [file]: repository[file].replace(from, to) });
};

test("the table lists how every target is run", () => {
  assert.deepEqual(faultsOf(repository), []);
});

test("a target without a row is reported", () => {
  assert.deepEqual(changed("makefile", /^fmt:/m, "new:\n\t@true\n\nfmt:"), ["new has no row"]);
});

test("a row without a target is reported", () => {
  assert.deepEqual(changed("contributing", /^\| `fmt` /m, "| `gone` | yes | | |\n| `fmt` "), ["gone has a row and is no target"]);
});

test("a target that nothing runs needs a reason", () => {
  assert.deepEqual(changed("contributing", /^\| `soak` .*$/m, "| `soak` | | | |"), ["nothing runs soak, and no reason is given"]);
});

test("a stage removed from the tests is reported", () => {
  assert.deepEqual(changed("tests", / api-check\)/, ")"), ["api-check: make tests does not run it “yes”"]);
  assert.deepEqual(changed("tests", /"image-check [^"]*"/, ""), ["image-check: make tests does not run it “where time allows”"]);
});

test("a stage that does not match its row is reported", () => {
  assert.deepEqual(changed("contributing", /^\| `watch` .*$/m, "| `watch` | in `lint` | | |"), ["watch: make tests does not run it “in `lint`”"]);
});

test("a target removed from the Azure pipeline is reported", () => {
  assert.deepEqual(changed("azure", /make test-sources/g, "true"), ["test-sources: the row and azure-pipelines.yml disagree"]);
});
