// What needs attention, and the ways from there to causes.
import { expect, test } from "../support/fixtures";

interface Problem {
  id: string;
  kind: string;
  state: string;
  title: string;
  failures: number;
  opens: string;
  red_ms: number;
  builds: number;
}

const STATES = ["escalating", "regressed", "new", "ongoing", "snoozed"];

test("problems are listed in their order, with what happened and why", async ({ page }) => {
  const list = await (await page.request.get("/api/problems")).json();
  const problems: Problem[] = list.problems;
  expect(problems.length).toBeGreaterThan(0);
  const places = problems.map(({ state }) => STATES.indexOf(state));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  await page.goto("/problems");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Problems");
  await expect(page.getByRole("main")).toContainText(list.summary);
  await expect(page.locator(".problem h3 > a")).toHaveText(problems.map(({ title }) => title));
  await expect(page.locator(".problem").first()).toContainText("Failed step");
  // Nobody has signed in.
  await expect(page.getByText("Snooze", { exact: true })).toHaveCount(0);
});

test("the failures of a problem are the builds that its number opens", async ({ page }) => {
  const { problems } = await (await page.request.get("/api/problems")).json();
  for (const { id, failures, opens } of problems.slice(0, 20) as Problem[]) {
    const list = await (await page.request.get(`/api/builds?${opens}`)).json();
    expect(list.builds, id).toBe(failures);
  }
  await page.goto("/problems");
  await page.locator(".problem").first().getByRole("link", { name: /failure/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Builds");
});

test("a problem leads to its pipeline, and the filter of a project chooses problems", async ({ page }) => {
  await page.goto("/problems?project=cmc");
  const { problems, summary } = await (await page.request.get("/api/problems?project=cmc")).json();
  expect(summary).toContain("CMC");
  const pipelines = (problems as Problem[]).filter(({ kind }) => kind === "pipeline");
  await expect(page.locator(".problem")).toHaveCount(problems.length);
  for (const { title } of pipelines) expect(title).toContain("CMC");
});

test("problems can be read without JavaScript", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto("/");
  await page.getByRole("link", { name: "Problems", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Problems");
  await expect(page.locator(".problem").first()).toBeVisible();
  await context.close();
});
