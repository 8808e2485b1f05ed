// Data that is made to fill memory and pages: long and many names, and records that compress well. Imports and
// the server run within a limit of memory where this machine's control groups can set one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";

import { Server, binary, environment } from "../lib/server.mjs";

const LIMIT_MB = { group: 512, server: 300 };
const MOST_PAGE = 1_000_000;
const GROUPS = [
  ["/sys/fs/cgroup", "memory.max"],
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
];

/** A control group with a limit of memory; undefined where this process cannot make one. */
function limitedGroup() {
  for (const [root, limit] of GROUPS) {
    const group = path.join(root, `rse-dashboard-soak-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    // Anywhere else, the folder is one like any other.
    if (existsSync(path.join(group, limit))) {
      writeFileSync(path.join(group, limit), String(LIMIT_MB.group * 1024 * 1024));
      return group;
    }
    rmdirSync(group);
  }
  console.log(`skipped: a limit of memory: needs control groups that this user can write`);
  return undefined;
}

/** The program and arguments that run `args` of the dashboard within a group. */
function within(group, args) {
  if (!group) return [binary(), args];
  return ["bash", ["-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, binary(), ...args]];
}

/** The greatest use of memory so far, in MB; a process that has just ended has none. */
const peak = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
const line = (object) => `${JSON.stringify(object)}\n`;

/** A failed build with one step, so many ms ago. */
function event(age, job, step) {
  return line({
    build_tag: `${job.slice(0, 40)}-${age}`,
    job_name: job,
    build_id: String(age),
    branch_name: "master",
    current_step_name: step,
    current_build_current_result: "FAILURE",
    stage_timestamp: new Date(Date.now() - age).toISOString(),
  });
}

function* named(count, length) {
  for (let number = 0; number < count; number += 1) {
    yield event(number, `job ${number} ${"j".repeat(length)}`, `step ${number} ${"s".repeat(length)}`);
  }
}

function* steps() {
  for (let number = 0; number < 200_000; number += 1) yield event(number, "HMCTS_CMC/claim-store/master", `step ${number}`);
}

function* longRecords() {
  for (let number = 0; number < 1_000; number += 1) yield event(number, "long", "s".repeat(1_000_000));
}

function* repositories() {
  for (let number = 0; number < 50_000; number += 1) {
    yield line({ repository: `team${number % 5_000}-${number}`, javascript: true, node_version: `1.${number}`, java_version: "11" });
  }
  for (const team of ["a", "b", "c", "d"]) {
    for (let part = 0; part < 4; part += 1) {
      const suppressions = Array.from({ length: 9_500 }, (_, cve) => ({ cve: `CVE-2019-${part * 9_500 + cve + 1_000}`, until: "2030-01-01" }));
      yield line({ repository: `${team}-suppressions-${part}`, suppressions });
    }
  }
  for (let number = 0; number < 20; number += 1) {
    yield line({ repository: `long-version-${number}`, javascript: true, node_version: "1".repeat(1_000_000) });
  }
}

const ATTACKS = [
  ["5,000 names of 10 kB", "events", 5_000, () => named(5_000, 10_000)],
  ["100 names of half a megabyte", "events", 100, () => named(100, 500_000)],
  ["200,000 names of steps", "events", 200_000, steps],
  ["1 GB of records that compress well", "events", 1_000, longRecords],
  ["50,000 repositories, 4 × 38,000 CVEs and versions of 1 MB", "security", 50_036, repositories],
];

/** Imports records; returns the number of new ones, the exit code and the greatest use of memory in MB. */
async function imported(group, kind, records, variables) {
  const [program, args] = within(group, ["import", kind, "-", "--json"]);
  const child = spawn(program, args, { env: environment(variables), stdio: ["pipe", "pipe", "pipe"] });
  let report = "";
  child.stdout.on("data", (text) => (report += text));
  let said = "";
  child.stderr.on("data", (text) => (said = (said + text).slice(-2_000)));
  let most = 0;
  const watch = setInterval(() => {
    if (child.exitCode === null && child.signalCode === null) most = Math.max(most, peak(child.pid));
  }, 20);
  const written = pipeline(Readable.from(records), createGzip({ level: constants.Z_BEST_SPEED }), child.stdin).catch(() => {});
  const [code, signal] = await once(child, "close");
  clearInterval(watch);
  await written;
  return { added: code === 0 ? JSON.parse(report).new : 0, ended: code ?? signal, most, said };
}

/** Runs all attacks with data. `folder` is for a data directory. */
export async function attacksWithData(check, folder) {
  const group = limitedGroup();
  const variables = { RSE_DATA: path.join(folder, "attacked") };
  try {
    for (const [what, kind, count, records] of ATTACKS) {
      const { added, ended, most, said } = await imported(group, kind, records(), variables);
      check(`${what}: all are imported`, added === count, added === count ? "" : `${added} of ${count}; exit code ${ended}: ${said}`);
      check(`${what}: it uses less than ${LIMIT_MB.group} MB`, most > 0 && most < LIMIT_MB.group, `${most.toFixed(0)} MB`);
    }
    const [program, args] = within(group, ["serve"]);
    const server = await Server.start({ program, args, variables });
    try {
      for (const page of ["/pipelines", "/security", "/sources", "/pipelines?days=180", "/figures/failing_steps", "/figures/cve_per_team"]) {
        const response = await fetch(server.url + page);
        const { length } = Buffer.from(await response.arrayBuffer());
        const good = response.status === 200 && length < MOST_PAGE;
        check(`all of this: ${page} is smaller than 1 MB`, good, `status ${response.status}, ${(length / 1000).toFixed(0)} kB`);
      }
      await Promise.all(Array.from({ length: 6 }, () => fetch(`${server.url}/security`).then((response) => response.arrayBuffer())));
      const most = peak(server.child.pid);
      check(`all of this: the server uses less than ${LIMIT_MB.server} MB`, most < LIMIT_MB.server, `${most.toFixed(0)} MB`);
      check("all of this: nothing panicked", !/panicked/.test(server.log), server.log.match(/.*panicked.*/)?.[0] ?? "");
    } finally {
      await server.stop();
    }
  } finally {
    if (group) rmdirSync(group);
  }
}
