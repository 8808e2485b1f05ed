// The state of sources as shown on pages, with a local GitHub that is collected from and fails.
import type { Page } from "@playwright/test";
import { test as base, expect } from "../support/fixtures";
import { GitHub } from "../support/github";
import { Own } from "../support/own";
import { run } from "../support/program";

const test = base.extend<{ github: GitHub; own: Own }>({
  github: async ({}, use) => {
    const github = await GitHub.start();
    await use(github);
    github.end();
  },
  own: async ({}, use) => {
    const own = await Own.of((data) => run("sample", "--days", "1", "--data", data));
    await use(own);
    await own.end();
  },
  baseURL: async ({ own }, use) => use(own.url),
});

const asIfOnce = (page: Page) => page.evaluate(() => ((window as any).sameDocument = true));
const isSame = (page: Page) => page.evaluate(() => (window as any).sameDocument);

test("collected facts replace the sample, and a failure is shown beside the last good data", async ({ page, github, own }) => {
  await page.goto("/security");
  await expect(page.locator(".sample")).toBeVisible();
  await asIfOnce(page);
  let fetched = Date.now();
  page.on("request", (request) => request.url().includes("/api/figure") && (fetched = Date.now()));
  expect(await own.sync(github.variables())).toBe(true);
  const freshness = page.locator(".freshness");
  await expect(freshness.getByRole("link", { name: /^GitHub: \d+ of \d+ repositories read/ })).toHaveAttribute("href", "/sources");
  await expect(page.locator(".sample")).toHaveCount(0);
  const rows = page.locator("[data-figure=java_versions] tbody tr");
  await expect(rows.filter({ hasText: "ccd-api" })).toHaveCount(1);
  // A sync is several commits, which the page may hear of one by one.
  await expect.poll(() => Date.now() - fetched, "the page has fetched the last part").toBeGreaterThan(3_000);
  const good = await rows.allTextContents();

  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  expect(await own.sync(github.variables("a-token-of-nobody"))).toBe(false);
  const warning = page.locator(".warning");
  await expect(warning).toContainText(/^Syncing from GitHub failed at .*GITHUB_TOKEN.* It last succeeded at /);
  await expect(page.locator("body")).not.toContainText("a-token-of-nobody");
  expect(await rows.allTextContents()).toEqual(good);
  // The data is unchanged, so no part of it is fetched again.
  expect(asked.filter((path) => path.startsWith("/api/") && !["/api/live", "/api/fragments"].includes(path))).toEqual([]);

  expect(await own.sync(github.variables())).toBe(true);
  await expect(warning).toHaveCount(0);
  expect(await isSame(page)).toBe(true);
});

test("the sources page lists unread repositories and keeps expanded sections open", async ({ page, github, own }) => {
  await github.change({ graphqlErrors: { "ccd-api": "FORBIDDEN" } });
  await own.sync(github.variables());
  await page.goto("/pipelines");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await asIfOnce(page);
  await page.getByRole("contentinfo").getByRole("link", { name: "Sources" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sources");
  const source = page.locator(".source", { has: page.getByRole("heading", { name: "GitHub" }) });
  await expect(source).toContainText(/\d+ of \d+ repositories read.*no access/);
  const wanting = source.getByRole("table", { name: "GitHub: not read, or only in part" }).locator("tbody tr");
  await expect(wanting.filter({ hasText: "ccd-api" })).toContainText("no access");
  const read = source.getByRole("table", { name: "GitHub: read" });
  await expect(read).toBeHidden();
  await source.getByText(/^Show the \d+ that were read$/).click();
  await expect(read).toBeVisible();
  await expect(read.getByRole("row", { name: /ccd-api/ })).toHaveCount(0);

  await github.change({ graphqlErrors: {} });
  await own.sync(github.variables());
  await expect(read.getByRole("row", { name: /ccd-api/ })).toBeVisible();
  await expect(wanting.filter({ hasText: "ccd-api" })).toHaveCount(0);
  expect(await isSame(page)).toBe(true);
});
