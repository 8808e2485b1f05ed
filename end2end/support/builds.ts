// Independent computation of builds and figures from the exported events. It follows only the
// written definitions of the figures and repeats the rules of the default configuration.
import type { Cell, Filter } from "./api";

interface Event {
  id: string | null;
  build_tag: string | null;
  job_name: string;
  build_id: string | null;
  current_build_current_result: string | null;
  stage_timestamp: string;
  current_build_scheduled_time: string | null;
  current_build_duration: number | null;
  _ts: number | null;
  current_step_name: string | null;
  branch_name: string | null;
  build_url?: string | null;
}

export interface Build {
  pipeline: string;
  result: string;
  nightly: boolean;
  branch: string | null;
  finished: number;
  started: number;
  durationMs: number | null;
  step: string | null;
}

/** A build before it is decided whether it has ended: with the result of its latest event. */
interface Known extends Omit<Build, "result"> {
  said: string;
  ended: boolean;
}

const RESULTS = ["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "NOT_BUILT"];
const NOT_STEPS = ["", "Pipeline Failed", "Pipeline Succeeded", "not-approved-repo", "not-approved-infra", "pipelineWarning"];
const PATTERNS: Record<string, string> = { cmc: "_CMC", sscs: "_SSCS", "fees-and-pay": "_FeePay", probate: "_Probate" };
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAY_MS = 86_400_000;
const FAILED_MS = 30 * 60_000;
const LOST_MS = 330 * 60_000;
const GOOD = ["SUCCESS", "UNSTABLE"];
const WRONG = ["FAILURE", "ABORTED", "NOT_BUILT"];

export const failed = (result: string) => result === "FAILURE" || result === "ABORTED";
export const decided = (result: string) => failed(result) || result === "SUCCESS" || result === "UNSTABLE";
const resultOf = (event: Event) => RESULTS.find((known) => known === event.current_build_current_result) ?? "UNKNOWN";
const counts = ({ current_step_name: step }: Event) => !NOT_STEPS.includes(step ?? "") && !step?.startsWith("AUTO_ABORT");
const percent = (part: number, whole: number) => (whole ? Math.round((10_000 * part) / whole) / 100 : null);

/** Order by `stage_timestamp`, then `_ts`, then `id`. */
function inTime(a: Event, b: Event): number {
  const [x, y] = [Date.parse(a.stage_timestamp), Date.parse(b.stage_timestamp)];
  return x - y || (a._ts ?? -Infinity) - (b._ts ?? -Infinity) || ((a.id ?? "") < (b.id ?? "") ? -1 : 1);
}

/** Whether a pipeline's good builds show that it tells when its builds end; undefined if they are too few. */
function tell(builds: Known[], asOf: number): boolean | undefined {
  const judged = builds.filter(({ said, finished }) => GOOD.includes(said) && asOf - finished > LOST_MS && asOf - finished < 180 * DAY_MS);
  return judged.length < 5 ? undefined : judged.filter(({ ended }) => ended).length * 2 >= judged.length;
}

/** Decides which builds of one system are running or lost. */
function withResults(builds: Known[], asOf: number): Build[] {
  const bySystem = tell(builds, asOf) ?? false;
  return [...grouped(builds, ({ pipeline }) => pipeline).values()].flatMap((of) => {
    const tells = tell(of, asOf) ?? bySystem;
    return of.map((build) => {
      const age = asOf - build.finished;
      const completed = build.ended || !tells || (WRONG.includes(build.said) && age > FAILED_MS);
      return { ...build, result: completed ? build.said : age > LOST_MS ? "LOST" : "RUNNING" };
    });
  });
}

/** Rolls events of one system up into builds of the default branches. */
export function rollUp(ndjson: string): Build[] {
  const byBuild = new Map<string, Event[]>();
  for (const line of ndjson.split("\n")) {
    if (!line) continue;
    const event: Event = JSON.parse(line);
    const key = event.build_tag ?? `${event.job_name}\n${event.build_id}`;
    const events = byBuild.get(key);
    if (events) events.push(event);
    else byBuild.set(key, [event]);
  }
  const builds = [...byBuild.values()].map(rolledUp);
  const asOf = builds.map(({ finished }) => finished).reduce((a, b) => Math.max(a, b), 0);
  return withResults(builds.filter(({ branch }) => branch === null || ["master", "main"].includes(branch)), asOf);
}

function rolledUp(events: Event[]): Known {
  events.sort(inTime);
  const latest = events[events.length - 1];
  const failing = events.find((event) => resultOf(event) === "FAILURE" && counts(event)) ?? events.findLast(counts);
  return {
    pipeline: latest.job_name,
    said: resultOf(latest),
    ended: events.some(({ current_step_name: step }) => /^(Pipeline (Succeeded|Failed)$|AUTO_ABORT)/.test(step ?? "")),
    nightly: events.some((event) => /nightly/i.test(`${event.job_name} ${event.build_url ?? ""}`)),
    branch: latest.branch_name ?? null,
    finished: Date.parse(latest.stage_timestamp),
    started: Date.parse(latest.current_build_scheduled_time ?? events[0].stage_timestamp),
    durationMs: latest.current_build_duration ?? null,
    step: failing?.current_step_name ?? null,
  };
}

/** Builds in a filter's window. */
export function select(builds: Build[], asOf: string, { project = "all", type = "all", days = 14 }: Filter): Build[] {
  const end = Date.parse(asOf);
  const pattern = new RegExp(project === "all" ? "" : PATTERNS[project]);
  return builds.filter(
    (build) =>
      build.finished > end - days * DAY_MS &&
      build.finished <= end &&
      pattern.test(build.pipeline) &&
      (type === "all" || build.nightly === (type === "nightly")),
  );
}

function grouped<K, T>(items: T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const countOf = (builds: Build[], ...results: string[]) => builds.filter((build) => results.includes(build.result)).length;

type Rows = (builds: Build[]) => Cell[][];

const build_status: Rows = (builds) =>
  builds.length
    ? [...RESULTS, "LOST", "RUNNING", "UNKNOWN"].map((result) => [result, countOf(builds, result), percent(countOf(builds, result), builds.length)])
    : [];

const most_failing: Rows = (builds) =>
  [...grouped(builds, (build) => build.pipeline)]
    .map(([pipeline, of]): [string, number, number, number, number, number | null] => {
      const [failure, aborted] = [countOf(of, "FAILURE"), countOf(of, "ABORTED")];
      return [pipeline, failure, aborted, failure + aborted, of.length, percent(failure + aborted, of.length)];
    })
    .filter(([, , , failures]) => failures > 0)
    .sort((a, b) => b[3] - a[3] || byText(a[0], b[0]))
    .slice(0, 50);

const heatmap: Rows = (builds) =>
  [...grouped(builds, ({ finished }) => ((new Date(finished).getUTCDay() + 6) % 7) * 24 + new Date(finished).getUTCHours())]
    .sort(([a], [b]) => a - b)
    .filter(([, of]) => of.some((build) => decided(build.result)))
    .map(([hour, of]) => {
      const failures = of.filter((build) => failed(build.result)).length;
      const share = percent(failures, of.filter((build) => decided(build.result)).length);
      return [WEEKDAYS[Math.floor(hour / 24)], hour % 24, of.length, failures, share];
    });

const failing_steps: Rows = (builds) => {
  const failures = builds.filter((build) => build.result === "FAILURE");
  return [...grouped(failures, (build) => build.step ?? "unknown")]
    .map(([step, of]): [string, number, number | null] => [step, of.length, percent(of.length, failures.length)])
    .sort((a, b) => b[1] - a[1] || byText(a[0], b[0]));
};

const timeline: Rows = (builds) =>
  [...grouped(builds, (build) => new Date(build.finished).toISOString().slice(0, 10))]
    .sort(([a], [b]) => byText(a, b))
    .map(([date, of]) => {
      const known = ["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED"].map((result) => countOf(of, result));
      return [date, ...known, of.length - known.reduce((a, b) => a + b)];
    });

const nightly_vs_non_nightly: Rows = (builds) =>
  builds.length
    ? [true, false].map((nightly) => {
        const of = builds.filter((build) => build.nightly === nightly);
        const failures = of.filter((build) => failed(build.result)).length;
        return [nightly ? "Nightly" : "Non-nightly", failures, of.length, percent(failures, of.length)];
      })
    : [];

function slots(minutes: number): Rows {
  return (builds) =>
    [...grouped(builds, ({ started }) => Math.floor(started / (minutes * 60_000)) * minutes * 60_000)]
      .sort(([a], [b]) => a - b)
      .map(([start, of]) => {
        const failures = of.filter((build) => failed(build.result)).length;
        return [new Date(start).toISOString().replace(".000Z", "Z"), of.length, failures, percent(failures, of.length)];
      });
}

const DRAWN_DURATIONS = ["SUCCESS", "FAILURE", "ABORTED"];
const BIN_MINUTES = [0.5, 1, 2, 5, 10, 15, 30, 60];

const duration: Rows = (builds) => {
  const known = builds.filter((build) => DRAWN_DURATIONS.includes(build.result) && build.durationMs !== null);
  if (known.length === 0) return [];
  const binOf = (width: number) => (build: Build) => Math.floor(build.durationMs! / (width * 60_000));
  const bins = (width: number) => known.map(binOf(width)).reduce((a, b) => Math.max(a, b)) + 1;
  const width = BIN_MINUTES.find((width) => bins(width) <= 120) ?? 60;
  const first = known.map(binOf(width)).reduce((a, b) => Math.min(a, b));
  return Array.from({ length: bins(width) - first }, (_, index) => {
    const of = known.filter((build) => binOf(width)(build) === first + index);
    return [(first + index) * width, (first + index + 1) * width, ...DRAWN_DURATIONS.map((result) => countOf(of, result))];
  });
};

const minutes = (ms: number) => Math.round(ms / 600) / 100;

/** Percentile by linear interpolation; the numbers must ascend. */
function percentile(numbers: number[], share: number): number {
  const position = share * (numbers.length - 1);
  const [low, high] = [numbers[Math.floor(position)], numbers[Math.ceil(position)]];
  return low + (position % 1) * (high - low);
}

const lengthy_pipelines: Rows = (builds) =>
  [...grouped(builds.filter(({ result, durationMs }) => result === "SUCCESS" && durationMs !== null), (build) => build.pipeline)]
    .map(([pipeline, of]): [string, number[]] => [pipeline, of.map(({ durationMs }) => durationMs!).sort((a, b) => a - b)])
    .map(([pipeline, ms]) => ({ pipeline, ms, mean: ms.reduce((a, b) => a + b) / ms.length }))
    .sort((a, b) => b.mean - a.mean || byText(a.pipeline, b.pipeline))
    .slice(0, 50)
    .map(({ pipeline, ms, mean }) => [pipeline, ms.length, minutes(mean), minutes(percentile(ms, 0.5)), minutes(percentile(ms, 0.95))]);

const timeline_short = (days = 14) => slots(days <= 14 ? 15 : days <= 28 ? 60 : 360);

/** Computes a figure's rows for a filter. */
export function compute(id: string, builds: Build[], asOf: string, filter: Filter): Cell[][] {
  const of = (filter: Filter) => select(builds, asOf, filter);
  switch (id) {
    case "build_status":
      return build_status(of(filter));
    case "build_status_day":
      return build_status(of({ ...filter, days: 1 }));
    case "nightly_vs_non_nightly":
      return nightly_vs_non_nightly(of({ ...filter, type: "all" }));
    case "most_failing":
      return most_failing(of(filter));
    case "heatmap":
      return heatmap(of(filter));
    case "failing_steps":
      return failing_steps(of(filter));
    case "timeline_short":
      return timeline_short(filter.days)(of(filter));
    case "duration":
      return duration(of(filter));
    case "lengthy_pipelines":
      return lengthy_pipelines(of(filter));
    case "timeline":
      return timeline(of({ ...filter, days: 180 }));
    default:
      throw new Error(`${id} is not computed a second time`);
  }
}
