// What is wrong with azure-pipelines.yml: node scripts/pipeline-check.mjs SCHEMA
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PIPELINE, readPipeline } from "./lib/pipeline/files.mjs";
import { broken } from "./lib/pipeline/rules.mjs";
import { schemaOf } from "./lib/pipeline/schema.mjs";

const root = new URL("../", import.meta.url);
const at = (path) => new URL(path, root);

/** Every fault, one line each. A test hands in another way to read files. */
export function faultsOf(validate, read = (path) => readFileSync(at(path), "utf8")) {
  const pipeline = readPipeline(read);
  const targets = new Set([...read("Makefile").matchAll(/^([a-z0-9-]+):(?!=)/gm)].map((match) => match[1]));
  const schema = [...pipeline.documents].flatMap(([file, document]) =>
    validate(document).map((fault) => `${file}: the schema of Azure Pipelines says: ${fault}`),
  );
  return [
    ...pipeline.faults,
    ...schema,
    ...broken(pipeline, { targets, exists: (path) => existsSync(at(path)) }),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = faultsOf(schemaOf(process.argv[2]));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`error: ${PIPELINE} has faults: ${faults.length}`);
    process.exitCode = 1;
  }
}
