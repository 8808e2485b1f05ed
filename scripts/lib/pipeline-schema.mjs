// The published schema of Azure Pipelines: structure, names and inputs of every task.
import { readFileSync } from "node:fs";
import Ajv from "ajv";

/** Returns a function that tells what is wrong with a document. */
export function schemaOf(file) {
  // The schema has words of its own for editors. A text such as "true" is a boolean where one is wanted.
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    coerceTypes: true,
    unicodeRegExp: false,
    logger: false,
  });
  const validate = ajv.compile(JSON.parse(readFileSync(file, "utf8")));
  return (document) => (validate(structuredClone(document)) ? [] : telling(validate.errors));
}

/**
 * A step is tried as every task there is. What is said of other tasks than the one it names is left
 * out; of the rest, what came furthest says best what was meant.
 */
function telling(errors) {
  const others = errors
    .filter(({ keyword, instancePath }) => keyword === "pattern" && instancePath.endsWith("/task"))
    .map(({ instancePath, schemaPath }) => [
      instancePath.slice(0, -5),
      schemaPath.replace(/properties\/task\/pattern$/, ""),
    ]);
  const own = errors.filter(
    (error) =>
      !["anyOf", "oneOf"].includes(error.keyword) &&
      !others.some(
        ([step, task]) =>
          `${error.instancePath}/`.startsWith(`${step}/`) && error.schemaPath.startsWith(task),
      ),
  );
  const depth = (error) => error.instancePath.split("/").length;
  const most = Math.max(...own.map(depth));
  const furthest = own.filter((error) => depth(error) === most);
  const said = furthest.map((error) => {
    if (error.instancePath.endsWith("/task")) return `${error.instancePath} is no task that there is`;
    const what = error.params.additionalProperty ?? error.params.allowedValues?.join(", ");
    return `${error.instancePath || "/"} ${error.message}${what ? ` (${what})` : ""}`;
  });
  return [...new Set(said)].slice(0, 5);
}
