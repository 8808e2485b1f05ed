// The head of the Security page: counts that open their lists, and repositories by name.
import { column, figure } from "../support/api";
import { expect, test } from "../support/fixtures";

test("each number opens a list of as many rows", async ({ page }) => {
  await page.goto("/security");
  const tiles = page.locator(".security-head .tile-number a");
  expect(await tiles.count()).toBeGreaterThan(1);
  for (const tile of await tiles.all()) {
    const count = Number((await tile.textContent())!.split(":")[0].replace(",", ""));
    const list = page.locator((await tile.getAttribute("href"))!);
    await expect(list).toHaveCount(1);
    const rows = await list.locator("tbody tr").count();
    // Long lists are cut.
    if (await list.getByText("are listed.").count()) expect(rows).toBeLessThan(count);
    else expect(rows).toBe(count);
  }
  await tiles.last().click();
  await expect(page.locator("#unchecked")).toBeInViewport();
});

test("repositories without a check are named, as many as the figure counts", async ({ page, request }) => {
  const checks = await figure(request, "js_checks");
  const without = column(checks, "repositories").at(-1);
  await page.goto("/security");
  const names = await page.locator("#unchecked tbody th").allTextContents();
  expect(names.length).toBe(without);
  expect(names).toEqual([...names].sort());
  await expect(page.locator("#unchecked")).toContainText("Not known:");
});

test("the head can be read without JavaScript", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto("/security");
  await expect(page.locator(".security-head .tile").first()).toBeVisible();
  await page.locator(".security-head .tile-number a").last().click();
  await expect(page.locator("#unchecked")).toBeInViewport();
  await context.close();
});
