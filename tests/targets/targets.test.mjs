// What people start by make and what goes on until they end it: each target does what `make help` says
// of it, on the release build and with data of its own. `make test-targets` runs this.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { freePort } from "../../scripts/lib/postgres.mjs";
import { environment } from "../../scripts/lib/server.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-targets-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// A developer's .env must not say from where to collect: what is set already counts, and empty is nothing.
const NAMES = ["COSMOS_ENDPOINT", "endpoint", "GITHUB_TOKEN", "githubtoken", "DATABASE_URL", "RSE_OIDC_ISSUER", "RSE_METRICS_ADDR", "RSE_PUBLIC_URL"];
const NOTHING = Object.fromEntries(NAMES.map((name) => [name, ""]));

class Make {
  said = "";

  constructor(target, variables = {}, input = "") {
    const { MAKEFLAGS: _, MAKELEVEL: __, ...inherited } = environment(NOTHING);
    const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    // In a group of its own, which a Ctrl-C reaches as a whole.
    this.child = spawn("make", [target, ...settings], { env: inherited, stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.child.stdin.end(input);
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
    this.heard = new Promise((resolve) => (this.hear = resolve));
    for (const output of [this.child.stdout, this.child.stderr]) output.on("data", (text) => this.#take(text));
  }

  #take(text) {
    this.said += text;
    if (this.awaited?.test(this.said)) this.hear();
  }

  /** Waits until it has said this, and fails where it ends before. */
  async says(pattern) {
    this.awaited = pattern;
    this.#take("");
    const early = this.ended.then((code) => assert.fail(`it ended with ${code}:\n${this.said}`));
    await Promise.race([this.heard, early]);
  }

  interrupt() {
    process.kill(-this.child.pid, "SIGINT");
    return this.ended;
  }
}

/** Runs a target to its end, which must be a good one; gives what it said. */
async function make(target, variables, input) {
  const run = new Make(target, variables, input);
  assert.equal(await run.ended, 0, run.said);
  return run.said;
}

test("server fills an empty store and serves it, and smoke finds it well", async () => {
  const port = await freePort();
  const server = new Make("server", { PORT: port, DATA_DIR: path.join(folder, "served") });
  try {
    await server.says(/serving on http/);
    assert.match(server.said, /Sample data/);
    assert.match(await make("smoke", { URL: `http://127.0.0.1:${port}` }), /It is well/);
  } finally {
    await server.interrupt();
  }
});

test("data fills an empty folder, and leaves a filled one alone", async () => {
  const data = { DATA_DIR: path.join(folder, "data") };
  assert.match(await make("data", data), /Sample data/);
  assert.ok(existsSync(path.join(data.DATA_DIR, "dashboard.sqlite")));
  assert.match(await make("data", data), /holds a store/);
});

test("shell finds the program", async () => {
  assert.match(await make("shell", { DATA_DIR: folder }, "rse-dashboard --version\n"), /^rse-dashboard \d/m);
});

test("data collects everything from the stand-ins, which say how and end together", async () => {
  const standIns = new Make("stand-ins", { COSMOS_PORT: await freePort(), GITHUB_PORT: await freePort() });
  const DATA_DIR = path.join(folder, "collected");
  try {
    await standIns.says(/COSMOS_ENDPOINT=[^]*GITHUB_TOKEN=\S+\n|GITHUB_TOKEN=[^]*COSMOS_ENDPOINT=[^]*VALIDATION_DISABLED=true\n/);
    const variables = Object.fromEntries([...standIns.said.matchAll(/^ {2}(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    await make("data", { DATA_DIR, ...variables });
  } finally {
    await standIns.interrupt();
  }

  const PORT = await freePort();
  const server = new Make("server", { PORT, DATA_DIR });
  try {
    await server.says(/serving on http/);
    const read = async (address) => (await fetch(`http://127.0.0.1:${PORT}${address}`)).json();
    const security = await read("/api/security");
    for (const { id, number } of security.numbers) assert.ok(number > 0, id);
    const classes = Object.fromEntries(security.classes.map((known) => [known.class, known.items]));
    for (const name of ["now", "30-days", "90-days", "later", "no-end"]) assert.ok(classes[name] > 0, name);
    assert.equal(security.rules_unread, 0);

    // What both stand-ins say of one repository stands on its page.
    const name = "cmc-case-ledger";
    const repository = await read(`/api/repository?name=${name}`);
    for (const list of ["rules", "runtimes", "findings", "pipelines"]) assert.ok(repository[list].length > 0, `${list} of ${name}`);
    const findings = await read("/api/figure?id=open_findings");
    assert.ok(findings.rows.length > 0);
  } finally {
    await server.interrupt();
  }
});

test("help lists what can be made", async () => {
  const said = await make("help");
  for (const target of ["server", "watch", "tests", "bench"]) assert.match(said, new RegExp(`^  ${target} +\\S`, "m"));
});
