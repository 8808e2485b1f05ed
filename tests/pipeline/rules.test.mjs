// Faults in the pipeline: each case breaks the real file in one place and names the expected fault.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { faultsOf } from "../../scripts/pipeline-check.mjs";
import { schemaOf } from "../../scripts/lib/pipeline-schema.mjs";

const root = new URL("../../", import.meta.url);
const validate = schemaOf(process.env.AZURE_PIPELINES_SCHEMA);
const file = (path) => readFileSync(new URL(path, root), "utf8");

/** Faults of the pipeline after replacing one text in one of its files. */
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
const SOURCES = "azure-pipelines/sources.yml";

test("the unchanged pipeline has no faults", () => {
  assert.deepEqual(faultsOf(validate), []);
});

const cases = [
  // The published schema.
  ["an unknown key of a stage", MAIN, "    dependsOn: Image\n", "    dependOn: Image\n", /schema.*dependOn/],
  ["an unknown task", MAIN, "AzureWebAppContainer@1", "AzureWebAppContainer@9", /steps\/2\/task is no task/],
  ["a wrong value of an input", MAIN, "testResultsFormat: JUnit", "testResultsFormat: Playwright", /schema.*JUnit/],
  ["a missing input", MAIN, "                    appName: $(appService)\n", "", /schema.*appName/],
  ["a wrong input of a template's task", SOURCES, "versionSource: spec", "versionSource: newest", /sources\.yml.*schema.*versionSource/],
  // YAML that Azure Pipelines reads differently or rejects.
  ["a duplicate key", MAIN, "pool:\n", "pool:\n  vmImage: twice\n", /unique/],
  ["an anchor", MAIN, "  - stage: Lint\n", "  - &lint\n    stage: Lint\n", /anchor/],
  // The Makefile and the files.
  ["a target that does not exist", MAIN, "make test-sources", "make test-source", /^Test: .*no target test-source/],
  ["a target that does not exist, in a template", TOOLCHAIN, "make setup", "make set-up", /no target set-up/],
  ["a script that does not exist", MAIN, "scripts/azure-settings", "scripts/azure-setting", /no file scripts\/azure-setting/],
  ["a template that does not exist", MAIN, "azure-pipelines/image.yml", "azure-pipelines/picture.yml", /picture\.yml cannot be read/],
  ["a template path relative to another folder", TOOLCHAIN, "sources.yml", "azure-pipelines/sources.yml", /azure-pipelines\/sources\.yml cannot be read/],
  ["a cache keyed by a file that does not exist", TOOLCHAIN, "| package-lock.json", "| yarn.lock", /no file yarn\.lock/],
  // Secrets.
  ["a secret in a script", MAIN, "script: make image-check", "script: make image-check TOKEN=$(githubtoken)", /secret githubtoken/],
  ["a secret as an argument", MAIN, "arguments: $(appService)", "arguments: $(appService) $(masterKey)", /secret masterKey/],
  [
    "a secret in a step outside the deployment",
    MAIN,
    "              IMAGE: $(builtImage)\n",
    "              IMAGE: $(builtImage)\n              KEY: $(masterKey)\n",
    /secret masterKey/,
  ],
  ["a secret as part of a variable", MAIN, "COSMOS_KEY: $(masterKey)", "COSMOS_KEY: key=$(masterKey)", /secret masterKey/],
  ["a secret as an expression", MAIN, "COSMOS_KEY: $(masterKey)", "COSMOS_KEY: ${{ variables.masterKey }}", /secret masterKey/],
  [
    "a hard-coded secret",
    MAIN,
    "  appService: rse-dashboard\n",
    "  appService: rse-dashboard\n  masterKey: C2y6yDjf5\n",
    /secret masterKey/,
  ],
  // Pushes and deployments.
  ["a push from any branch", MAIN, /(Image, Smoke\]\n) +condition: .*\n/, "$1", /^Push: .*condition must be/],
  [
    "a deployment of a pull request",
    MAIN,
    /(dependsOn: \[Smoke, Push\]\n.*), ne\(variables\['Build\.Reason'\], 'PullRequest'\)/,
    "$1",
    /^Deploy: .*condition must be/,
  ],
  ["a deployment after a failure", MAIN, /(dependsOn: \[Smoke, Push\]\n.*)succeeded\(\)/, "$1always()", /^Deploy: .*condition must be/],
  [
    "secrets for a stage that pull requests run",
    MAIN,
    "    dependsOn: Image\n",
    "    dependsOn: Image\n    variables:\n      - group: rse-dashboard\n",
    /^Smoke: .*condition must be/,
  ],
  ["a check that no stage depends on", MAIN, "dependsOn: [Lint, Test, Release, Image, Smoke]", "dependsOn: [Lint, Release, Smoke]", /^Deploy: .*not wait for Test/],
  ["a push before the smoke test", MAIN, "Release, Image, Smoke]", "Release, Image]", /^Push: .*not wait for Smoke/],
  // The supply chain.
  ["a published image that was not scanned", MAIN, "$(scannerImage) image ", "$(scannerImage) version ", /^Image: .*not scanned/],
  ["a scan that only warns", MAIN, "--exit-code 1", "--exit-code 0", /^Image: the scan lets/],
  ["a scan for critical vulnerabilities only", MAIN, "HIGH,CRITICAL", "CRITICAL", /^Image: the scan lets/],
  ["a scanner of any version", MAIN, /trivy:[\d.]+/, "trivy:latest", /scannerImage names no exact version/],
  ["a pushed image that is not signed", MAIN, / +cosign sign .*\n/, "", /^Push: pushes an image without cosign sign/],
  ["a bill of materials that is not attested", MAIN, / +cosign attest .*\n/, "", /^Push: pushes an image without cosign attest/],
  ["a signature that is not verified", MAIN, / +cosign verify --.*\n/, "", /^Push: pushes an image without cosign verify of/],
  ["a signature of a tag", MAIN, /@\$\{digest:[^}]*\}/, ":$NAME", /^Push: signs an image that is not named by its digest/],
  ["a deployment of a tag", MAIN, "@$(pushedDigest)", ":$(tag)", /^Deploy: deploys .* not named by its digest/],
  // Names that refer to each other.
  ["a dependency on an unknown stage", MAIN, "dependsOn: Image\n", "dependsOn: Picture\n", /^Smoke: depends on Picture/],
  ["an undefined variable", MAIN, "$(imageRepository)", "$(imageRepo)", /nobody defines \$\(imageRepo\)/],
  ["an output of an unknown step", MAIN, "            name: smoke\n", "            name: smoked\n", /names no step/],
  ["an output of a stage that is not a dependency", MAIN, "dependsOn: [Smoke, Push]", "dependsOn: Push", /^Deploy: .*does not depend on it/],
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
