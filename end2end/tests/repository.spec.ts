// The page of one repository, with and without JavaScript.
import AxeBuilder from "@axe-core/playwright";
import type { APIRequestContext } from "@playwright/test";
import { column, figure } from "../support/api";
import { expect, test } from "../support/fixtures";

const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The repository of the sample with the longest list of what to do among those with scripts. */
async function busiest(request: APIRequestContext) {
  const names = new Set<string>();
  for (const id of ["node_versions", "java_versions"]) for (const name of column<string>(await figure(request, id), "repository")) names.add(name);
  expect(names.size).toBeGreaterThan(10);
  let found: any;
  for (const name of names) {
    const answer = await request.get(`/api/repository?${new URLSearchParams({ name })}`);
    expect(answer.status()).toBe(200);
    const details = await answer.json();
    if (details.removals.some((removal: any) => removal.script) && !(found?.action_count >= details.action_count)) found = details;
  }
  expect(found, "the sample has a repository with expired or unused rules").toBeDefined();
  return found;
}

const path = (name: string) => `/repositories/${encodeURIComponent(name)}`;

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("a repository says what to do, in order, and shows its facts", async ({ page, request }) => {
    const details = await busiest(request);
    await page.goto(path(details.name));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(details.name);
    await expect(page.locator(".verdict")).toContainText(details.summary);
    const actions = page.locator(".repository-actions tbody tr");
    await expect(actions).toHaveCount(details.actions.length);
    await expect(actions.locator("th")).toHaveText(details.actions.map((action: any) => action.what));
    await expect(page.locator(".repository-rules tbody tr")).toHaveCount(details.rules.length);
    await expect(page.locator(".repository-runtimes tbody tr")).toHaveCount(details.runtimes.length);
    await expect(page.locator(".repository-findings tbody tr")).toHaveCount(details.findings.length);
    await expect(page.locator(".repository-history tbody tr")).toHaveCount(details.changes.length);
    const scripts = details.removals.filter((removal: any) => removal.script);
    await expect(page.locator(".repository-help section .copied")).toHaveText(scripts.map((removal: any) => removal.script.trim()));
  });

  test("what is unknown comes last", async ({ request }) => {
    const { actions } = await busiest(request);
    const first = actions.findIndex((action: any) => action.kind === "unknown");
    const rest = first < 0 ? [] : actions.slice(first);
    expect(rest.every((action: any) => action.kind === "unknown")).toBe(true);
  });

  test("an earlier day is a form away, and the latest a link", async ({ page, request }) => {
    const details = await busiest(request);
    const day = new Date(Date.parse(details.latest) - 40 * 86_400_000).toISOString().slice(0, 10);
    const before = await (await request.get(`/api/repository?${new URLSearchParams({ as_of: day, name: details.name })}`)).json();
    await page.goto(path(details.name));
    await page.getByLabel("As of the end of").fill(day);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect(page).toHaveURL(`${path(details.name)}?as_of=${day}`);
    await expect(page.locator(".verdict")).toContainText(before.summary);
    await expect(page.locator(".repository-history tbody tr")).toHaveCount(before.changes.length);
    expect(before.change_count).toBeLessThanOrEqual(details.change_count);
    await page.getByRole("link", { name: "Show the latest" }).click();
    await expect(page).toHaveURL(path(details.name));
    await expect(page.locator(".verdict")).toContainText(details.summary);
  });
});

test("repositories of Security, builds and the search lead to their pages", async ({ page, request }) => {
  await page.goto("/security");
  const link = page.getByRole("main").locator('tbody a[href^="/repositories/"]').first();
  // It may be in a list that is folded.
  const href = (await link.getAttribute("href"))!;
  await page.goto(href);
  const name = decodeURIComponent(href.slice("/repositories/".length));
  await expect(page).toHaveTitle(new RegExp(name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  await expect(page.locator(".verdict")).toBeVisible();

  const { page: builds } = await (await request.get("/api/builds?days=28")).json();
  const build = builds.find((known: any) => known.repository);
  await page.goto(`/build?${new URLSearchParams({ name: build.name, number: build.number })}`);
  await page.locator(".facts").getByRole("link", { name: build.repository, exact: true }).click();
  await expect(page).toHaveURL(path(build.repository));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(build.repository);
  await page.locator(".repository-pipelines tbody th a").first().click();
  await expect(page).toHaveURL(/\/pipeline\?name=/);
  await page.locator(".facts").getByRole("link", { name: build.repository, exact: true }).click();
  await expect(page).toHaveURL(path(build.repository));

  await page.goto(`/search?${new URLSearchParams({ q: build.repository })}`);
  await page.locator("section", { hasText: "Repositories" }).getByRole("link", { name: build.repository, exact: true }).first().click();
  await expect(page).toHaveURL(path(build.repository));
});

for (const width of [320, 360]) {
  test(`a repository fits into ${width} px`, async ({ page, request }) => {
    const details = await busiest(request);
    await page.setViewportSize({ width, height: 740 });
    await page.goto(path(details.name));
    await expect(page.locator(".verdict")).toBeVisible();
    for (const folded of await page.locator("main details:not([hidden]) > summary").all()) if (await folded.isVisible()) await folded.click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe reports no violations on a repository in ${colorScheme} mode`, async ({ page, request }) => {
    const details = await busiest(request);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(path(details.name));
    await expect(page.locator(".verdict")).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).withTags(LEVELS).exclude("tbody tr:nth-child(n + 6)").analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].target.join(" ")}`)).toEqual([]);
  });
}

for (const [address, status, says] of [
  ["/repositories/nothing-of-this-name", 404, "There is no repository “nothing-of-this-name”"],
  ["/repositories/%ff", 404, "There is no repository"],
] as const) {
  test(`${address} is answered with ${status}`, async ({ page, faults }) => {
    faults.provoke(/404/);
    const answer = await page.goto(address);
    expect(answer!.status()).toBe(status);
    await expect(page.getByRole("main")).toContainText(says);
  });
}

test("a day that is none is refused", async ({ page, request, faults }) => {
  faults.provoke(/400/);
  const { name } = await busiest(request);
  const answer = await page.goto(`${path(name)}?as_of=soon`);
  expect(answer!.status()).toBe(400);
  await expect(page.getByRole("main")).toContainText("“soon” is not a known value of “as_of”");
});
