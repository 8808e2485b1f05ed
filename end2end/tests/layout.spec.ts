// Layout stability while a page loads and scrolls, and no content wider than the window.
import type { Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { allDrawn, card, drawable, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

const MOST_SHIFT = 0.02;
const EVERY_PAGE = ["/pipelines", "/platform", "/pipelines/list", "/week", "/explore", "/search?q=claim", "/", "/wall", "/security", "/security/items?column=open&figure=open_findings&row=high", "/sources", "/disclaimer", "/figures/heatmap", "/figures/most_failing", "/figures/node_versions", "/builds?days=180&difference=1", "/compare?a.type=nightly&b.type=non-nightly", "/nowhere"];

test.describe("layout shift", () => {
  for (const [name, ids] of Object.entries(PAGES)) {
    for (const width of [360, 1440]) {
      test(`of ${name} at ${width} px is at most ${MOST_SHIFT}`, async ({ page }) => {
        await page.setViewportSize({ width, height: 900 });
        await page.addInitScript(() => {
          const shifts: { value: number; of: string[] }[] = ((window as any).shifts = []);
          // The browser counts half a second after an input as its consequence; a busy one may need longer.
          const choices: { from: number; to: number }[] = [];
          const chosen = () => {
            const choice = { from: performance.now(), to: Infinity };
            choices.push(choice);
            requestAnimationFrame(() => requestAnimationFrame(() => (choice.to = performance.now())));
          };
          addEventListener("change", chosen, true);
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as any[]) {
              // What follows from a reader's choice of a topic is no shift.
              if (entry.hadRecentInput || choices.some(({ from, to }) => from <= entry.startTime && entry.startTime <= to)) continue;
              const of = entry.sources.map(({ node }: any) => node?.outerHTML?.slice(0, 120) ?? String(node));
              shifts.push({ value: entry.value, of });
            }
          }).observe({ type: "layout-shift", buffered: true });
        });
        await page.goto(`/${name}`);
        await allDrawn(page, ids);
        await page.evaluate(() => window.scrollTo(0, 0));
        await allDrawn(page, ids);
        const shifts = await page.evaluate(() => (window as any).shifts as { value: number; of: string[] }[]);
        // Verify that shifts are detected by causing some: those right after an input are left out.
        await page.evaluate(() => window.scrollTo(0, 0));
        const shift = () =>
          page.evaluate(() => {
            const box = document.createElement("div");
            box.style.height = "200px";
            document.body.prepend(box);
            return (window as any).shifts.length;
          });
        await expect.poll(shift).toBeGreaterThan(shifts.length);
        const sum = shifts.reduce((total, { value }) => total + value, 0);
        expect(sum, JSON.stringify(shifts, null, 1)).toBeLessThanOrEqual(MOST_SHIFT);
      });
    }
  }
});

/** Elements that overflow to the right, except in scrollable containers. */
function sticksOut(page: Page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > width + 1);
    return [`the page is ${document.documentElement.scrollWidth} px wide`, ...wide.slice(0, 8).map((node) => node.outerHTML.slice(0, 120))];
  });
}

for (const width of [320, 360]) {
  for (const path of EVERY_PAGE) {
    test(`${path} fits into ${width} px`, async ({ page, faults }) => {
      if (path === "/nowhere") faults.provoke(/404/);
      await page.setViewportSize({ width, height: 740 });
      await page.goto(path);
      const ids = await drawable(page);
      expect(ids.length).toBe({ "/pipelines": 11, "/platform": 18, "/security": 11 }[path] ?? (path.startsWith("/figures/") ? 1 : 0));
      await allDrawn(page, ids);
      for (const id of ids) await openTable(page, id);
      expect(await sticksOut(page)).toEqual([]);
    });
  }
}

for (const path of ["/", "/builds", "/builds?days=180&difference=1", "/compare?a.type=nightly&b.type=non-nightly", "/pipelines/list"]) {
  test(`the rows of ${path} are cards on phones, and remain a table`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(path);
    const tables = page.locator(".table-scroll:has(> .cards-table):visible");
    await expect(tables.first()).toBeVisible();
    for (const table of await tables.all()) expect(await table.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0);
    const row = tables.first().getByRole("row").nth(1);
    await expect(row.getByRole("rowheader")).toHaveCount(1);
    expect(await row.locator("td").first().evaluate((cell) => getComputedStyle(cell).display)).toBe("block");
  });
}

test("charts resize with the window", async ({ page }) => {
  await page.goto("/pipelines");
  await allDrawn(page, ["heatmap"]);
  const width = () => card(page, "heatmap").locator(".main-svg").first().evaluate((svg) => svg.getBoundingClientRect().width);
  const wide = await width();
  await page.setViewportSize({ width: 600, height: 900 });
  await expect.poll(width).toBeLessThan(600);
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect.poll(width).toBe(wide);
});
