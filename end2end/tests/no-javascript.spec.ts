// Reading and filtering without JavaScript.
import type { Page } from "@playwright/test";
import { ALL, column, type Figure, figure, PAGES, rowsOnPage } from "../support/api";
import { card, openMenu, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

test.use({ javaScriptEnabled: false });

// Without JavaScript, the browser blocks scripts and warns about unused preloads.
test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

async function reads(page: Page, wanted: Figure) {
  await expect(card(page, wanted.id)).toContainText(wanted.summary);
  await expect(card(page, wanted.id).getByRole("heading")).toContainText(wanted.title);
  await expect(table(page, wanted.id).locator("tbody tr")).toHaveCount(rowsOnPage(wanted));
}

for (const [name, ids] of Object.entries(PAGES)) {
  test(`${name} has every sentence and table row`, async ({ page, request }) => {
    await page.goto(`/${name}`);
    for (const id of ids) await reads(page, await figure(request, id));
  });
}

test("tables can be opened and read", async ({ page, request }) => {
  const wanted = await figure(request, "build_status");
  await page.goto("/pipelines");
  await expect(table(page, "build_status")).toBeHidden();
  await card(page, "build_status").getByText("View as table").click();
  await expect(table(page, "build_status")).toBeVisible();
  await openMenu(page, "build_status");
  await expect(card(page, "build_status").getByRole("link", { name: "CSV" })).toBeVisible();
  const counts = column(wanted, "builds").map((count) => count.toLocaleString("en-GB"));
  for (const [row, count] of counts.entries()) await expect(table(page, "build_status").locator("tbody tr").nth(row)).toContainText(count);
});

test("a number of a security figure leads to what it counts", async ({ page, request }) => {
  const rules = column(await figure(request, "suppression_debt"), "rules")[0];
  await page.goto("/figures/suppression_debt");
  await table(page, "suppression_debt").locator("tbody tr").first().locator("td a").first().click();
  await expect(page).toHaveURL(/\/security\/items\?column=rules&figure=suppression_debt&row=/);
  await expect(page.locator(".security-items tbody tr")).toHaveCount(Math.min(rules, 500));
});

test("filters are a form with a button", async ({ page, request }) => {
  await page.goto("/pipelines");
  await page.locator('select[name="project"]').selectOption("cmc");
  await page.locator('select[name="type"]').selectOption("nightly");
  await page.locator('select[name="days"]').selectOption("28");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/\/pipelines\?/);
  const filter = { project: "cmc", type: "nightly", days: 28 };
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ ...filter, days: "28" });
  await expect(page.locator('select[name="project"]')).toHaveValue("cmc");
  await expect(page.locator('select[name="type"]')).toHaveValue("nightly");
  await expect(page.locator('select[name="days"]')).toHaveValue("28");
  for (const id of PAGES.pipelines) await reads(page, await figure(request, id, filter));
});

test("headline, freshness and navigation are present", async ({ page, request }) => {
  const freshness = await (await request.get("/api/freshness")).json();
  const headline = await (await request.get("/api/headline")).json();
  await page.goto("/pipelines");
  await expect(page.getByRole("main")).toContainText(headline.builds.toLocaleString("en-GB"));
  await expect(page.locator("body")).toContainText(freshness.kinds[0].as_of.text);
  await page.getByRole("navigation").first().getByRole("link", { name: "Security" }).click();
  await expect(page).toHaveURL(/\/security/);
});

test("the footer links to the sources page, which can be read", async ({ page, request }) => {
  const { kinds } = await (await request.get("/api/freshness")).json();
  await page.goto("/pipelines");
  await page.getByRole("contentinfo").getByRole("link", { name: "Sources" }).click();
  await expect(page).toHaveURL(/\/sources$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sources");
  for (const { label, as_of, rests_on } of kinds) {
    const section = page.locator(".kind", { has: page.getByRole("heading", { name: label }) });
    await expect(section).toContainText(as_of.text);
    await expect(section).toContainText(rests_on);
    await expect(section).toContainText(/no source is configured/i);
  }
});

test("every figure has its own page", async ({ page, request }) => {
  for (const id of ALL) {
    await page.goto(`/figures/${id}`);
    await reads(page, await figure(request, id));
  }
});

test("charts are pictures, and none shows a loading state", async ({ page }) => {
  await page.goto("/pipelines");
  await expect(page.locator("main")).not.toContainText(/loading/i);
  for (const id of PAGES.pipelines) await expect(card(page, id).locator("svg.picture")).toBeVisible();
});
