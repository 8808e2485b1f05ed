// Client-side navigation: no document loads, and title, focus and scroll position follow.
import type { Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { drawn } from "../support/chart";
import { expect, test } from "../support/fixtures";

const navigation = (page: Page) => page.getByRole("navigation").first();

async function openAlive(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.evaluate(() => ((window as any).sameDocument = true));
}

async function documents(page: Page): Promise<number> {
  const marked = await page.evaluate(() => (window as any).sameDocument === true);
  return marked ? 0 : 1;
}

test("navigation changes page, title and focus without a document load", async ({ page }) => {
  const requests: string[] = [];
  await openAlive(page, "/pipelines");
  page.on("request", (request) => request.isNavigationRequest() && requests.push(request.url()));
  const title = await page.title();
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await navigation(page).getByRole("link", { name: "Security" }).click();
  await expect(page).toHaveURL(/\/security$/);
  await expect(page).not.toHaveTitle(title);
  await expect(page).toHaveTitle(/Security/);
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("main, h1") !== null)).toBe(true);
  for (const id of PAGES.security) await drawn(page, id);
  await navigation(page).getByRole("link", { name: "Pipelines" }).click();
  await expect(page).toHaveURL(/\/pipelines$/);
  await expect(page).toHaveTitle(title);
  for (const id of PAGES.pipelines.slice(0, 4)) await drawn(page, id);
  await page.goBack();
  await expect(page).toHaveURL(/\/security$/);
  await drawn(page, PAGES.security[0]);
  expect(await documents(page)).toBe(0);
  expect(requests).toEqual([]);
});

test("the navigation marks the current page", async ({ page }) => {
  for (const [path, name] of [
    ["/pipelines", "Pipelines"],
    ["/security", "Security"],
  ]) {
    await page.goto(path);
    await expect(navigation(page).locator('[aria-current="page"]')).toHaveText(name);
  }
});

test("the footer links to the disclaimer and the source code", async ({ page }) => {
  await openAlive(page, "/pipelines");
  const footer = page.getByRole("contentinfo");
  await expect(footer.getByRole("link", { name: "Source code" })).toHaveAttribute("href", /^https:\/\//);
  await footer.getByRole("link", { name: /disclaimer/i }).click();
  await expect(page).toHaveURL(/\/disclaimer$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/disclaimer/i);
  expect(await documents(page)).toBe(0);
});

test("a card links to its own page and keeps the filter", async ({ page }) => {
  await openAlive(page, "/pipelines?project=cmc");
  const card = page.locator('article[data-figure="most_failing"]');
  await card.locator('a[href^="/figures/most_failing"]:not([href*=".csv"])').first().click();
  await expect(page).toHaveURL(/\/figures\/most_failing\?project=cmc$/);
  await drawn(page, "most_failing");
  expect(await documents(page)).toBe(0);
});

test("removed charts leave nothing behind", async ({ page }) => {
  await openAlive(page, "/pipelines");
  await drawn(page, "build_status");
  for (let turn = 0; turn < 5; turn += 1) {
    await navigation(page).getByRole("link", { name: "Security" }).click();
    await drawn(page, "cve_most_frequent");
    await navigation(page).getByRole("link", { name: "Pipelines" }).click();
    await drawn(page, "build_status");
  }
  await expect(page.locator('article[data-figure="build_status"] .main-svg').first()).toBeVisible();
  expect(await page.locator("article[data-figure]").count()).toBe(PAGES.pipelines.length);
  expect(await page.locator("body > .js-plotly-tester, body > svg").count()).toBeLessThanOrEqual(1);
});
