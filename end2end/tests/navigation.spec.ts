// Client-side navigation: no document loads, and title, focus and scroll position follow.
import type { Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { drawn, openMenu } from "../support/chart";
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
    ["/pipelines/list?project=cmc", "Pipelines"],
    ["/security", "Security"],
    ["/week", "Week"],
    ["/explore?days=7", "Explore"],
    ["/sources", "Sources"],
  ]) {
    await page.goto(path);
    await expect(navigation(page).locator('[aria-current="page"]')).toHaveText(name);
  }
});

test("the filters are kept from page to page, in titles and in print", async ({ page }) => {
  await openAlive(page, "/pipelines?days=7&project=cmc&type=nightly&step=build");
  await expect(page).toHaveTitle(/^CMC · Pipelines – /);
  for (const name of ["Builds", "Platform", "Explore", "Security", "Week", "Pipelines"]) {
    await navigation(page).getByRole("link", { name }).click();
    await expect(page).toHaveURL(new RegExp(`/${name.toLowerCase()}\\?days=7&project=cmc&type=nightly$`));
    // Security keeps them for other pages, but is about repositories.
    await expect(page).toHaveTitle(new RegExp(name === "Security" ? "^Security – " : `^CMC · ${name} – `));
  }
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".filter-words summary")).toBeVisible();
  await expect(page.locator(".filter-words summary")).toHaveText("CMC · nightly · last 7 days");
  await expect(page.locator("form.filters")).toBeHidden();
  expect(await documents(page)).toBe(0);
});

test("the filters of a page of one thing lead to the pipelines, and survive the page", async ({ page, request }) => {
  const { page: pipelines } = await (await request.get("/api/pipelines?project=cmc")).json();
  await openAlive(page, "/pipelines/list?days=28&project=cmc");
  await page.locator(".pipeline-table th[scope=row] a").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${pipelines[0].short_name} ${pipelines[0].project}`);
  await expect(page).toHaveURL(/\/pipeline\?days=28&name=.*&project=cmc$/);
  await page.getByLabel("Project").selectOption("sscs");
  await expect(page).toHaveURL(/project=cmc$/);
  await page.getByRole("button", { name: "Show pipelines" }).click();
  await expect(page).toHaveURL(/\/pipelines\?(.*&)?project=sscs/);
});

test("a phone shows the filters as one chip that stays in view", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openAlive(page, "/pipelines?project=cmc");
  const chip = page.locator(".filter-words summary");
  await expect(chip).toHaveText("CMC · last 14 days");
  await expect(page.getByLabel("Project")).toBeHidden();
  await page.evaluate(() => window.scrollTo(0, 1500));
  await expect(chip).toBeInViewport();
  await chip.click();
  await page.getByLabel("Range").selectOption("7");
  await expect(page).toHaveURL(/days=7/);
  await expect(chip).toHaveText("CMC · last 7 days");
});

test("a changed filter is said to screen readers", async ({ page }) => {
  await openAlive(page, "/pipelines");
  const said = page.locator(".filter-bar [role=status]");
  await expect(said).toHaveText("");
  await page.getByLabel("Project").selectOption("cmc");
  await expect(said).toHaveText(/^[\d,]+ of [\d,]+ decided builds of CMC pipelines failed in the last 14 days\.$/);
});

test("an unknown project links to the known ones", async ({ page, faults }) => {
  faults.provoke(/400/);
  await page.goto("/pipelines?days=7&project=nothing");
  await page.locator(".error-panel").first().getByRole("link", { name: "cmc" }).click();
  await expect(page).toHaveURL(/\/pipelines\?days=7&project=cmc$/);
  await expect(page.locator(".error-panel")).toHaveCount(0);
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
  await openMenu(page, "most_failing");
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

for (const width of [390, 1280]) {
  test(`a page that a reader goes back to stands where it was left, ${width} px wide`, async ({ page }) => {
    await page.setViewportSize({ width, height: 500 });
    await openAlive(page, "/pipelines/list");
    const link = page.locator(".pipeline-table th[scope=row] a").nth(20);
    await link.scrollIntoViewIfNeeded();
    const place = () => page.evaluate(() => scrollY);
    await expect.poll(place).toBeGreaterThan(300);
    const left = await place();
    await link.click();
    await expect(page).toHaveURL(/\/pipeline\?/);
    await expect.poll(place).toBeLessThan(300);
    await page.goBack();
    await expect(link).toBeVisible();
    await expect.poll(async () => Math.abs((await place()) - left)).toBeLessThan(3);
    expect(await documents(page)).toBe(0);
  });
}

test("on phones, the navigation shows the current page", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openAlive(page, "/pipelines");
  await navigation(page).getByRole("link", { name: "Explore" }).click();
  await expect(page).toHaveURL(/\/explore$/);
  for (const name of ["Explore", "Security"]) {
    const link = navigation(page).getByRole("link", { name });
    await link.click();
    await expect(link).toHaveAttribute("aria-current", "page");
    await expect(link).toBeInViewport({ ratio: 1 });
  }
});
