// Known vulnerabilities are found, and accepted only for a while and for a reason. An invented RustSec
// database and an invented npm registry stand in for the real ones.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DATABASES, crateFindings, databaseFaults, listFaults, npmFindings } from "../../scripts/audit.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [RUSTSEC, NPM] = DATABASES;
const TODAY = "2026-11-28";
const entry = (changes) => ({ id: "RUSTSEC-2099-0001", reason: "Not used.", accepted: "2026-11-01", until: "2027-01-01", ...changes });
const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-audit-"));
after(() => rmSync(folder, { recursive: true }));

test("an accepted advisory needs a reason and an end", () => {
  assert.deepEqual(listFaults([entry()], TODAY), []);
  for (const [changes, fault] of [
    [{ until: "2026-11-27" }, /accepted until 2026-11-27; decide again/],
    [{ until: "2027-11-01" }, /at most 184 days/],
    [{ until: "2026-10-01" }, /at most 184 days/],
    [{ until: undefined }, /must be dates/],
    [{ accepted: "28 Nov 2026" }, /must be dates/],
    [{ accepted: "2026-12-24" }, /in the future/],
    [{ reason: " " }, /needs a reason/],
    [{ id: "CVE-2026-1" }, /neither/],
    [{ id: undefined }, /without id/],
  ]) {
    assert.match(listFaults([entry(changes)], TODAY).join("\n"), fault);
  }
  assert.match(listFaults([entry(), entry()], TODAY).join("\n"), /listed twice/);
  assert.deepEqual(listFaults([entry({ until: TODAY })], TODAY), []);
});

test("a finding fails unless it is accepted, and an entry without a finding as well", () => {
  const finding = { id: "RUSTSEC-2099-0001", about: "crate a@1" };
  assert.deepEqual(databaseFaults(RUSTSEC, [finding], [entry()]), []);
  assert.deepEqual(databaseFaults(RUSTSEC, [finding], []), ["RUSTSEC-2099-0001: crate a@1"]);
  assert.match(databaseFaults(RUSTSEC, [], [entry()]).join("\n"), /not among the advisories of crates .*: remove it/);
  assert.deepEqual(databaseFaults(NPM, [], [entry()]), []);
});

test("an answer that is no report is not mistaken for one without findings", () => {
  const error = { message: "405 Method Not Allowed", statusCode: 405 };
  assert.deepEqual(npmFindings(JSON.stringify(error)), { unreachable: "405 Method Not Allowed" });
  const log = (message) => JSON.stringify({ type: "log", fields: { level: "ERROR", message } });
  assert.deepEqual(crateFindings(log("failed to fetch advisory database x: git\nno such host")), { unreachable: "no such host" });
  assert.throws(() => crateFindings(log("deny.toml is wrong")), /deny\.toml is wrong/);
  assert.throws(() => crateFindings(""), /cargo-deny failed/);
});

test("an advisory of the RustSec database is found", () => {
  const database = path.join(folder, "database");
  mkdirSync(path.join(database, "crates/anyhow"), { recursive: true });
  const advisory = ["[advisory]", 'id = "RUSTSEC-2099-0001"', 'package = "anyhow"', 'date = "2026-01-01"', "[versions]", 'patched = [">= 99.0.0"]'];
  writeFileSync(path.join(database, "crates/anyhow/RUSTSEC-2099-0001.md"), ["```toml", ...advisory, "```", "", "# Invented", "", "For a test."].join("\n"));
  const git = (...args) => execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], { cwd: database });
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "--message=Invented");
  const config = path.join(folder, "deny.toml");
  const settings = readFileSync(path.join(root, "deny.toml"), "utf8");
  writeFileSync(config, settings.replace("[advisories]", `[advisories]\ndb-path = ${JSON.stringify(path.join(folder, "path"))}`));
  const ask = (to) => {
    const environment = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: `url.file://${to}.insteadOf`, GIT_CONFIG_VALUE_0: "https://github.com/RustSec/advisory-db" };
    return RUSTSEC.ask({ config, environment });
  };
  assert.match(ask(path.join(folder, "nothing")).unreachable, /./);
  const { findings } = ask(database);
  assert.deepEqual(findings.map(({ id }) => id), ["RUSTSEC-2099-0001"]);
  assert.match(findings[0].about, /^crate anyhow@[\d.]+: Invented$/);
});

test("an advisory of the npm registry is found", async () => {
  const advisory = { id: 1, url: "https://example.org/GHSA-aaaa-bbbb-cccc", title: "Invented", severity: "low", vulnerable_versions: "<99" };
  let answers = true;
  const registry = createServer((request, response) => {
    response.statusCode = answers && request.method === "POST" ? 200 : 405;
    response.end(JSON.stringify({ bootstrap: [advisory] }));
  });
  await once(registry.listen(0, "127.0.0.1"), "listening");
  after(() => registry.close());
  // Asked by another process: here the question would block the answer.
  const ask = async () => {
    const program = 'import { DATABASES } from "./scripts/audit.mjs"; console.log(JSON.stringify(DATABASES[1].ask()));';
    const environment = { ...process.env, npm_config_registry: `http://127.0.0.1:${registry.address().port}/`, npm_config_fetch_retries: "0" };
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: root, env: environment, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    await once(child, "close");
    return JSON.parse(said);
  };
  assert.deepEqual(await ask(), { findings: [{ id: "GHSA-aaaa-bbbb-cccc", about: "npm package bootstrap <99 (low): Invented" }] });
  answers = false;
  assert.match((await ask()).unreachable, /405/);
});
