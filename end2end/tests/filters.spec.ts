// Filters in the URL, charts and tables, with back, forward, reload and sharing.
import type { Page } from "@playwright/test";
import { column, type Figure, type Filter, figure, query } from "../support/api";
import { card, drawn, marks, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

const project = (page: Page) => page.locator('select[name="project"]');
const type = (page: Page) => page.locator('select[name="type"]');
const days = (page: Page) => page.locator('select[name="days"]');

/** Expects the sentence, table and chart of two figures to match the API for this filter. */
async function shows(page: Page, filter: Filter) {
  const status = await figure(page.request, "build_status", filter);
  const failing = await figure(page.request, "most_failing", filter);
  await expect(card(page, "build_status")).toContainText(status.summary);
  await expect(card(page, "most_failing")).toContainText(failing.summary);
  await expect(table(page, "build_status").locator("tbody tr")).toHaveCount(status.rows.length);
  await expect(table(page, "most_failing").locator("tbody tr")).toHaveCount(failing.rows.length);
  expect(failing.rows.length, "the sample has failures for every filter of these tests").toBeGreaterThan(0);
  await expect(table(page, "most_failing")).toContainText(String(failing.rows[0][0]));
  const builds = column(status, "builds").filter((count) => count > 0);
  await expect.poll(() => bars(page)).toEqual(builds);
}

/** Number of builds per result with a bar. */
const bars = async (page: Page) => (await marks(page, "build_status")).bars.map(({ size }) => size);

/** The query without default values, however the page writes it. */
async function urlSays(page: Page, filter: Filter) {
  const expected = { project: "all", type: "all", days: "14", ...filter };
  await expect
    .poll(() => {
      const given = Object.fromEntries(new URL(page.url()).searchParams);
      return { project: "all", type: "all", days: "14", ...given };
    })
    .toEqual({ ...expected, days: String(expected.days) });
  await expect(project(page)).toHaveValue(expected.project);
  await expect(type(page)).toHaveValue(expected.type);
  await expect(days(page)).toHaveValue(String(expected.days));
}

/** Waits for hydration, which hides the Apply button. */
async function open(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.evaluate(() => ((window as any).sameDocument = true));
}

const sameDocument = (page: Page) => page.evaluate(() => (window as any).sameDocument === true);

test("a team can be chosen", async ({ page, request }) => {
  await page.goto("/pipelines?days=28");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  const team = page.getByLabel("Team", { exact: true });
  await expect(team).toHaveValue("");
  const names = await team.locator("option").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  expect(names.length).toBeGreaterThan(3);
  await team.selectOption(names[1]);
  await expect(page).toHaveURL(`/pipelines?days=28&team=${names[1]}`);
  const wanted: Figure = await (await request.get(`/api/figure?id=build_status&days=28&team=${names[1]}`)).json();
  expect(wanted.builds).toBeGreaterThan(0);
  await expect(card(page, "build_status")).toContainText(wanted.summary);
  await team.selectOption("");
  await expect(page).toHaveURL("/pipelines?days=28");
});

test("changing a filter updates URL, charts and tables without a page load", async ({ page }) => {
  await open(page, "/pipelines");
  await shows(page, {});
  await project(page).selectOption("cmc");
  await urlSays(page, { project: "cmc" });
  await shows(page, { project: "cmc" });
  await type(page).selectOption("nightly");
  await urlSays(page, { project: "cmc", type: "nightly" });
  await shows(page, { project: "cmc", type: "nightly" });
  await days(page).selectOption("90");
  await urlSays(page, { project: "cmc", type: "nightly", days: 90 });
  await shows(page, { project: "cmc", type: "nightly", days: 90 });
  expect(await sameDocument(page)).toBe(true);
});

test("back and forward restore filters", async ({ page }) => {
  await open(page, "/pipelines");
  await project(page).selectOption("sscs");
  await urlSays(page, { project: "sscs" });
  await days(page).selectOption("28");
  await urlSays(page, { project: "sscs", days: 28 });
  await page.goBack();
  await urlSays(page, { project: "sscs" });
  await shows(page, { project: "sscs" });
  await page.goBack();
  await urlSays(page, {});
  await shows(page, {});
  await page.goForward();
  await urlSays(page, { project: "sscs" });
  await shows(page, { project: "sscs" });
  expect(await sameDocument(page)).toBe(true);
});

test("a filtered URL survives a reload and can be shared", async ({ page, browser }) => {
  const filter = { project: "fees-and-pay", type: "non-nightly", days: 28 };
  await open(page, `/pipelines${query(filter)}`);
  await urlSays(page, filter);
  await shows(page, filter);
  await page.reload();
  await urlSays(page, filter);
  await shows(page, filter);
  const other = await (await browser.newContext()).newPage();
  await other.goto(page.url());
  await urlSays(other, filter);
  await shows(other, filter);
  await other.context().close();
});

test("the server accepts every choice of every filter", async ({ page, request }) => {
  await page.goto("/pipelines");
  const { projects } = await (await request.get("/api/overview?page=pipelines")).json();
  for (const [select, choices] of [
    [project(page), projects.length],
    [type(page), 3],
    [days(page), 6],
  ] as const) {
    const name = (await select.getAttribute("name")) ?? "";
    const values = await select.locator("option:not(:disabled)").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    expect(values.length, name).toBe(choices);
    for (const value of values) {
      const answer = await request.get(`/api/figure?id=build_status_day&${name}=${value}`);
      expect(answer.status(), `${name}=${value}`).toBe(200);
    }
  }
});

test("the old chart stays until the new one is ready", async ({ page }) => {
  await open(page, "/pipelines");
  await drawn(page, "build_status");
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/\/api\/figure\?.*id=build_status(&|$)/, async (route) => {
    await held;
    await route.continue();
  });
  const before = await bars(page);
  await project(page).selectOption("cmc");
  await urlSays(page, { project: "cmc" });
  const after = await figure(page.request, "most_failing", { project: "cmc" });
  await expect(card(page, "most_failing")).toContainText(after.summary);
  expect(await bars(page)).toEqual(before);
  answer();
  await shows(page, { project: "cmc" });
});

test("the last of two quick changes wins when the first response is late", async ({ page }) => {
  await open(page, "/pipelines");
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/\/api\/figure\?.*project=cmc/, async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest(/\/api\/figure\?.*project=cmc/);
  await project(page).selectOption("cmc");
  await asked;
  await project(page).selectOption("sscs");
  await urlSays(page, { project: "sscs" });
  answer();
  await shows(page, { project: "sscs" });
  await page.waitForLoadState("networkidle");
  await shows(page, { project: "sscs" });
});
