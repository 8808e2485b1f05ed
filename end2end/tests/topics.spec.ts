// Topics: on phones a page of figures shows one topic at a time; elsewhere and on paper all are there.
import type { Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { card, drawn } from "../support/chart";
import { expect, test } from "../support/fixtures";

const PHONE = { width: 390, height: 844 };
const topics = (page: Page) => page.getByRole("group", { name: "Topic of the figures" }).getByRole("radio");

/** The figures that can be seen. */
async function seen(page: Page, ids: readonly string[]): Promise<string[]> {
  const visible = await Promise.all(ids.map(async (id) => ((await card(page, id).isVisible()) ? [id] : [])));
  return visible.flat();
}

for (const [name, ids] of Object.entries(PAGES)) {
  for (const javaScriptEnabled of [true, false]) {
    test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
      test.use({ javaScriptEnabled, viewport: PHONE });

      test(`every figure of ${name} is in one topic on phones`, async ({ page, faults }) => {
        if (!javaScriptEnabled) faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/);
        await page.goto(`/${name}`);
        const count = await topics(page).count();
        expect(count).toBeGreaterThan(2);
        await expect(topics(page).first()).toBeChecked();
        const all: string[] = [];
        for (let topic = 0; topic < count; topic += 1) {
          await topics(page).nth(topic).check();
          const now = await seen(page, ids);
          expect(now.length).toBeGreaterThan(0);
          all.push(...now);
        }
        expect(all.sort()).toEqual([...ids].sort());
      });
    });
  }

  test(`all figures of ${name} are there on a wide screen and on paper`, async ({ page }) => {
    await page.goto(`/${name}`);
    expect(await seen(page, ids)).toEqual(ids);
    await expect(topics(page)).toHaveCount(0);
    await page.setViewportSize(PHONE);
    expect((await seen(page, ids)).length).toBeLessThan(ids.length);
    await page.emulateMedia({ media: "print" });
    expect(await seen(page, ids)).toEqual(ids);
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: PHONE });

  test("the keyboard chooses a topic, whose charts are then drawn", async ({ page }) => {
    await page.goto("/pipelines");
    await topics(page).first().focus();
    await page.keyboard.press("ArrowRight");
    await expect(topics(page).nth(1)).toBeChecked();
    await expect(card(page, "build_status")).toBeHidden();
    await expect(card(page, "heatmap").getByRole("heading")).toBeInViewport();
    await expect(topics(page).nth(1)).toBeInViewport();
    await drawn(page, "heatmap");
  });

  test("the first pipelines stand above the figures, with a way to all", async ({ page }) => {
    await page.goto("/pipelines?project=cmc");
    const rows = page.locator(".pipeline-table tbody tr");
    await expect(rows.nth(4)).toBeVisible();
    const count = await rows.count();
    expect(count).toBeGreaterThan(5);
    await expect(rows.nth(5)).toBeHidden();
    await page.getByRole("link", { name: /^All \d+ pipelines$/ }).click();
    await expect(page).toHaveURL(/\/pipelines\/list\?project=cmc$/);
    await expect(rows.nth(count - 1)).toBeVisible();
  });

  test("a figure that the address names is shown, whatever its topic", async ({ page }) => {
    await page.goto("/pipelines#duration_by_week");
    await expect(card(page, "duration_by_week")).toBeVisible();
    await expect(card(page, "build_status")).toBeVisible();
  });
});
