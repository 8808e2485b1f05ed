// Validates against the published schema of Azure Pipelines: structure, and names and inputs of tasks.
import { readFileSync } from "node:fs";
import Ajv from "ajv";

/** Returns a function that lists the faults of a document. */
export function schemaOf(file) {
  // The schema has extra keywords for editors. Text such as "true" is accepted as a boolean.
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
 * Picks the useful errors. The schema tries a step as every known task; errors about tasks other than
 * the named one are dropped, and of the rest, those that match furthest describe the fault best.
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
