// Arguments and settings that scripts/azure-settings passes to az, recorded by a stand-in on the PATH.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../scripts/azure-settings", import.meta.url));

const AZ = `#!/usr/bin/env bash
echo "$*" >>"$FAKE/arguments"
case "$2" in
  list) echo dashboards ;;
  config) for argument; do [[ $argument != @* ]] || cp "\${argument#@}" "$FAKE/settings"; done ;;
esac
`;

function run(variables) {
  const fake = mkdtempSync(join(tmpdir(), "az-"));
  try {
    writeFileSync(join(fake, "az"), AZ);
    chmodSync(join(fake, "az"), 0o755);
    // The common set-up puts its tools first on the PATH; az is not among them.
    const env = { HOME: fake, FAKE: fake, PATH: `${fake}:${process.env.PATH}`, ...variables };
    const said = execFileSync(script, ["rse-dashboard"], { env, encoding: "utf8" });
    const read = (name) => (existsSync(join(fake, name)) ? readFileSync(join(fake, name), "utf8") : "");
    return { said, asked: read("arguments"), settings: JSON.parse(read("settings") || "null") };
  } finally {
    rmSync(fake, { recursive: true });
  }
}

test("settings are passed in a file, and secrets are never arguments or output", () => {
  const key = 'k"ey==$x with spaces';
  const { said, asked, settings } = run({ COSMOS_ENDPOINT: "https://a.example/", COSMOS_KEY: key });
  assert.deepEqual(settings, [
    { name: "COSMOS_ENDPOINT", value: "https://a.example/", slotSetting: false },
    { name: "COSMOS_KEY", value: key, slotSetting: false },
  ]);
  assert.match(asked, /appsettings set --name rse-dashboard --resource-group dashboards .*--output none/);
  assert.ok(!asked.includes(key) && !said.includes(key));
});

test("an unset variable leaves its setting unchanged", () => {
  const { said, settings } = run({ COSMOS_ENDPOINT: "https://a.example/", COSMOS_KEY: "$(masterKey)", GITHUB_TOKEN: "" });
  assert.deepEqual(
    settings.map(({ name }) => name),
    ["COSMOS_ENDPOINT"],
  );
  assert.match(said, /COSMOS_KEY is not set/);
});

test("az is not called without variables", () => {
  assert.equal(run({}).asked, "");
});
