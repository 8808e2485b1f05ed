// `make watch`: the browser picks up a developer's edits without errors.
import type { Page } from "@playwright/test";
import { expect, test as base } from "../support/fixtures";
import { Development } from "../support/development";

const test = base.extend<{ development: Development }>({
  development: async ({}, use, info) => {
    const development = await Development.start();
    await use(development);
    if (info.status !== info.expectedStatus) console.log(development.tail);
    await development.end();
  },
  baseURL: async ({ development }, use) => use(development.url),
});

/** A marker that is lost when the page reloads. */
const mark = (page: Page) => page.evaluate(() => void Object.assign(window, { sameDocument: true }));
const isMarked = (page: Page) => page.evaluate(() => "sameDocument" in window);

test("edited styles and components appear without a manual reload", async ({ page, development, faults }) => {
  // cargo-leptos's script logs this when its server restarts.
  faults.provoke(/Live-reload disconnected\. Reconnecting/);
  await page.goto("/disclaimer");
  const heading = page.locator("h1");
  await expect(heading).toBeVisible();

  await mark(page);
  development.edit("style/_base.scss", /$/, "\nh1 { outline: 3px solid rgb(1, 2, 3); }\n");
  await expect(heading).toHaveCSS("outline-color", "rgb(1, 2, 3)");
  expect(await isMarked(page), "a style is replaced without a page reload").toBe(true);

  development.edit("src/pages/disclaimer.rs", /<PageHeading text="[^"]*"/, '<PageHeading text="Edited while it ran"');
  await expect(heading).toHaveText("Edited while it ran");
  // While it reloads, nothing can be asked of the page.
  await expect.poll(() => isMarked(page).catch(() => true)).toBe(false);
  await expect(heading).toHaveCSS("outline-color", "rgb(1, 2, 3)");
});
