// What the schema cannot know: the Makefile, the secrets, the branch that is deployed.
import { commands, texts } from "./files.mjs";

const STAGES = ["Lint", "Test", "Build", "Image", "Smoke", "Push", "Deploy"];
const SECRETS = ["masterKey", "githubtoken", "smokeToken"];
/** Set where the pipeline is, with the names that they have always had. */
const GIVEN = [
  "azureContainerRegistry",
  "azureSubscriptionEndpoint",
  "endpoint",
  "databaseId",
  "containerId",
  ...SECRETS,
];
const PREDEFINED = /^(Agent|Build|Pipeline|System)\./;
const ONLY_MAIN = [
  "succeeded()",
  "eq(variables['Build.SourceBranch'], 'refs/heads/main')",
  "ne(variables['Build.Reason'], 'PullRequest')",
];
/** Tasks that change something outside of the agent. */
const OUTWARD =
  /^(AzureCLI|AzureWebApp|AzureWebAppContainer|AzureRmWebAppDeployment|AzureAppServiceSettings|Docker)@/;

/**
 * @param {ReturnType<import("./files.mjs").readPipeline>} pipeline
 * @param {{ targets: Set<string>, exists: (path: string) => boolean }} repository
 */
export function broken(pipeline, repository) {
  const faults = [];
  const fault = (where, what) => faults.push(`${where}: ${what}`);
  const steps = pipeline.stages.flatMap((stage) =>
    stage.jobs.flatMap((job) =>
      job.steps.map((step) => ({
        step,
        where: `${stage.name}, “${step.displayName ?? step.task ?? step.script ?? "checkout"}”`,
      })),
    ),
  );

  stagesInOrder(pipeline.stages, fault);
  weekly(pipeline.root, fault);
  for (const { step, where } of steps) {
    targetsExist(step, where, repository, fault);
    filesExist(step, where, repository, fault);
  }
  secretsStayInEnvironments(pipeline, fault);
  onlyMainGoesOut(pipeline.stages, fault);
  variablesAreKnown(pipeline, fault);
  outputsExist(pipeline, fault);
  return faults;
}

function stagesInOrder(stages, fault) {
  const names = stages.map((stage) => stage.name);
  if (names.join() !== STAGES.join())
    fault("stages", `they are ${names.join(", ")} and not ${STAGES.join(", ")}`);
  for (const [position, stage] of stages.entries()) {
    const before = names[position - 1];
    if (before && !stage.needs.includes(before)) fault(stage.name, `does not wait for ${before}`);
  }
}

function weekly(root, fault) {
  const good = (schedule) => schedule.always === "true" && schedule.branches?.include?.includes("main");
  if (!(root.schedules ?? []).some(good)) {
    fault(
      "schedules",
      "none rebuilds the main branch as it is (always: true), which brings fixes of the base image",
    );
  }
  if (!root.pr) fault("pr", "pull requests are not checked");
}

function targetsExist(step, where, { targets }, fault) {
  for (const [, words] of commands(step).matchAll(/\bmake((?: +[^\s;&|]+)+)/g)) {
    const wanted = words
      .trim()
      .split(/ +/)
      .filter((word) => /^[a-z]/.test(word) && !word.includes("="));
    for (const target of wanted) {
      if (!targets.has(target)) fault(where, `the Makefile has no target ${target}`);
    }
  }
}

function filesExist(step, where, { exists }, fault) {
  const script = step.inputs?.scriptPath;
  if (script && !exists(script)) fault(where, `there is no ${script}`);
  if (!/^Cache@/.test(step.task ?? "")) return;
  const files = step.inputs.key
    .split("|")
    .map((part) => part.trim())
    .filter((part) => !part.startsWith('"') && /[./]/.test(part));
  if (files.length === 0) fault(where, "the key of the cache names no file, so it would never change");
  for (const file of files) {
    if (!exists(file)) fault(where, `the key of the cache names ${file}, which is not there`);
  }
}

/** A secret is the whole value of a variable of one step of the deployment, and stands nowhere else. */
function secretsStayInEnvironments(pipeline, fault) {
  const mention = new RegExp(`\\b(${SECRETS.join("|")})\\b`, "i");
  for (const [file, document] of pipeline.documents) {
    const allowed = (text, path) =>
      path[0] === "stages" &&
      document.stages[path[1]].stage === "Deploy" &&
      path.includes("steps") &&
      path.at(-2) === "env" &&
      SECRETS.some((secret) => text === `$(${secret})`);
    for (const { text, path } of texts(document)) {
      const where = `${file}, ${path.join("/")}`;
      const found = text.match(mention)?.[1];
      if (found && !allowed(text, path)) {
        fault(
          where,
          `the secret ${found} may stand in env: of a step of the deployment alone, as $(${found})`,
        );
      }
      if (/--build-arg|buildArguments/.test(text)) {
        fault(where, "a build argument stays in the image's history; settings are given when it runs");
      }
    }
    for (const name of declared(document)) {
      if (mention.test(name))
        fault(file, `the secret ${name} is set where the pipeline is, and not in a file`);
    }
  }
}

function onlyMainGoesOut(stages, fault) {
  for (const stage of stages) {
    const outward = stage.jobs.some(
      (job) =>
        job.content.deployment ||
        job.steps.some((step) => OUTWARD.test(step.task ?? "") || /\b(docker push|az )/.test(commands(step))),
    );
    const group = [...texts(stage.content)].some(({ path }) => path.at(-1) === "group");
    if (!outward && !group) continue;
    const condition = stage.content.condition ?? "";
    const missing = ONLY_MAIN.filter((part) => !condition.includes(part));
    if (!condition.startsWith("and(") || /\bor\(|\bnot\(/.test(condition) || missing.length > 0) {
      fault(stage.name, `pushes or deploys, so its condition must be and(${ONLY_MAIN.join(", ")})`);
    }
  }
}

/** Names that variables: of a document, of its stages or of their jobs define. */
function declared(document) {
  const places = [
    document,
    ...(document.stages ?? []),
    ...(document.stages ?? []).flatMap((stage) => stage.jobs ?? []),
  ];
  return places.flatMap(({ variables = [] }) =>
    Array.isArray(variables)
      ? variables.map((variable) => variable.name).filter(Boolean)
      : Object.keys(variables),
  );
}

function variablesAreKnown(pipeline, fault) {
  const known = new Set([...GIVEN, ...declared(pipeline.root)]);
  const used = new Set();
  for (const [file, document] of pipeline.documents) {
    for (const { text, path } of texts(document)) {
      for (const [, name] of text.matchAll(/\$\(([\w.]+)\)/g)) {
        used.add(name);
        if (!known.has(name) && !PREDEFINED.test(name))
          fault(`${file}, ${path.join("/")}`, `nobody defines $(${name})`);
      }
    }
  }
  for (const name of GIVEN) {
    if (!used.has(name)) fault("variables", `${name} is not used`);
  }
}

function outputsExist(pipeline, fault) {
  for (const { text, path } of texts(pipeline.root)) {
    for (const [whole, stage, job, step] of text.matchAll(
      /stageDependencies\.(\w+)\.(\w+)\.outputs\['(\w+)\.\w+'\]/g,
    )) {
      const found = pipeline.stages.find(({ name }) => name === stage)?.jobs.find(({ name }) => name === job);
      if (!found?.steps.some(({ name }) => name === step)) fault(path.join("/"), `${whole} names no step`);
      const reader = pipeline.stages[Number(path[1])];
      if (!reader?.needs.includes(stage))
        fault(reader?.name ?? path.join("/"), `reads from ${stage} and does not depend on it`);
    }
  }
}
