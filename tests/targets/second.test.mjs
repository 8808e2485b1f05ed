// Steps, details and groups of builds, computed a second time from the exported events alone.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { binary } from "../../scripts/lib/server.mjs";

const DAY_MS = 24 * 60 * 60 * 1000;
const FAILED_MS = 30 * 60 * 1000;
const LOST_MS = 330 * 60 * 1000;
const DEFAULT_BRANCHES = [null, "master", "main"];
const NOT_STEPS = ["Pipeline Failed", "Pipeline Succeeded", "not-approved-repo", "not-approved-infra", "pipelineWarning"];
const PARALLEL = ["test", "sonarscan", "securitychecks", "techstack", "dockerbuild", "dockertestbuild"];
const SEVERITY = ["SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED"];
const isStep = (name) => name && !NOT_STEPS.includes(name) && !name.startsWith("AUTO_ABORT");
const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
const ms = (time) => (time === null ? null : Date.parse(time));
const groupsOf = (items, keyOf) => {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
};
const last = (events, field) => events.findLast((event) => event[field] !== null)?.[field] ?? null;

/** The value below which a share of the values lie, interpolated. */
function percentile(values, share) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.min(Math.floor(at) + 1, sorted.length - 1)];
  return low + (at - Math.floor(at)) * (high - low);
}

function stepsOf(events) {
  const steps = [];
  let attempts = 0;
  let before = "SUCCESS";
  events.forEach((event, index) => {
    const result = event.current_build_current_result;
    let own = "UNKNOWN";
    if (result === "SUCCESS" || (SEVERITY.includes(result) && SEVERITY.indexOf(result) > SEVERITY.indexOf(before))) own = result;
    if (SEVERITY.includes(result)) before = result;
    const name = event.current_step_name;
    if (!isStep(name)) return;
    if (name === "checkout") attempts += 1;
    const end = ms(event.stage_timestamp);
    const earlier = PARALLEL.includes(name)
      ? ms(steps.findLast((step) => !PARALLEL.includes(step.step))?.ended_at ?? null)
      : ms(events[index - 1]?.stage_timestamp ?? null);
    const from = earlier ?? ms(events.at(-1).current_build_scheduled_time);
    steps.push({ step: name, ended_at: event.stage_timestamp, result: own, attempt: Math.max(attempts, 1), duration_ms: from === null ? null : Math.max(end - from, 0) });
  });
  return steps;
}

function buildOf(events) {
  const [first, final] = [events[0], events.at(-1)];
  const [stage, scheduled] = [ms(first.stage_timestamp), ms(first.current_build_scheduled_time)];
  const known = scheduled !== null && first.current_build_duration !== null;
  const labels = last(events, "node_labels");
  const library = [last(events, "shared_library_name"), last(events, "shared_library_version")];
  const url = last(events, "git_url");
  return {
    job: final.job_name,
    said: final.current_build_current_result,
    finished: ms(final.stage_timestamp),
    branch: last(events, "branch_name"),
    duration: final.current_build_duration,
    ended: events.some(({ current_step_name: name }) => name && /^(Pipeline (Succeeded|Failed)$|AUTO_ABORT)/.test(name)),
    delay: known ? Math.max(stage - scheduled - first.current_build_duration, 0) : null,
    commit: last(events, "git_commit"),
    node: last(events, "node_name"),
    agent: labels,
    library: library[0] && library[1] ? library.join("@") : library[0] ?? library[1],
    repository: url ? url.split("/").at(-1).replace(/\.git$/, "") : final.job_name.split("/").at(-2) ?? null,
    product: last(events, "product"),
    steps: stepsOf(events),
  };
}

/** Whether good builds show that their pipeline tells when its builds end; null if they are too few. */
function tell(builds, asOf) {
  const judged = builds.filter(({ said, finished }) => ["SUCCESS", "UNSTABLE"].includes(said) && asOf - finished > LOST_MS && asOf - finished < 180 * DAY_MS);
  return judged.length < 5 ? null : judged.filter(({ ended }) => ended).length * 2 >= judged.length;
}

/** Decides which builds of one system are running or lost. */
function decide(builds, asOf) {
  const onPage = ({ branch }) => DEFAULT_BRANCHES.includes(branch);
  const bySystem = tell(builds.filter(onPage), asOf) ?? false;
  for (const of of groupsOf(builds, ({ job }) => job).values()) {
    const tells = tell(of.filter(onPage), asOf) ?? bySystem;
    for (const build of of) {
      const age = asOf - build.finished;
      const wrong = ["FAILURE", "ABORTED", "NOT_BUILT"].includes(build.said);
      const completed = build.ended || !tells || (wrong && age > FAILED_MS);
      build.result = completed ? build.said : age > LOST_MS ? "LOST" : "RUNNING";
    }
  }
}

for (const seed of [1, 2, 3]) {
  test(`steps, details and groups of seed ${seed}`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-second-"));
    const run = (...args) => execFileSync(binary(), [...args, "--data", folder], { encoding: "utf8", maxBuffer: 1 << 30 });
    try {
      run("sample", "--seed", String(seed), "--days", "30", "--as-of", "2026-11-20T12:00:00Z");
      const byBuild = groupsOf(lines(run("export", "events")), (event) => `${event.system} ${event.build_tag}`);
      const order = (event) => [ms(event.stage_timestamp), event._ts ?? -1, event.id];
      const compare = (a, b) => order(a).reduce((sign, value, index) => sign || (value < order(b)[index] ? -1 : value > order(b)[index] ? 1 : 0), 0);
      const builds = new Map([...byBuild].map(([key, events]) => [key, buildOf(events.sort(compare))]));
      assert.ok(builds.size > 1000);
      const asOf = Math.max(...[...builds.values()].map(({ finished }) => finished));
      decide([...builds.values()], asOf);

      const exported = lines(run("export", "builds"));
      assert.equal(exported.length, builds.size);
      for (const row of exported) {
        const build = builds.get(`${row.system} ${row.build_tag}`);
        const expected = { result: build.result, ended: String(build.ended), start_delay_ms: build.delay, git_commit: build.commit, node_name: build.node, node_labels: build.agent, product: build.product };
        assert.deepEqual(Object.fromEntries(Object.keys(expected).map((field) => [field, row[field]])), expected, row.build_tag);
      }

      const steps = groupsOf(lines(run("export", "steps")), (step) => `${step.system} ${step.build_tag}`);
      for (const [key, { steps: expected }] of builds) {
        const actual = (steps.get(key) ?? []).map(({ step, ended_at, result, attempt, duration_ms }) => ({ step, ended_at, result, attempt, duration_ms }));
        assert.deepEqual(actual, expected, key);
      }

      const window = [...builds.values()].filter(({ branch, finished }) => DEFAULT_BRANCHES.includes(branch) && finished > asOf - 14 * DAY_MS);
      for (const attribute of ["result", "agent", "node", "library", "repository", "product"]) {
        const groups = [...groupsOf(window, (build) => build[attribute] ?? "unknown")].map(([value, group]) => {
          const decided = group.filter(({ result }) => ["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED"].includes(result)).length;
          const failed = group.filter(({ result }) => ["FAILURE", "ABORTED"].includes(result)).length;
          const minutes = (values, share) => {
            const at = percentile(values.filter((value) => value !== null), share);
            return at === null ? null : Math.round((at / 60_000) * 100) / 100;
          };
          const durations = group.map(({ duration }) => duration);
          return {
            [attribute]: value,
            builds: group.length,
            failed,
            failed_percent: decided ? Math.round((failed / decided) * 10_000) / 100 : null,
            duration_p50_min: minutes(durations, 0.5),
            duration_p95_min: minutes(durations, 0.95),
            start_delay_p50_min: minutes(group.map(({ delay }) => delay), 0.5),
          };
        });
        const byValue = (a, b) => (a[attribute] < b[attribute] ? -1 : 1);
        assert.deepEqual(lines(run("export", `by-${attribute}`)).sort(byValue), groups.sort(byValue), attribute);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
