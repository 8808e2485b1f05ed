// Checks a running dashboard: node scripts/smoke.mjs URL. Prints one line per check.
//
//   SMOKE_WAIT    seconds to wait until it is ready (60)
//   SMOKE_BUILD   expected build, as the pages show it: the one just deployed
//   SMOKE_TOKEN   access token for scripts, if the dashboard requires sign-in
import { setTimeout as pause } from "node:timers/promises";

const base = (process.argv[2] ?? "").replace(/\/+$/, "");
const wait = Number(process.env.SMOKE_WAIT ?? 60);
const build = given("SMOKE_BUILD");
const token = given("SMOKE_TOKEN");
const deadline = Date.now() + wait * 1000;
let faults = 0;
const pages = new Map();

/** Reads a variable. Azure Pipelines leaves an unset variable as $(name). */
function given(name) {
  const value = process.env[name];
  return value && !/^\$\(.*\)$/.test(value) ? value : undefined;
}

function must(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/** Fetches a path of the dashboard, or a full address. */
async function get(where) {
  const answer = await fetch(where instanceof URL ? where : base + where, {
    redirect: "manual",
    signal: AbortSignal.timeout(15_000),
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Expects an answer with this status; otherwise fails and reports the actual answer. */
async function expect(where, status = 200) {
  const answer = await get(where);
  if (answer.status === status) return answer;
  const to = answer.headers.get("location");
  const hint = answer.status === 401 || to ? ": if it asks to sign in, set SMOKE_TOKEN" : "";
  throw new Error(`${where} answers ${answer.status}${to ? ` to ${to}` : ""} and not ${status}${hint}`);
}

async function check(name, run) {
  try {
    const note = await run();
    console.log(`  ok    ${name}${note ? `: ${note}` : ""}`);
  } catch (error) {
    faults += 1;
    console.log(`  FAIL  ${name}: ${error.cause?.code ?? error.message}`);
  }
}

/** Retries until it succeeds or time runs out: a container may be starting, or the old one still answering. */
async function inTime(run) {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(1000);
    }
  }
}

const buildOf = (page) => page.text.match(/<meta name="build" content="([^"]*)"/)?.[1];

async function page(path) {
  const answer = await expect(path);
  const type = answer.headers.get("content-type") ?? "none";
  must(type.startsWith("text/html"), `${path} is of the type ${type}`);
  must(/<h1[ >]/.test(answer.text), `${path} has no heading`);
  const figures = answer.text.match(/data-figure="/g)?.length ?? 0;
  must(figures > 0, `${path} shows no figure`);
  pages.set(path, answer);
  return `${figures} figures, ${Math.round(answer.text.length / 1024)} KiB`;
}

async function figures() {
  const { text } = await expect("/api/figures");
  const ids = JSON.parse(text).map((figure) => figure.id);
  must(ids.length > 0, "/api/figures lists none");
  let rows = 0;
  for (const id of ids) {
    const figure = JSON.parse((await expect(`/api/figure?id=${id}`)).text);
    must(Array.isArray(figure.rows) && figure.plot?.data, `${id} has no rows or no plot`);
    rows += figure.rows.length;
  }
  return `${ids.length} with ${rows} rows`;
}

async function file() {
  const { text } = await expect("/figures/build_status.csv");
  must(text.split("\n")[0].includes(","), "build_status.csv has no line of headings");
}

/** Checks the assets of the Pipelines page: present, of the right type, cached permanently. */
async function assets() {
  const html = pages.get("/pipelines")?.text ?? (await expect("/pipelines")).text;
  const links = [...html.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|js|wasm))"/g)].map((match) => match[1]);
  const types = { css: "text/css", js: "text/javascript", wasm: "application/wasm" };
  for (const [ending, type] of Object.entries(types)) {
    must(
      links.some((link) => link.endsWith(`.${ending}`)),
      `the page names no .${ending} file`,
    );
    for (const link of links.filter((link) => link.endsWith(`.${ending}`))) {
      const { headers } = await expect(new URL(link, base));
      const got = headers.get("content-type") ?? "none";
      must(got.startsWith(type), `${link} is of the type ${got}`);
      const kept = headers.get("cache-control") ?? "none";
      must(kept.includes("immutable"), `${link} is not kept by browsers: cache-control is ${kept}`);
    }
  }
  const foreign = html.match(/<(?:script|link)[^>]+(?:src|href)="(https?:)?\/\/[^"]+"/);
  must(!foreign, `the page loads from elsewhere: ${foreign?.[0]}`);
  return `${links.length} files`;
}

async function headers() {
  const { headers } = pages.get("/pipelines") ?? (await expect("/pipelines"));
  const of = (name) => headers.get(name) ?? "";
  const policy = of("content-security-policy");
  const scripts = policy.match(/script-src ([^;]*)/)?.[1] ?? "";
  must(scripts.includes("'sha256-"), "the Content-Security-Policy names no script of the page");
  must(!scripts.includes("'unsafe-inline'"), "the Content-Security-Policy lets every inline script run");
  must(policy.includes("frame-ancestors 'none'"), "the page may be framed");
  must(of("x-content-type-options") === "nosniff", "X-Content-Type-Options is not nosniff");
  must(of("referrer-policy"), "Referrer-Policy is missing");
  must(of("permissions-policy"), "Permissions-Policy is missing");
}

async function refusals() {
  await expect("/no-such-page", 404);
  await expect("/api/figure?id=no_such_figure", 404);
  await expect("/api/figure?id=build_status&days=many", 400);
}

if (!/^https?:\/\//.test(base)) {
  console.error(`error: “${base}” is no address such as http://localhost:8050`);
  process.exit(2);
}
console.log(`Asking ${base}`);
await check("alive", () => inTime(() => expect("/health/live")).then(() => ""));
if (faults > 0) {
  console.log("It does not answer, so nothing else was asked.");
  process.exit(1);
}
await check("ready", () =>
  inTime(async () => {
    const { status, headers, text } = await get("/health/ready");
    const said = headers.get("content-type")?.startsWith("text/plain")
      ? text.trim().split("\n")[0]
      : "no word of why";
    must(status === 200, `${status}, ${said}`);
  }),
);
if (build) {
  await check("build", () =>
    inTime(async () => {
      const found = buildOf(await expect("/pipelines"));
      must(found === build, `${found} answers, not ${build}`);
      return build;
    }),
  );
}
await check("Pipelines page", () => page("/pipelines"));
await check("Security page", () => page("/security"));
await check("figures", figures);
await check("CSV", file);
await check("scripts and styles", assets);
await check("security headers", headers);
await check("what is unknown is refused", refusals);

const answering = pages.has("/pipelines") && buildOf(pages.get("/pipelines"));
// Passes the build to later stages, which expect the deployed dashboard to answer with it.
if (process.env.TF_BUILD && answering) {
  console.log(`##vso[task.setvariable variable=build;isOutput=true]${answering}`);
}
console.log(faults === 0 ? `It is well (build ${answering}).` : `Checks that failed: ${faults}.`);
process.exitCode = faults === 0 ? 0 : 1;
