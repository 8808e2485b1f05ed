// Tests of scripts/smoke.mjs: a healthy dashboard passes, and faults are reported.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../scripts/smoke.mjs", import.meta.url));
const POLICY = "default-src 'none'; script-src 'self' 'sha256-AAAA='; frame-ancestors 'none'";
const page = (base) => `<meta name="build" content="b1"><link rel="stylesheet" href="${base}/pkg/a.1.css">
  <link rel="modulepreload" href="${base}/pkg/a.1.js"><link rel="preload" href="${base}/pkg/a.1.wasm">
  <h1>Page</h1><article data-figure="build_status"></article>`;
const lasting = { "cache-control": "public, max-age=31536000, immutable" };
const safe = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "permissions-policy": "camera=()",
};

/** Path → [status, headers, text] of a healthy dashboard. */
const well = (base = "") => ({
  "/health/live": [200, { "content-type": "text/plain" }, "live\n"],
  "/health/ready": [200, { "content-type": "text/plain" }, "ready\n"],
  "/pipelines": [200, safe, page(base)],
  "/security": [200, safe, page(base)],
  "/api/figures": [200, {}, '[{"id":"build_status"}]'],
  "/api/figure?id=build_status": [200, {}, '{"rows":[[1]],"plot":{"data":[]}}'],
  "/api/figure?id=no_such_figure": [404, {}, "{}"],
  "/api/figure?id=build_status&days=many": [400, {}, "{}"],
  "/figures/build_status.csv": [200, {}, "Result,Builds\nSUCCESS,1\n"],
  "/pkg/a.1.css": [200, { "content-type": "text/css", ...lasting }, ""],
  "/pkg/a.1.js": [200, { "content-type": "text/javascript", ...lasting }, ""],
  "/pkg/a.1.wasm": [200, { "content-type": "application/wasm", ...lasting }, ""],
});

const run = (command, args, env) =>
  new Promise((done) => {
    const variables = { PATH: process.env.PATH, SMOKE_WAIT: "0", ...env };
    execFile(command, args, { env: variables }, (error, out, err) => done({ code: error?.code ?? 0, said: out + err }));
  });

async function smoke(answers, { base = "", env = {}, guard } = {}) {
  const server = createServer((request, response) => {
    const path = request.url.startsWith(base) ? request.url.slice(base.length) : "/outside";
    const refused = guard && !path.startsWith("/health/") && request.headers.authorization !== guard;
    const [status, headers, text] = refused ? [303, { location: "/sign-in" }, ""] : (answers[path] ?? [404, {}, ""]);
    response.writeHead(status, headers).end(text);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${server.address().port}${base}/`;
  const result = await run(process.execPath, [script, url], env);
  server.close();
  return result;
}

test("a healthy dashboard passes", async () => {
  const { code, said } = await smoke(well(), { env: { SMOKE_BUILD: "b1" } });
  assert.equal(code, 0, said);
  assert.match(said, /It is well \(build b1\)/);
});

test("a healthy dashboard under a base path passes", async () => {
  const { code, said } = await smoke(well("/rse"), { base: "/rse" });
  assert.equal(code, 0, said);
});

test("the build is reported to the pipeline", async () => {
  const { said } = await smoke(well(), { env: { TF_BUILD: "True" } });
  assert.match(said, /^##vso\[task\.setvariable variable=build;isOutput=true\]b1$/m);
});

test("a closed dashboard requires a token", async () => {
  const without = await smoke(well(), { guard: "Bearer t1" });
  assert.equal(without.code, 1);
  assert.match(without.said, /set SMOKE_TOKEN/);
  const withToken = await smoke(well(), { guard: "Bearer t1", env: { SMOKE_TOKEN: "t1" } });
  assert.equal(withToken.code, 0, withToken.said);
  assert.ok(!withToken.said.includes("t1"));
  const unset = await smoke(well(), { guard: "Bearer $(smokeToken)", env: { SMOKE_TOKEN: "$(smokeToken)" } });
  assert.equal(unset.code, 1, "the name of a variable is no token");
});

const html = (headers, text = page("")) => [200, { ...safe, ...headers }, text];
const cases = [
  ["no answer from the process", { "/health/live": [502, {}, ""] }, /FAIL {2}alive/],
  ["no data", { "/health/ready": [503, { "content-type": "text/plain" }, "not ready: no data\n"] }, /FAIL {2}ready: 503, not ready: no data/],
  ["a page that fails", { "/pipelines": [500, {}, ""] }, /FAIL {2}Pipelines page/],
  ["a page without figures", { "/security": html({}, "<h1>Security</h1>") }, /FAIL {2}Security page.*no figure/],
  ["a figure that fails", { "/api/figure?id=build_status": [503, {}, ""] }, /FAIL {2}figures/],
  ["a figure without a plot", { "/api/figure?id=build_status": [200, {}, '{"rows":[]}'] }, /FAIL {2}figures.*no plot/],
  ["a file of the wrong type", { "/pkg/a.1.wasm": [200, { "content-type": "text/html", ...lasting }, ""] }, /FAIL {2}scripts and styles.*text\/html/],
  ["a file without long-term caching", { "/pkg/a.1.js": [200, { "content-type": "text/javascript" }, ""] }, /FAIL {2}scripts and styles.*cache-control/],
  [
    "a file from another host",
    { "/pipelines": html({}, `${page("")}<script src="https://cdn.example/x.js"></script>`) },
    /FAIL {2}scripts and styles.*elsewhere/,
  ],
  [
    "scripts without a hash",
    { "/pipelines": html({ "content-security-policy": "script-src 'self'; frame-ancestors 'none'" }) },
    /FAIL {2}security headers.*names no script/,
  ],
  [
    "inline scripts",
    { "/pipelines": html({ "content-security-policy": POLICY.replace("'sha256-AAAA='", "'sha256-AAAA=' 'unsafe-inline'") }) },
    /FAIL {2}security headers.*inline/,
  ],
  ["a page that may be framed", { "/pipelines": html({ "content-security-policy": "script-src 'sha256-AAAA='" }) }, /FAIL {2}security headers.*framed/],
  ["an unknown path that returns a page", { "/no-such-page": html({}) }, /FAIL {2}what is unknown/],
];

for (const [name, changed, expected] of cases) {
  test(`${name} is reported`, async () => {
    const { code, said } = await smoke({ ...well(), ...changed });
    assert.equal(code, 1, said);
    assert.match(said, expected);
  });
}

test("a build other than the deployed one is reported", async () => {
  const { code, said } = await smoke(well(), { env: { SMOKE_BUILD: "b2" } });
  assert.equal(code, 1);
  assert.match(said, /FAIL {2}build: b1 answers, not b2/);
});

test("an image runs with production privileges only and is then removed", async () => {
  const fake = mkdtempSync(join(tmpdir(), "engine-"));
  writeFileSync(join(fake, "docker"), `#!/usr/bin/env bash\necho "$*" >>"${fake}/asked"\n`, { mode: 0o755 });
  // The container's port has no listener, so the checks fail and the logs are shown.
  const { code } = await run(script.replace(/\.mjs$/, ""), ["--image", "an-image"], { HOME: fake, PORT: "1", PATH: `${fake}:${process.env.PATH}` });
  const asked = readFileSync(join(fake, "asked"), "utf8").trim().split("\n");
  rmSync(fake, { recursive: true });
  assert.equal(code, 1);
  const [info, sample, serve, logs, remove, volume] = asked;
  assert.equal(info, "info", "a Docker client without a running server is not used");
  for (const start of [sample, serve]) {
    assert.match(start, /--read-only --cap-drop=ALL --security-opt no-new-privileges --volume \S+:\/data/);
  }
  assert.match(sample, /^run --rm .* an-image sample$/);
  assert.match(serve, /^run --detach .*--publish 127\.0\.0\.1:1:8050 .*--env RSE_OPEN=1 an-image$/);
  assert.match(logs, /^logs/);
  assert.match(remove, /^rm --force/);
  assert.match(volume, /^volume rm --force/);
});
