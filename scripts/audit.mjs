// Compares the known vulnerabilities of crates (RustSec, through cargo-deny) and npm packages (npm audit)
// with accepted-advisories.yaml: node scripts/audit.mjs
//
// A database that cannot be reached is reported as a skipped check, or as a fault if AUDIT_REQUIRED is 1.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const LIST = "accepted-advisories.yaml";
const MAX_DAYS = 184;
const DAY = 24 * 60 * 60 * 1000;
const root = fileURLToPath(new URL("..", import.meta.url));

/** The two databases: the ids of their findings, and how to ask them. */
export const DATABASES = [
  { name: "advisories of crates (RustSec)", owns: (id) => /^(RUSTSEC-|yanked:)/.test(id), ask: askRustSec },
  { name: "advisories of npm packages", owns: (id) => id.startsWith("GHSA-"), ask: askNpm },
];

function run(program, args, environment) {
  const { error, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, ...environment } });
  if (error) throw error;
  return { stdout, stderr };
}

function askRustSec({ config = "deny.toml", environment } = {}) {
  return crateFindings(run("cargo-deny", ["--format", "json", "--config", config, "check", "advisories"], environment).stderr);
}

function askNpm({ environment } = {}) {
  return npmFindings(run("npm", ["audit", "--json", "--package-lock-only"], environment).stdout);
}

/** Reads cargo-deny's lines of JSON: the findings, or why there are none. */
export function crateFindings(lines) {
  const messages = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const errors = messages.filter(({ type, fields }) => type === "log" && fields.level === "ERROR").map(({ fields }) => fields.message);
  const unreachable = errors.find((message) => message.includes("failed to fetch advisory database"));
  if (unreachable) return { unreachable: unreachable.trim().split("\n").at(-1) };
  if (errors.length > 0 || !messages.some(({ type }) => type === "summary")) throw new Error(`cargo-deny failed: ${errors.join("; ") || lines}`);
  const faults = messages.filter(({ type, fields }) => type === "diagnostic" && fields.severity === "error");
  const findings = faults.map(({ fields: { advisory, code, graphs, message } }) => {
    const { name, version } = graphs?.[0]?.Krate ?? {};
    if (!name) throw new Error(`cargo-deny failed: ${message}`);
    const id = advisory?.id ?? `${code}:${name}@${version}`;
    return { id, about: `crate ${name}@${version}: ${advisory?.title ?? message}` };
  });
  return { findings };
}

/** Reads the report of npm audit: the findings, or why there are none. */
export function npmFindings(text) {
  const report = JSON.parse(text);
  if (report.auditReportVersion !== 2) return { unreachable: report.message ?? report.error?.summary ?? "npm audit gave no report" };
  const findings = new Map();
  for (const { name, via } of Object.values(report.vulnerabilities)) {
    for (const cause of via) {
      // A text names another package of the report.
      if (typeof cause === "string") continue;
      const id = /GHSA-[\w-]+/.exec(cause.url)?.[0] ?? `GHSA-without-id-${cause.source}`;
      findings.set(`${id} ${name}`, { id, about: `npm package ${name} ${cause.range} (${cause.severity}): ${cause.title}` });
    }
  }
  return { findings: [...findings.values()] };
}

/** Returns the faults of the list itself. */
export function listFaults(entries, today) {
  const faults = [];
  const seen = new Set();
  const date = (text) => (/^\d{4}-\d\d-\d\d$/.test(text ?? "") ? Date.parse(text) : NaN);
  for (const { id, reason, accepted, until } of entries) {
    const named = `${LIST}: ${id ?? "an entry without id"}`;
    const [from, to] = [date(accepted), date(until)];
    if (!DATABASES.some(({ owns }) => owns(id ?? ""))) faults.push(`${named}: neither RUSTSEC-…, GHSA-… nor yanked:NAME@VERSION`);
    if (seen.has(id)) faults.push(`${named}: listed twice`);
    seen.add(id);
    if (!reason?.trim()) faults.push(`${named}: needs a reason`);
    if (Number.isNaN(from) || Number.isNaN(to)) faults.push(`${named}: accepted and until must be dates such as 2026-11-28`);
    else if (from > Date.parse(today)) faults.push(`${named}: accepted in the future, on ${accepted}`);
    else if (to < from || to - from > MAX_DAYS * DAY) faults.push(`${named}: until must be at most ${MAX_DAYS} days after ${accepted}`);
    else if (to < Date.parse(today)) faults.push(`${named}: was accepted until ${until}; decide again`);
  }
  return faults;
}

/** Returns the findings that are not accepted, and the entries that are not needed. */
export function databaseFaults({ name, owns }, findings, entries) {
  const accepted = new Set(entries.map(({ id }) => id));
  const found = new Set(findings.map(({ id }) => id));
  return [
    ...findings.filter(({ id }) => !accepted.has(id)).map(({ id, about }) => `${id}: ${about}`),
    ...[...accepted].filter((id) => owns(id) && !found.has(id)).map((id) => `${LIST}: ${id} is not among the ${name}: remove it`),
  ];
}

function main() {
  const required = process.env.AUDIT_REQUIRED === "1";
  const entries = parse(readFileSync(`${root}/${LIST}`, "utf8")) ?? [];
  const counts = { passed: 0, failed: 0 };
  const report = (what, faults) => {
    counts[faults.length > 0 ? "failed" : "passed"] += 1;
    console.log(`  ${faults.length > 0 ? "FAILED" : "ok    "}  ${what}`);
    for (const fault of faults) console.log(`          ${fault}`);
  };
  report(`the ${entries.length} accepted advisories have a reason and are not out of date`, listFaults(entries, new Date().toISOString().slice(0, 10)));
  for (const database of DATABASES) {
    const { findings, unreachable } = database.ask();
    const why = `the database cannot be reached, so nothing was checked: ${unreachable}`;
    if (findings) report(`${database.name}: ${findings.length} found`, databaseFaults(database, findings, entries));
    else if (required) report(database.name, [why]);
    else console.log(`skipped: ${database.name}: ${why}`);
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
