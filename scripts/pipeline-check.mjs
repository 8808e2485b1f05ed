// Checks azure-pipelines.yml: node scripts/pipeline-check.mjs SCHEMA
//
// The published schema defines what a valid pipeline is. The rules below cover what the schema cannot
// know: the files of the repository, the Makefile's targets, names that refer to each other, and what
// may leave the agent.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument, visit } from "yaml";
import { schemaOf } from "./lib/pipeline-schema.mjs";

const PIPELINE = "azure-pipelines.yml";
const SECRETS = ["masterKey", "githubtoken", "smokeToken"];
/** Variables set in Azure DevOps, for the pipeline or in its variable group. */
const GIVEN = ["azureContainerRegistry", "azureSubscriptionEndpoint", "signingKey", "endpoint", "databaseId", "containerId", ...SECRETS];
const PREDEFINED = /^(Agent|Build|Pipeline|System)\./;
const ONLY_MAIN =
  "and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'), ne(variables['Build.Reason'], 'PullRequest'))";

const at = (path) => new URL(`../${path}`, import.meta.url);

/** Lists all faults, one line each. Tests pass a different `read`. */
export function faultsOf(validate, read = (path) => readFileSync(at(path), "utf8")) {
  const { documents, stages, faults } = readPipeline(read);
  const targets = new Set([...read("Makefile").matchAll(/^([a-z0-9-]+):(?!=)/gm)].map((match) => match[1]));
  for (const [file, document] of documents) {
    for (const fault of validate(document)) faults.push(`${file}: the schema of Azure Pipelines says: ${fault}`);
  }
  return [
    ...faults,
    ...stages.flatMap(({ name, steps }) => steps.flatMap((step) => references(step, targets).map((fault) => `${name}: ${fault}`))),
    ...dependencies(stages),
    ...supplyChain(stages),
    ...secretsOutsideOfEnvironments(documents),
    ...unknownVariables(documents),
  ];
}

/** Reads the file, its templates, and every step of every stage. */
function readPipeline(read) {
  const faults = [];
  const documents = new Map();
  const open = (path) => {
    if (documents.has(path)) return documents.get(path);
    // Every scalar is text, as in Azure Pipelines.
    const parsed = parseDocument(read(path), { schema: "failsafe", uniqueKeys: true });
    for (const error of parsed.errors) faults.push(`${path}: ${error.message.split("\n")[0]}`);
    visit(parsed, {
      Node: (_, { anchor }) => {
        if (anchor) faults.push(`${path}: Azure Pipelines does not read the anchor &${anchor}`);
      },
    });
    documents.set(path, parsed.errors.length > 0 ? {} : parsed.toJS());
    return documents.get(path);
  };
  const expand = (steps = [], from = PIPELINE) =>
    steps.flatMap((step) => {
      if (!step.template) return [step];
      // Template paths are relative to the file that names them.
      const path = join(dirname(from), step.template);
      try {
        return expand(open(path).steps, path);
      } catch (error) {
        faults.push(`${from}: the template ${path} cannot be read: ${error.message}`);
        return [];
      }
    });
  const stages = (open(PIPELINE).stages ?? []).map((content, position, all) => {
    const jobs = (content.jobs ?? []).map((job) => ({
      name: job.job ?? job.deployment,
      content: job,
      steps: [job, ...Object.values(job.strategy?.runOnce ?? {})].flatMap(({ steps }) => expand(steps)),
    }));
    // Without dependsOn, a stage follows the one before it.
    const needs = [content.dependsOn ?? all[position - 1]?.stage ?? []].flat();
    return { name: content.stage, content, jobs, needs, steps: jobs.flatMap(({ steps }) => steps) };
  });
  return { documents, stages, faults };
}

/** Yields every text in a value, with its path. */
function* texts(value, path = []) {
  if (typeof value === "string") yield { text: value, path };
  else if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) yield* texts(inner, [...path, key]);
  }
}

const commands = (step) => [step.script, step.bash, step.inputs?.inlineScript].filter(Boolean).join("\n");

/** Checks the Makefile targets and repository files that a step names. */
function references(step, targets) {
  const wanted = [...commands(step).matchAll(/\bmake((?: +[^\s;&|]+)+)/g)]
    .flatMap(([, words]) => words.trim().split(/ +/))
    .filter((word) => /^[a-z]/.test(word) && !word.includes("="));
  const files = [step.inputs?.scriptPath].filter(Boolean);
  if (/^Cache@/.test(step.task ?? "")) {
    const parts = (step.inputs?.key ?? "").split("|").map((part) => part.trim());
    files.push(...parts.filter((part) => !part.startsWith('"') && /[./]/.test(part)));
  }
  return [
    ...wanted.filter((target) => !targets.has(target)).map((target) => `the Makefile has no target ${target}`),
    ...files.filter((file) => !existsSync(at(file))).map((file) => `there is no file ${file}`),
  ];
}

/** Stages that push, deploy or read the variable group wait for all checks and run only on the main branch. */
function dependencies(stages) {
  const faults = [];
  const named = new Map(stages.map((stage) => [stage.name, stage]));
  const before = (stage, seen = new Set()) => {
    for (const name of stage.needs) {
      if (named.has(name) && !seen.has(name)) before(named.get(name), seen.add(name));
    }
    return seen;
  };
  const outward = (stage) =>
    stage.jobs.some(({ content }) => content.deployment) ||
    stage.steps.some((step) => /^(Azure|Docker)/.test(step.task ?? "") || /\b(docker push|az )/.test(commands(step))) ||
    [...texts(stage.content)].some(({ path }) => path.at(-1) === "group");

  for (const stage of stages) {
    const waits = before(stage);
    for (const name of stage.needs) {
      if (!named.has(name)) faults.push(`${stage.name}: depends on ${name}, which is no stage`);
    }
    for (const { text } of texts(stage.content)) {
      for (const [whole, from, job, step] of text.matchAll(/stageDependencies\.(\w+)\.(\w+)\.outputs\['(\w+)\.\w+'\]/g)) {
        const found = named.get(from)?.jobs.find(({ name }) => name === job);
        if (!found?.steps.some(({ name }) => name === step)) faults.push(`${stage.name}: ${whole} names no step`);
        // Azure fills in outputs only from stages named in dependsOn.
        if (!stage.needs.includes(from)) faults.push(`${stage.name}: reads an output of ${from} and does not depend on it`);
      }
    }
    if (!outward(stage)) continue;
    if (stage.content.condition !== ONLY_MAIN) faults.push(`${stage.name}: pushes or deploys, so its condition must be ${ONLY_MAIN}`);
    for (const check of stages.filter((other) => !outward(other) && !waits.has(other.name))) {
      faults.push(`${stage.name}: pushes or deploys, and does not wait for ${check.name}`);
    }
  }
  return faults;
}

/**
 * The image that is published is scanned before; the one that is pushed is signed by its digest, with its bill
 * of materials; the one that is deployed is named by a digest.
 */
function supplyChain(stages) {
  const faults = [];
  for (const { name, steps } of stages) {
    const scan = steps.findIndex((step) => commands(step).includes("$(scannerImage) image "));
    const published = steps.findIndex((step) => step.inputs?.artifact === "image");
    if (published >= 0 && !(scan >= 0 && scan < published)) faults.push(`${name}: publishes an image that was not scanned before`);
    const scanned = scan >= 0 ? commands(steps[scan]) : "--severity HIGH,CRITICAL --exit-code 1";
    if (!/--severity HIGH,CRITICAL\b/.test(scanned) || !/--exit-code 1\b/.test(scanned)) faults.push(`${name}: the scan lets high or critical vulnerabilities pass`);
    for (const step of steps) {
      const text = commands(step);
      const after = text.split(/^ *docker push .*$/m)[1] ?? "";
      for (const command of ["sign", "attest", "verify", "verify-attestation"]) {
        const named = new RegExp(`^ *cosign ${command} .*"\\$pushed"`, "m").test(after);
        if (/\bdocker push\b/.test(text) && !named) faults.push(`${name}: pushes an image without cosign ${command} of its digest`);
      }
      if (after && !/^ *pushed=.*@\$\{digest/m.test(after)) faults.push(`${name}: signs an image that is not named by its digest`);
      const deployed = step.inputs?.containers;
      if (deployed && !/@\$\(\w*[dD]igest\)$/.test(deployed)) faults.push(`${name}: deploys ${deployed}, which is not named by its digest`);
    }
  }
  return faults;
}

/** A secret must be the whole value of a variable of one deployment step, and appear nowhere else. */
function secretsOutsideOfEnvironments(documents) {
  const faults = [];
  const mention = new RegExp(`\\b(${SECRETS.join("|")})\\b`, "i");
  for (const [file, document] of documents) {
    const deployment = (path) => document.stages?.[path[1]]?.jobs?.[path[3]]?.deployment;
    for (const { text, path } of texts(document)) {
      const found = `${path.at(-1)} ${text}`.match(mention)?.[1];
      const allowed = deployment(path) && path.at(-2) === "env" && text === `$(${found})`;
      if (found && !allowed) {
        faults.push(`${file}, ${path.join("/")}: the secret ${found} may only be the value $(${found}) in env: of a step of the deployment`);
      }
    }
  }
  return faults;
}

function unknownVariables(documents) {
  const faults = [];
  const root = documents.get(PIPELINE);
  const stages = root.stages ?? [];
  const places = [root, ...stages, ...stages.flatMap(({ jobs = [] }) => jobs)];
  const names = ({ variables = {} }) => (Array.isArray(variables) ? variables.map(({ name }) => name) : Object.keys(variables));
  const known = new Set([...GIVEN, ...places.flatMap(names)]);
  for (const [file, document] of documents) {
    for (const { text, path } of texts(document)) {
      for (const [, name] of text.matchAll(/\$\(([\w.]+)\)/g)) {
        if (!known.has(name) && !PREDEFINED.test(name)) faults.push(`${file}, ${path.join("/")}: nobody defines $(${name})`);
      }
    }
  }
  for (const [name, value] of Object.entries(root.variables ?? {})) {
    if (name.endsWith("Image") && !PREDEFINED.test(/\$\(([\w.]+)\)$/.exec(value)?.[1] ?? "") && !/:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/.test(value)) {
      faults.push(`${PIPELINE}: ${name} names no exact version: ${value}`);
    }
  }
  return faults;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = faultsOf(schemaOf(process.argv[2]));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`error: ${PIPELINE} has faults: ${faults.length}`);
    process.exitCode = 1;
  }
}
