// What needs attention, on the start page, and the ways from there to causes.
import { expect, test } from "../support/fixtures";

interface Problem {
  id: string;
  kind: string;
  state: string;
  title: string;
  short_name: string | null;
  failures: number;
  opens: string;
  recent: string[];
  overdue: { suppressions: number; runtimes: number; findings: number } | null;
}

const STATES = ["escalating", "regressed", "new", "ongoing", "snoozed"];
// The start page shows so many.
const SHOWN = 50;

const label = ({ short_name, title }: Problem) => short_name ?? title;

test("problems are listed in their order, with what happened and why", async ({ page }) => {
  const list = await (await page.request.get("/api/problems")).json();
  const problems: Problem[] = list.problems;
  expect(problems.length).toBeGreaterThan(0);
  const places = problems.map(({ state }) => STATES.indexOf(state));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  await page.goto("/");
  await expect(page.getByRole("main")).toContainText(list.summary);
  await expect(page.locator(".problem h3 > a")).toHaveText(problems.slice(0, SHOWN).map(label));
  await expect(page.locator(".problem").first()).toContainText("Failed step");
  // Nobody has signed in.
  await expect(page.getByText("Snooze", { exact: true })).toHaveCount(0);
});

test("the failures of a problem are the builds that its number opens", async ({ page }) => {
  const { problems } = await (await page.request.get("/api/problems")).json();
  const red = (problems as Problem[]).filter(({ kind }) => kind !== "security");
  for (const { id, failures, opens } of red.slice(0, 20)) {
    const list = await (await page.request.get(`/api/builds?${opens}`)).json();
    expect(list.builds, id).toBe(failures);
  }
  await page.goto("/");
  await page.locator(".problem").first().getByRole("link", { name: /failure/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Builds");
});

test("the strip of a problem has a shape for each of the last builds", async ({ page }) => {
  const { problems } = await (await page.request.get("/api/problems")).json();
  const index = (problems as Problem[]).findIndex(({ kind }) => kind === "pipeline");
  const { recent } = problems[index] as Problem;
  expect(recent.length).toBeGreaterThan(0);
  await page.goto("/");
  const strip = page.locator(".problem").nth(index).locator("svg.build-strip");
  await expect(strip.locator("g.mark")).toHaveCount(recent.length);
  await expect(strip).toHaveAttribute("aria-label", new RegExp(`^Last ${recent.length} builds?:`));
  await strip.click();
  await expect(page).toHaveURL(/\/pipeline\?/);
});

test("a problem leads to its pipeline, and the filter of a project chooses problems", async ({ page }) => {
  await page.goto("/?project=cmc");
  const { problems, summary } = await (await page.request.get("/api/problems?project=cmc")).json();
  expect(summary).toContain("CMC");
  const pipelines = (problems as Problem[]).filter(({ kind }) => kind === "pipeline");
  await expect(page.locator(".problem")).toHaveCount(Math.min(problems.length, SHOWN));
  for (const { title } of pipelines) expect(title).toContain("CMC");
});

test("a repository with something overdue is a problem after the red pipelines of its state", async ({ page }) => {
  const { problems }: { problems: Problem[] } = await (await page.request.get("/api/problems")).json();
  const ongoing = problems.filter(({ state }) => state === "ongoing");
  const security = ongoing.findIndex(({ kind }) => kind === "security");
  expect(security).toBeGreaterThan(0);
  expect(ongoing.slice(security).every(({ kind }) => kind === "security")).toBe(true);
  // What is due now on the page of security is what all these problems count.
  const { classes } = await (await page.request.get("/api/security")).json();
  const due = classes.find(({ class: name }: { class: string }) => name === "now");
  const sum = (of: "suppressions" | "runtimes" | "findings") =>
    problems.reduce((total, { overdue }) => total + (overdue?.[of] ?? 0), 0);
  expect([sum("suppressions"), sum("runtimes"), sum("findings")]).toEqual([due.suppressions, due.runtimes, due.findings]);
  const { title } = ongoing[security] as Problem;
  await page.goto("/");
  await page.getByText(/^Show \d+ more$/).click();
  const overdue = page.locator(".problem").filter({ hasText: "Overdue since" });
  const card = overdue.filter({ has: page.getByRole("link", { name: title, exact: true }) });
  await expect(card).toHaveCount(1);
  await card.getByRole("link", { name: /expired|overdue|support/ }).click();
  await expect(page).toHaveURL(`/repositories/${title}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(title);
});

test("the old address leads to the start page and keeps its query", async ({ page }) => {
  await page.goto("/problems?project=cmc");
  await expect(page).toHaveURL(/\/\?project=cmc$/);
});

test("problems can be read without JavaScript", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto("/pipelines");
  await page.getByRole("navigation").first().getByRole("link", { name: "Today", exact: true }).click();
  await expect(page.locator(".verdict")).toBeVisible();
  await expect(page.locator(".problem").first()).toBeVisible();
  await context.close();
});
