// Measures how well causes are found: node scripts/insight-accuracy.mjs PROGRAM [SEEDS]
//
// Samples of these seeds are made at a fifth of the usual size, and what the program finds in them is compared with
// what `sample --truth` says was planted. Writes Markdown for docs/insight.md.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [program, seeds = "20"] = process.argv.slice(2);
const SCALE = "0.2";
const AS_OF = "2019-10-25T17:15:00Z";
const EVERYTHING = "from=1970-01-01";
const CLASSES = ["lost", "agent", "incident", "flaky", "broken", "once", "unknown"];
const CAUSES = [
  "incident", "bad_agent", "bad_release", "red", "still_broken", "failure_shift", "flaky", "own", "timed_out", "lost",
];
// Causes that many builds share.
const SHARED = ["incident", "bad_agent", "bad_release"];
const HOUR = 3_600_000;

/** Counts right and wrong finds, and what was not found. */
class Score {
  found = 0;
  right = 0;
  planted = 0;
  recalled = 0;

  get precision() {
    return `${percent(this.right, this.found)} (${this.right} of ${this.found})`;
  }

  get recall() {
    return `${percent(this.recalled, this.planted)} (${this.recalled} of ${this.planted})`;
  }
}

function percent(part, whole) {
  return whole === 0 ? "unknown" : `${((100 * part) / whole).toFixed(1)}%`;
}

function run(directory, ...command) {
  const options = { encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "ignore"] };
  return execFileSync(program, [...command, "--data", directory], options);
}

function rows(directory, what, selection) {
  const text = run(directory, "export", what, "--selection", selection);
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function measure(seed, scores, matrix) {
  const directory = mkdtempSync(join(tmpdir(), "insight-"));
  try {
    const file = join(directory, "truth.json");
    run(directory, "sample", "--seed", String(seed), "--scale", SCALE, "--as-of", AS_OF, "--truth", file);
    const truth = JSON.parse(readFileSync(file, "utf8"));
    const causes = new Map();
    for (const { cause, incident, pipeline, numbers } of truth.causes) {
      for (const number of numbers) causes.set(`${pipeline} ${number}`, { cause, incident });
    }
    const builds = rows(directory, "builds", EVERYTHING).filter((build) => build.class !== null);
    for (const build of builds) {
      build.cause = causes.get(`${build.name} ${build.number}`)?.cause ?? "none";
      matrix[build.cause] ??= {};
      matrix[build.cause][build.class] = (matrix[build.cause][build.class] ?? 0) + 1;
    }
    measureIncidents(truth, rows(directory, "incidents", EVERYTHING), builds, scores);
    const flaky = rows(directory, "flaky_pipelines", "days=14").filter((row) => row.flaky === "yes");
    sets(scores.flaky, flaky.map((row) => row.pipeline), truth.flaky.map((known) => known.pipeline));
    measureRates(scores.agent, rows(directory, "failure_rate_by_agent", "days=7"), "agent", truth.bad_agent.labels);
    if (truth.bad_release !== null) {
      const { from, until, library, version } = truth.bad_release;
      const selection = new URLSearchParams({ from, to: new Date(Date.parse(until) + 48 * HOUR).toISOString() });
      const releases = rows(directory, "failure_rate_by_library", `${selection}`);
      measureRates(scores.release, releases, "library", `${library}@${version}`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** An incident is right if it is at the step of a planted one and in its time. */
function measureIncidents(truth, found, builds, scores) {
  const matches = (known, { step, from, to }) =>
    known.step === step && Date.parse(from) < Date.parse(known.until) && Date.parse(known.from) < Date.parse(to);
  scores.incidents.found += found.length;
  scores.incidents.right += found.filter((one) => truth.incidents.some((known) => matches(known, one))).length;
  // No rule finds one in fewer pipelines.
  const planted = truth.incidents.filter((known) => known.failed >= 4);
  scores.incidents.planted += planted.length;
  scores.incidents.recalled += planted.filter((known) => found.some((one) => matches(known, one))).length;
  scores.shared.found += found.length;
  for (const one of found) {
    const members = builds.filter((build) => build.incident === one.incident);
    const shared = members.filter((build) => SHARED.includes(build.cause));
    scores.shared.right += 2 * shared.length >= members.length ? 1 : 0;
    for (const known of one.shared.split(", ").filter((known) => known !== "nothing")) {
      scores.named[known.replace(/ \(.*/, "")] = (scores.named[known.replace(/ \(.*/, "")] ?? 0) + 1;
    }
  }
}

/** A value stands out if its rate is clearly higher than that of all others: Newcombe's interval excludes no difference. */
function measureRates(score, table, column, planted) {
  const standsOut = table.filter((row) => {
    const others = table.filter((other) => other !== row && other[column] !== "unknown");
    const failed = others.reduce((sum, other) => sum + other.failed, 0);
    const decided = others.reduce((sum, other) => sum + other.decided, 0);
    if (row[column] === "unknown" || decided < 5 || row.decided < 5) return false;
    const [share, low] = wilson(row.failed, row.decided);
    const [otherShare, , otherHigh] = wilson(failed, decided);
    return share - otherShare > Math.hypot(share - low, otherHigh - otherShare);
  });
  sets(score, standsOut.map((row) => row[column]), [planted]);
}

/** A share, and Wilson's 95% interval of it. */
function wilson(part, whole) {
  const z = 1.959963984540054;
  const share = part / whole;
  const centre = share + (z * z) / (2 * whole);
  const spread = z * Math.sqrt((share * (1 - share)) / whole + (z * z) / (4 * whole * whole));
  const denominator = 1 + (z * z) / whole;
  return [share, (centre - spread) / denominator, (centre + spread) / denominator];
}

function sets(score, found, planted) {
  score.found += found.length;
  score.right += found.filter((one) => planted.includes(one)).length;
  score.planted += planted.length;
  score.recalled += planted.filter((one) => found.includes(one)).length;
}

const scores = {
  incidents: new Score(), shared: new Score(), flaky: new Score(), agent: new Score(), release: new Score(), named: {},
};
const matrix = {};
for (let seed = 1; seed <= Number(seeds); seed += 1) {
  measure(seed, scores, matrix);
  process.stderr.write(`seed ${seed}\n`);
}

console.log("| found | precision | recall |\n| --- | --- | --- |");
for (const [name, score] of [
  ["incidents, of those planted with 4 failures or more", scores.incidents],
  ["flaky pipelines", scores.flaky],
  ["the bad agent, by its failure rate of 7 days", scores.agent],
  ["the bad release of the library, by its failure rate", scores.release],
]) {
  console.log(`| ${name} | ${score.precision} | ${score.recall} |`);
}
console.log(`\n${scores.shared.precision} of all incidents have a shared cause (${SHARED.join(", ")}) in most builds.`);
console.log(`Named as shared: ${JSON.stringify(scores.named)}\n`);
console.log(`| planted cause | ${CLASSES.join(" | ")} |\n|${" --- |".repeat(CLASSES.length + 1)}`);
for (const cause of [...CAUSES, "none"].filter((known) => matrix[known])) {
  console.log(`| ${cause} | ${CLASSES.map((name) => matrix[cause][name] ?? 0).join(" | ")} |`);
}
