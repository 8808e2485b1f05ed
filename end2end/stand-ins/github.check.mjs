// Checks the stand-in's responses against GitHub's OpenAPI description from @octokit/openapi-types:
// each response becomes a typed constant, checked by the TypeScript compiler.
//
//   node end2end/stand-ins/github.check.mjs ADDRESS TOKEN

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [address, token] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url));

async function control(change) {
  await fetch(`${address}/_stand-in/control`, { method: "POST", body: JSON.stringify(change) });
}

async function ask(path, headers = {}) {
  const response = await fetch(address + path, {
    headers: { authorization: `Bearer ${token}`, "user-agent": "check", ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const answers = [];
async function expect(path, status, operation, headers) {
  const answer = await ask(path, headers);
  if (answer.status !== status) throw new Error(`${path}: ${answer.status} in the place of ${status}`);
  if (operation && !answer.headers.get("x-ratelimit-reset")) throw new Error(`${path}: without limits`);
  answers.push({ path, type: operation, body: answer.body });
  return answer;
}

const success = (operation) =>
  `operations["${operation}"]["responses"]["200"]["content"]["application/json"]`;
const error = 'components["schemas"]["basic-error"]';

await control({ reset: true, state: "head" });
const list = await expect("/orgs/hmcts/repos?per_page=5&page=2", 200, success("repos/list-for-org"));
for (const rel of ["prev", "next", "last", "first"]) {
  if (!list.headers.get("link").includes(`rel="${rel}"`)) throw new Error(`no link to ${rel}`);
}
const again = await ask("/orgs/hmcts/repos?per_page=5&page=2", { "if-none-match": list.headers.get("etag") });
if (again.status !== 304 || again.body !== undefined) throw new Error("no 304 without a body");
await expect("/orgs/hmcts", 200, success("orgs/get"));
await expect("/repos/hmcts/ccd-api", 200, success("repos/get"));
await expect("/repos/hmcts/ccd-api/contents", 200, 'components["schemas"]["content-directory"]');
await expect("/repos/hmcts/ccd-api/contents/config/owasp", 200, 'components["schemas"]["content-directory"]');
await expect("/repos/hmcts/ccd-api/contents/Dockerfile", 200, 'components["schemas"]["content-file"]');
await expect(
  "/orgs/hmcts/dependabot/alerts?state=open&per_page=2",
  200,
  success("dependabot/list-alerts-for-org"),
);
await expect(
  "/orgs/hmcts/code-scanning/alerts?state=open",
  200,
  success("code-scanning/list-alerts-for-org"),
);
await expect(
  "/orgs/hmcts/secret-scanning/alerts?state=open",
  200,
  success("secret-scanning/list-alerts-for-org"),
);
await expect("/rate_limit", 200, success("rate-limit/get"));
await expect("/orgs/nobody", 404, error);
await expect("/repos/hmcts/em-empty/contents/", 404, error);
await expect("/orgs/hmcts/repos?page=0", 422, error);
await control({ withoutAlerts: ["dependabot", "code-scanning"] });
await expect("/orgs/hmcts/dependabot/alerts", 403, error);
await expect("/orgs/hmcts/code-scanning/alerts", 403, error);
await control({ limits: { core: { remaining: 0, resetIn: 60 } } });
await expect("/orgs/hmcts", 403, error);
await control({ reset: true, isUser: true });
await expect("/users/hmcts/repos", 200, success("repos/list-for-user"));
await expect("/users/hmcts", 200, 'components["schemas"]["public-user"]');
await control({ reset: true });

const source = answers.map(
  ({ path, type, body }, place) =>
    `// ${path}\nexport const answer${place}: ${type} = ${JSON.stringify(body)};`,
);
const folder = mkdtempSync(join(root, "node_modules", ".stand-in-"));
try {
  const file = join(folder, "answers.ts");
  writeFileSync(
    file,
    `import type { components, operations } from "@octokit/openapi-types";\n${source.join("\n")}\n`,
  );
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--moduleResolution",
    "bundler",
    "--module",
    "esnext",
  ];
  const checked = spawnSync(process.execPath, [compiler, ...options, file], { encoding: "utf8" });
  if (checked.status !== 0) throw new Error(checked.stdout);
  console.log(`${answers.length} answers are as GitHub describes them`);
} finally {
  rmSync(folder, { recursive: true });
}
