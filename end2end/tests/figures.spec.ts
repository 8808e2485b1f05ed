// Each of the sixteen figures draws, and draws what its rows say: mark by mark.
import { ALL, column, type Figure, figure, PAGES, pageOf } from "../support/api";
import { card, drawn, type Marks, marks, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

const above = (numbers: number[]) => numbers.filter((number) => number > 0);
const sorted = (numbers: number[]) => [...numbers].map((number) => Number(number.toFixed(6))).sort((a, b) => a - b);
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function pieOf(id: string) {
  return (drawn: Marks, figure: Figure) => expect(sorted(drawn.slices)).toEqual(sorted(above(column(figure, id))));
}

/** One bar a row, as long as the row says; stacked parts of a bar stand at one position. */
function barsOf(id: string) {
  return (drawn: Marks, figure: Figure) => {
    const lengths = new Map<string, number>();
    for (const bar of drawn.bars) lengths.set(bar.position, (lengths.get(bar.position) ?? 0) + bar.size);
    expect(sorted([...lengths.values()])).toEqual(sorted(above(column(figure, id))));
  };
}

/** Every share that is not zero has a part in the stack. */
function stackOf(...ids: string[]) {
  return (drawn: Marks, figure: Figure) => {
    const shares = ids.map((id) => above(column(figure, id)).length);
    expect(drawn.bars.length).toBe(sum(shares));
  };
}

/** A sector for each major, version and repository (and the root, where there is one). */
function treemap(drawn: Marks, figure: Figure) {
  const [majors, versions] = [column(figure, "major"), column(figure, "version")];
  const pairs = new Set(majors.map((major, row) => `${major}/${versions[row]}`));
  const expected = new Set(majors).size + pairs.size + figure.rows.length;
  expect(new Set(drawn.sectors).size).toBe(drawn.sectors.length);
  expect([expected, expected + 1]).toContain(drawn.sectors.length);
}

const DRAWS: Record<string, (drawn: Marks, figure: Figure) => void> = {
  build_status_day: pieOf("builds"),
  build_status: pieOf("builds"),
  nightly_vs_non_nightly: pieOf("failed"),
  heatmap: (drawn, figure) => {
    expect(new Set(drawn.cells.map(([cell]) => cell)).size).toBe(figure.rows.length);
  },
  timeline_short: barsOf("builds"),
  most_failing: barsOf("failed"),
  failing_steps: (drawn, figure) => {
    expect(sum(drawn.slices)).toBe(sum(column(figure, "builds")));
    expect(drawn.slices.length).toBeLessThanOrEqual(figure.rows.length);
  },
  lengthy_pipelines: barsOf("mean_min"),
  shortest_functional_tests: barsOf("seconds"),
  duration: stackOf("SUCCESS", "FAILURE", "ABORTED"),
  timeline: stackOf("SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "other"),
  cve_most_frequent: barsOf("teams"),
  cve_per_team: pieOf("cves"),
  js_checks: (drawn, figure) => {
    const repositories = above(column(figure, "repositories"));
    const sizes = drawn.slices.length ? drawn.slices : drawn.bars.map((bar) => bar.size);
    expect(sorted(sizes)).toEqual(sorted(repositories));
  },
  node_versions: treemap,
  java_versions: treemap,
};

test("the API lists the sixteen figures in page order", async ({ request }) => {
  const figures: Figure[] = await (await request.get("/api/figures")).json();
  expect(figures.map((known) => known.id)).toEqual(ALL);
});

for (const id of ALL) {
  test(`${id} draws its rows`, async ({ page, request }) => {
    const wanted = await figure(request, id);
    expect(wanted.rows.length, "the sample has rows for every figure").toBeGreaterThan(0);
    await page.goto(pageOf(id));
    DRAWS[id](await marks(page, id), wanted);
  });

  test(`${id} has its rows as a table, its sentence and a page of its own`, async ({ page, request }) => {
    const wanted = await figure(request, id);
    await page.goto(`/figures/${id}`);
    await drawn(page, id);
    await expect(card(page, id)).toContainText(wanted.summary);
    await expect(card(page, id).getByRole("heading", { name: wanted.title })).toBeVisible();
    const table = await openTable(page, id);
    await expect(table.locator("thead th")).toHaveText(wanted.columns.map((known) => known.title));
    await expect(table.locator("tbody tr")).toHaveCount(wanted.rows.length);
    await expect(page).toHaveTitle(new RegExp(wanted.title.slice(0, 20)));
  });
}

for (const [name, ids] of Object.entries(PAGES)) {
  test(`the ${name} page shows its figures in order and draws each`, async ({ page }) => {
    await page.goto(`/${name}`);
    const cards = page.locator("article[data-figure]");
    await expect(cards).toHaveCount(ids.length);
    expect(await cards.evaluateAll((all) => all.map((one) => one.getAttribute("data-figure")))).toEqual(ids);
    for (const id of ids) await drawn(page, id);
  });
}

for (const [id, mark] of [
  ["build_status", ".slice"],
  ["heatmap", ".nsewdrag"],
  ["most_failing", ".barlayer .point"],
  ["java_versions", ".treemaplayer .slice"],
]) {
  test(`${id} says more where the pointer rests`, async ({ page }) => {
    await page.goto(`/figures/${id}`);
    const chart = await drawn(page, id);
    await chart.locator(mark).first().hover({ force: true });
    await expect(chart.locator(".hoverlayer text, .hoverlayer .hovertext").first()).toBeVisible();
  });
}

test("labels around a pie stand where they belong after the window was narrow", async ({ page }) => {
  await page.goto("/figures/cve_per_team");
  const chart = await drawn(page, "cve_per_team");
  const width = () => chart.locator("svg.main-svg").first().getAttribute("width");
  const placed = () => chart.locator(".slicetext, .textline").evaluateAll((all) => all.map((one) => one.getAttribute("transform") ?? one.getAttribute("d")));
  const [wide, before] = [await width(), await placed()];
  await page.setViewportSize({ width: 420, height: 900 });
  await expect.poll(width).not.toBe(wide);
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect.poll(width).toBe(wide);
  await expect.poll(placed).toEqual(before);
});
