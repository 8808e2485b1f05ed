// Figures compared with an independent computation from the exported events.
import { type Filter, figure } from "../support/api";
import { type Build, compute, decided, failed, rollUp, select } from "../support/builds";
import { expect, test } from "../support/fixtures";
import { sampleData } from "../support/global-setup";
import { run } from "../support/program";

const FIGURES = [
  "build_status",
  "build_status_day",
  "nightly_vs_non_nightly",
  "most_failing",
  "heatmap",
  "failing_steps",
  "timeline_short",
  "timeline",
  "duration",
  "lengthy_pipelines",
];
const FILTERS: Filter[] = [
  {},
  { days: 1 },
  { days: 28 },
  { days: 180 },
  { type: "nightly" },
  { type: "non-nightly", days: 7 },
  { project: "cmc" },
  { project: "fees-and-pay", type: "nightly", days: 90 },
];

test.describe.configure({ mode: "serial" });

let builds: Build[];

test.beforeAll(async () => {
  builds = rollUp(await run("export", "events", "--data", sampleData()));
});

for (const id of FIGURES) {
  test(`${id} matches the exported events`, async ({ request }) => {
    for (const filter of FILTERS) {
      const wanted = await figure(request, id, filter);
      expect(wanted.rows.length, `the sample has rows for ${JSON.stringify(filter)}`).toBeGreaterThan(0);
      expect(wanted.rows, JSON.stringify(filter)).toEqual(compute(id, builds, wanted.as_of, filter));
    }
  });
}

test("the exported builds match the events rolled up", async () => {
  const exported = (await run("export", "builds", "--data", sampleData())).trim().split("\n");
  const results = new Map<string, number>();
  for (const line of exported) {
    const { result, branch, branch_name = branch } = JSON.parse(line);
    if (branch_name == null || ["master", "main"].includes(branch_name)) results.set(result, (results.get(result) ?? 0) + 1);
  }
  const expected = new Map<string, number>();
  for (const { result } of builds) expected.set(result, (expected.get(result) ?? 0) + 1);
  expect([...results].sort()).toEqual([...expected].sort());
});

test("the headline compares with the preceding period of equal length", async ({ request }) => {
  const headline = await (await request.get("/api/headline?days=28")).json();
  const { kinds } = await (await request.get("/api/freshness")).json();
  const asOf = kinds[0].as_of.at;
  const share = (of: Build[]) => (100 * of.filter(({ result }) => failed(result)).length) / of.filter(({ result }) => decided(result)).length;
  const now = select(builds, asOf, { days: 28 });
  const before = select(builds, new Date(Date.parse(asOf) - 28 * 86_400_000).toISOString(), { days: 28 });
  expect(headline.builds).toBe(now.length);
  expect(headline.builds_before).toBe(before.length);
  expect(headline.decided).toBe(now.filter(({ result }) => decided(result)).length);
  expect(headline.failure_percent).toBeCloseTo(share(now), 6);
  expect(headline.failure_percent_before).toBeCloseTo(share(before), 6);
});

test("a figure's export matches the figure", async ({ request }) => {
  const wanted = await figure(request, "most_failing", { project: "cmc", days: 28 });
  const csv = await run("export", "most_failing", "--format", "csv", "--project", "cmc", "--days", "28", "--data", sampleData());
  const served = await request.get("/figures/most_failing.csv?project=cmc&days=28");
  expect(csv).toBe(await served.text());
  expect(csv.trim().split("\n").length).toBe(wanted.rows.length + 1);
});
