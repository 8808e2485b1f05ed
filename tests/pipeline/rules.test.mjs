// A broken pipeline is found: each case breaks the real file in one place and names the fault.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { faultsOf } from "../../scripts/pipeline-check.mjs";
import { schemaOf } from "../../scripts/lib/pipeline/schema.mjs";

const root = new URL("../../", import.meta.url);
const validate = schemaOf(process.env.AZURE_PIPELINES_SCHEMA);
const file = (path) => readFileSync(new URL(path, root), "utf8");

/** The faults of the pipeline with one text of one of its files replaced. */
function broken(path, from, to) {
  return faultsOf(validate, (asked) => {
    const text = file(asked);
    if (asked !== path) return text;
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${path} has no ${from}`);
    return changed;
  });
}

const MAIN = "azure-pipelines.yml";
const TOOLCHAIN = "azure-pipelines/toolchain.yml";

test("the pipeline as it is has no fault", () => {
  assert.deepEqual(faultsOf(validate), []);
});

const cases = [
  // The published schema.
  ["an unknown word of a stage", MAIN, "    dependsOn: Lint\n", "    dependOn: Lint\n", /schema.*dependOn/],
  ["an unknown word of a step", MAIN, "    displayName: Licences", "    displayname: Licences", /schema/],
  ["an unknown task", MAIN, "AzureWebAppContainer@1", "AzureWebAppContainer@9", /steps\/2\/task is no task/],
  ["an unknown input of a task", MAIN, "              testRunTitle:", "              testTitle:", /schema.*testTitle/],
  ["a wrong value of an input", MAIN, "testResultsFormat: JUnit", "testResultsFormat: Playwright", /schema.*JUnit/],
  ["a missing input", MAIN, "                    appName: $(appService)\n", "", /schema.*appName/],
  ["a wrong input of a template's task", TOOLCHAIN, "versionSource: spec", "versionSource: newest", /toolchain\.yml.*schema.*versionSource/],
  ["a key that stands twice", MAIN, "pool:\n", "pool:\n  vmImage: twice\n", /unique/],
  ["an anchor", MAIN, "  - stage: Lint\n", "  - &lint\n    stage: Lint\n", /anchor/],
  // The Makefile and the files.
  ["a target that does not exist", MAIN, "make test-sources", "make test-source", /no target test-source/],
  ["a script that does not exist", MAIN, "scripts/azure-settings", "scripts/azure-setting", /no scripts\/azure-setting/],
  ["a template that does not exist", MAIN, "azure-pipelines/image.yml", "azure-pipelines/picture.yml", /picture\.yml cannot be read/],
  ["a cache by a file that does not exist", TOOLCHAIN, "| package-lock.json", "| yarn.lock", /yarn\.lock, which is not there/],
  ["a cache by no file", TOOLCHAIN, "| package-lock.json", "", /names no file/],
  // Secrets.
  ["a secret in a script", MAIN, "script: make sbom", "script: make sbom TOKEN=$(githubtoken)", /secret githubtoken/],
  ["a secret as an argument", MAIN, "arguments: $(appService)", "arguments: $(appService) $(masterKey)", /secret masterKey/],
  [
    "a secret in a step outside of the deployment",
    MAIN,
    "              IMAGE: $(builtImage)\n",
    "              IMAGE: $(builtImage)\n              KEY: $(masterKey)\n",
    /secret masterKey/,
  ],
  ["a secret as a part of a variable", MAIN, "COSMOS_KEY: $(masterKey)", "COSMOS_KEY: key=$(masterKey)", /secret masterKey/],
  ["a secret as an expression", MAIN, "COSMOS_KEY: $(masterKey)", "COSMOS_KEY: ${{ variables.masterKey }}", /secret masterKey/],
  [
    "a secret that is written down",
    MAIN,
    "  appService: rse-dashboard\n",
    "  appService: rse-dashboard\n  masterKey: C2y6yDjf5\n",
    /secret masterKey is set/,
  ],
  [
    "a build argument",
    MAIN,
    "script: make production-image",
    "script: make production-image && docker build --build-arg endpoint=$(endpoint) .",
    /build argument/,
  ],
  // The branch that goes out.
  ["a push from any branch", MAIN, /    dependsOn: Smoke\n    condition: .*\n/, "    dependsOn: Smoke\n", /^Push: pushes or deploys/],
  [
    "a deployment of a pull request",
    MAIN,
    /(dependsOn: \[Smoke, Push\]\n.*), ne\(variables\['Build\.Reason'\], 'PullRequest'\)/,
    "$1",
    /^Deploy: pushes or deploys/,
  ],
  ["a deployment of another branch", MAIN, /(dependsOn: \[Smoke, Push\]\n.*)refs\/heads\/main/, "$1refs/heads/develop", /^Deploy: pushes or deploys/],
  ["a deployment after a failure", MAIN, /(dependsOn: \[Smoke, Push\]\n.*)succeeded\(\)/, "$1always()", /^Deploy: pushes or deploys/],
  [
    "a condition with a way around",
    MAIN,
    /(dependsOn: \[Smoke, Push\]\n.*condition: )(.*)\n/,
    "$1and($2, or(always(), failed()))\n",
    /^Deploy: pushes or deploys/,
  ],
  [
    "secrets for a stage that pull requests run",
    MAIN,
    "    dependsOn: Image\n",
    "    dependsOn: Image\n    variables:\n      - group: rse-dashboard\n",
    /^Smoke: pushes or deploys/,
  ],
  ["a check that is left out", MAIN, "    dependsOn: Test\n", "    dependsOn: Lint\n", /^Build: does not wait for Test/],
  // Variables, outputs and times.
  ["a variable that nobody defines", MAIN, "$(imageRepository)", "$(imageRepo)", /nobody defines \$\(imageRepo\)/],
  [
    "an original variable that is not used",
    MAIN,
    "COSMOS_CONTAINERS: $(containerId)",
    "COSMOS_CONTAINERS: pipeline-metrics",
    /containerId is not used/,
  ],
  ["an output of no step", MAIN, "            name: smoke\n", "            name: smoked\n", /names no step/],
  ["an output of a stage that is not waited for", MAIN, "dependsOn: [Smoke, Push]", "dependsOn: Push", /does not depend on it/],
  ["a rebuild only after changes", MAIN, "always: true", "always: false", /none rebuilds/],
];

for (const [name, path, from, to, expected] of cases) {
  test(`${name} is found`, () => {
    const faults = broken(path, from, to);
    assert.ok(
      faults.some((fault) => expected.test(fault)),
      `expected ${expected}, got:\n${faults.join("\n")}`,
    );
  });
}
