// Every number opens: from marks, rows and tiles to the builds that they count, and on from there.
import type { Page } from "@playwright/test";
import { column, figure } from "../support/api";
import { card, drawn, openTable, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

const counted = (count: number, one: string, many: string) => `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;

async function showsBuilds(page: Page, count: number) {
  await expect(page).toHaveURL(/\/builds\?/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Builds");
  await expect(page.locator(".builds-page .sentence")).toContainText(`${counted(count, "build", "builds")} `);
  // The document of the same address says the same.
  const answer = await page.request.get(page.url().replace("/builds", "/api/builds"));
  expect(answer.status()).toBe(200);
  expect((await answer.json()).builds).toBe(count);
}

/** Clicks in the middle of the n-th bar of a chart. */
async function clickBar(page: Page, id: string, bar: number) {
  await drawn(page, id);
  const box = await card(page, id).locator(".bars .point path").nth(bar).boundingBox();
  if (!box) throw new Error(`no bar ${bar} in ${id}`);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

test("a bar opens its builds, with the mouse", async ({ page, request }) => {
  const wanted = await figure(request, "most_failing");
  await page.goto("/pipelines");
  await clickBar(page, "most_failing", 0);
  await showsBuilds(page, column(wanted, "failure")[0]);
});

test("a bar of results and a cell open their builds", async ({ page, request }) => {
  const results = await figure(request, "build_status");
  await page.goto("/figures/build_status");
  await drawn(page, "build_status");
  await clickBar(page, "build_status", 0);
  await showsBuilds(page, column(results, "builds")[0]);

  const week = await figure(request, "heatmap");
  await page.goto("/figures/heatmap");
  await drawn(page, "heatmap");
  const plot = await card(page, "heatmap").locator(".nsewdrag").first().boundingBox();
  if (!plot) throw new Error("no heat map");
  // Wednesday at 12.
  await page.mouse.click(plot.x + (plot.width * 12.5) / 24, plot.y + (plot.height * 2.5) / 7);
  const row = week.rows.findIndex(([weekday, hour]) => weekday === "Wednesday" && hour === 12);
  await showsBuilds(page, column(week, "builds")[row]);
});

test("numbers of tables are links that the keyboard follows", async ({ page, request }) => {
  const wanted = await figure(request, "failing_steps", { days: 28 });
  await page.goto("/pipelines?days=28");
  await openTable(page, "failing_steps");
  const link = table(page, "failing_steps").getByRole("link").first();
  await link.focus();
  await page.keyboard.press("Enter");
  await showsBuilds(page, column(wanted, "builds")[0]);
});

test.describe("on a touch screen", () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  test("a tap on a bar opens its builds", async ({ page, request }) => {
    const wanted = await figure(request, "most_failing");
    await page.goto("/figures/most_failing");
    await drawn(page, "most_failing");
    const box = await card(page, "most_failing").locator(".bars .point path").first().boundingBox();
    if (!box) throw new Error("no bar");
    await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
    await showsBuilds(page, column(wanted, "failure")[0]);
  });
});

test("tiles open the failed builds and the red pipelines", async ({ page, request }) => {
  const headline = await (await request.get("/api/headline?days=28")).json();
  await page.goto("/pipelines?days=28");
  await page.locator(".headline").getByRole("link", { name: /failed builds$/ }).click();
  await showsBuilds(page, headline.failed);
  await page.goBack();
  await page.locator(".headline").getByRole("link", { name: /red pipelines/ }).click();
  await expect(page).toHaveURL(/\/pipelines\/list\?.*state=red/);
  await expect(page.locator(".builds-page .sentence")).toContainText(counted(headline.red_total, "red pipeline", "red pipelines"));
  await expect(page.getByRole("rowheader").first().locator("[title]")).toHaveAttribute("title", headline.red[0].pipeline);
});

test("brushing the histogram sets the range, and a chip removes it", async ({ page }) => {
  await page.goto("/builds");
  const bars = page.locator(".histogram svg");
  const box = await bars.boundingBox();
  if (!box) throw new Error("no histogram");
  const middle = box.y + box.height / 2;
  await expect(async () => {
    await page.mouse.move(box.x + box.width * 0.25, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, middle, { steps: 5 });
    await page.mouse.up();
    await expect(page).toHaveURL(/from=.*&to=/, { timeout: 2000 });
  }).toPass();
  const range = new URL(page.url()).searchParams;
  expect(Date.parse(range.get("from") ?? "")).toBeLessThan(Date.parse(range.get("to") ?? ""));
  await expect(page.locator(".builds-page .sentence")).toContainText(" from ");
  await page.getByRole("link", { name: "Reset all" }).click();
  await expect(page).toHaveURL(/\/builds$/);
});

test("pages of the list follow each other, sorted", async ({ page, request }) => {
  const whole = (await (await request.get("/builds.ndjson?days=7")).text()).trim().split("\n").map((line) => JSON.parse(line));
  await page.goto("/builds?days=7");
  const finished = async () => page.locator("table.builds tbody td.instant time").evaluateAll((all) => all.map((one) => one.getAttribute("datetime")));
  const first = await finished();
  expect(first).toHaveLength(50);
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page).toHaveURL(/cursor=/);
  await expect.poll(async () => (await finished())[0]).not.toBe(first[0]);
  const both = [...first, ...(await finished())];
  expect(both).toEqual(whole.slice(0, both.length).map((build) => build.finished_at));
  await page.getByRole("link", { name: "Minutes" }).click();
  await expect(page).toHaveURL(/sort=-duration/);
  await expect(page.getByRole("columnheader", { name: "Minutes" })).toHaveAttribute("aria-sort", "descending");
  const minutes = await page.locator("table.builds tbody tr td:nth-of-type(3)").allTextContents();
  const numbers = minutes.map(Number);
  expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
});

test("what broke in a project since yesterday is four clicks away: where, and after which commit", async ({ page, request }) => {
  await page.goto("/pipelines?project=cmc&days=7");
  // 1: the failed builds of the project, newest first.
  const headline = await (await request.get("/api/headline?project=cmc&days=7")).json();
  await page.locator(".headline").getByRole("link", { name: /failed builds$/ }).click();
  await showsBuilds(page, headline.failed);
  // 2: the newest one, with its steps.
  const { page: builds } = await (await request.get(`/api/builds${new URL(page.url()).search}`)).json();
  const build = builds[0];
  await page.getByRole("link", { name: `#${build.number} of ${build.pipeline}` }).first().click();
  await expect(page).toHaveURL(/\/build\?/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`${build.short_name} #${build.number}`);
  await expect(page.getByRole("main")).toContainText(build.failed_step ?? "unknown");
  await expect(page.getByRole("main")).toContainText(build.commit);
  // 3: its pipeline, with the episodes.
  await page.getByRole("main").getByRole("link", { name: build.pipeline, exact: true }).first().click();
  await expect(page).toHaveURL(/\/pipeline\?/);
  await expect(page.getByRole("heading", { name: "Red episodes" })).toBeVisible();
  // 4: the build before which it was green.
  await page.getByRole("main").getByRole("link", { name: /^#/ }).first().click();
  await expect(page).toHaveURL(/\/build\?/);
});

for (const path of ["/build?name=nothing&number=1", "/build?tag=nothing", "/pipeline?name=nothing"]) {
  test(`${path} is not found`, async ({ page, faults }) => {
    faults.provoke(/404/);
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("alert")).toContainText("nothing");
  });
}

test("files and the API hold the whole selection", async ({ request }) => {
  const query = "?days=28&project=cmc&result=FAILURE";
  const list = await (await request.get(`/api/builds${query}`)).json();
  expect(list.builds).toBeGreaterThan(0);
  const csv = await request.get(`/builds.csv${query}`);
  expect(csv.headers()["content-disposition"]).toMatch(/filename="builds-days_28_project_cmc_result_FAILURE-\d{4}-\d\d-\d\d\.csv"/);
  expect((await csv.text()).trim().split("\n")).toHaveLength(list.builds + 1);
  const ndjson = await request.get(`/builds.ndjson${query}`);
  expect((await ndjson.text()).trim().split("\n")).toHaveLength(list.builds);
});

for (const [path, status] of [
  ["/builds?result=red", 400],
  ["/builds?sort=colour", 400],
  ["/builds?cursor=1", 400],
  ["/builds?from=2019-13-45", 400],
  ["/pipelines/list?state=sad", 400],
] as const) {
  test(`${path} says what is wrong`, async ({ page, faults }) => {
    faults.provoke(/400/);
    const response = await page.goto(path);
    expect(response?.status()).toBe(status);
    await expect(page.getByRole("alert")).toContainText(new URL(page.url()).search.slice(1).split("=")[0]);
  });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("a number leads to its builds, a chip back, and a form adds a condition", async ({ page, request }) => {
    const wanted = await figure(request, "failing_steps");
    await page.goto("/pipelines");
    await card(page, "failing_steps").getByText("View as table").click();
    await table(page, "failing_steps").getByRole("link").first().click();
    await showsBuilds(page, column(wanted, "builds")[0]);
    await page.getByRole("link", { name: /^Remove Failed step/ }).click();
    await expect(page).toHaveURL(/\/builds\?result=FAILURE$/);
    await page.getByText("Add a condition").click();
    await page.getByLabel("Pipeline contains").fill("nightly");
    await page.getByRole("main").getByRole("button", { name: "Apply" }).click();
    await expect(page).toHaveURL(/\/builds\?q=nightly&result=FAILURE$/);
    for (const name of await page.getByRole("rowheader").allTextContents()) expect(name.toLowerCase()).toContain("nightly");
  });
});
