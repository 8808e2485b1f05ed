// Reading a pipeline: the file, the templates that it names, and every step of every stage.
import { parseDocument, visit } from "yaml";

export const PIPELINE = "azure-pipelines.yml";

/** @param {(path: string) => string} read */
export function readPipeline(read) {
  const faults = [];
  const documents = new Map();
  const open = (path) => {
    if (documents.has(path)) return documents.get(path);
    // Every scalar is a text, as it is for Azure Pipelines.
    const parsed = parseDocument(read(path), { schema: "failsafe", uniqueKeys: true });
    for (const error of parsed.errors) faults.push(`${path}: ${error.message.split("\n")[0]}`);
    visit(parsed, {
      Node: (_, node) => {
        if (node.anchor)
          faults.push(`${path}: the anchor &${node.anchor} is YAML that Azure Pipelines does not read`);
      },
    });
    const content = parsed.errors.length > 0 ? {} : parsed.toJS();
    documents.set(path, content);
    return content;
  };

  const expand = (steps = []) =>
    steps.flatMap((step) => {
      if (!step.template) return [step];
      try {
        return expand(open(step.template).steps);
      } catch (error) {
        faults.push(`${PIPELINE}: the template ${step.template} cannot be read: ${error.message}`);
        return [];
      }
    });

  const root = open(PIPELINE);
  const stages = (root.stages ?? []).map((stage, position) => ({
    name: stage.stage,
    content: stage,
    // What is not said follows the stage before.
    needs: [stage.dependsOn ?? root.stages[position - 1]?.stage ?? []].flat(),
    jobs: (stage.jobs ?? []).map((job) => ({
      name: job.job ?? job.deployment,
      content: job,
      steps: [
        ...expand(job.steps),
        ...Object.values(job.strategy?.runOnce ?? {}).flatMap((hook) => expand(hook.steps)),
      ],
    })),
  }));
  return { root, stages, documents, faults };
}

/** Every text in a value, with the path that leads to it. */
export function* texts(value, path = []) {
  if (typeof value === "string") yield { text: value, path };
  else if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) yield* texts(inner, [...path, key]);
  }
}

/** What a step runs in a shell. */
export const commands = (step) =>
  [step.script, step.bash, step.inputs?.inlineScript].filter(Boolean).join("\n");
