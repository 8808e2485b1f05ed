// Keys of the pages, their list, and the switch that turns single ones off.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";

async function open(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("button", { name: "Keys" })).toBeVisible();
}

test("g and a letter go to a page with its filters", async ({ page }) => {
  await open(page, "/builds?project=cmc");
  // The letter counts only shortly after g.
  const go = (letter: string, address: RegExp) =>
    expect(async () => {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await expect(page).toHaveURL(address, { timeout: 3_000 });
    }).toPass();
  await go("p", /\/pipelines\?project=cmc$/);
  await go("s", /\/security\?project=cmc$/);
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/security\?project=cmc$/);
});

test("j and k move over rows, and Enter opens one", async ({ page }) => {
  await open(page, "/pipelines/list");
  const names = page.locator(".pipeline-table th[scope=row] a");
  await page.keyboard.press("j");
  await expect(names.nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await expect(names.nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await expect(names.nth(0)).toBeFocused();
  const name = (await names.first().getAttribute("title"))!;
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveAttribute("title", name);
});

test("[ and ] change the range", async ({ page }) => {
  await open(page, "/pipelines/list");
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/days=28/);
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/days=7/);
});

test("keys are letters while one writes, and keys with modifiers are the browser's", async ({ page }) => {
  await open(page, "/pipelines/list");
  const field = page.getByLabel("Pipeline contains");
  await field.focus();
  await page.keyboard.type("j/?gp[");
  await expect(field).toHaveValue("j/?gp[");
  await expect(page).toHaveURL(/\/pipelines\/list$/);
  await page.locator("h1").click();
  await page.keyboard.press("Alt+/");
  await expect(page.locator("#search")).not.toBeFocused();
  await page.keyboard.press("/");
  await expect(page.locator("#search")).toBeFocused();
});

test("? lists the keys, and single ones can be turned off", async ({ page }) => {
  await open(page, "/pipelines/list");
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect(dialog).toContainText("Next and previous row");
  await dialog.getByLabel("Use keys without Ctrl").uncheck();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press("/");
  await expect(page.locator("#search")).not.toBeFocused();
  await page.keyboard.press("Control+k");
  await expect(page.locator("#search")).toBeFocused();
  await page.getByRole("button", { name: "Keys" }).click();
  await dialog.getByLabel("Use keys without Ctrl").check();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("/");
  await expect(page.locator("#search")).toBeFocused();
});
