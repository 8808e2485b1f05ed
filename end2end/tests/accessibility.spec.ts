// Accessibility: automated WCAG 2.2 AA checks and keyboard use.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { card, drawable, drawn, openTable, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const EVERY_PAGE = [
  "/pipelines",
  "/pipelines?project=cmc&type=nightly&days=28",
  "/builds?days=7&result=FAILURE",
  "/builds?days=28&difference=1",
  "/compare",
  "/compare?a.type=nightly&b.type=non-nightly&days=28",
  "/pipelines/list",
  "/pipelines/list?sort=-failed&q=cmc",
  "/week",
  "/explore",
  "/search",
  "/search?q=claim",
  "/platform",
  "/",
  "/?project=cmc",
  "/security",
  "/security/items?column=open&figure=open_findings&row=high",
  "/sources",
  "/disclaimer",
  "/figures/heatmap",
  "/figures/node_versions",
  "/nowhere",
  "/pipelines?days=15",
];

async function violations(page: Page) {
  // Table rows are alike: checking a few is enough, and hundreds would take minutes.
  const axe = new AxeBuilder({ page }).withTags(LEVELS).exclude("tbody tr:nth-child(n + 6)");
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 5).map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.any.map((check) => check.message)}`));
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe reports no violations on the pages of a build and of a pipeline in ${colorScheme} mode`, async ({ page, request }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { page: builds } = await (await request.get("/api/builds?result=FAILURE&days=28")).json();
    const { name, number, short_name } = builds[0];
    for (const path of [`/build?${new URLSearchParams({ name, number })}`, `/pipeline?${new URLSearchParams({ name })}`]) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toContainText(short_name);
      expect(await violations(page)).toEqual([]);
    }
  });
}

// Without header and footer.
const WALLS = ["/wall", "/wall/pipelines"];

for (const colorScheme of ["light", "dark"] as const) {
  for (const path of [...EVERY_PAGE, ...WALLS]) {
    test(`axe reports no violations on ${path} in ${colorScheme} mode`, async ({ page, faults }) => {
      if (/nowhere|=15/.test(path)) faults.provoke(/40[04]/);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(path);
      for (const id of await drawable(page)) {
        await drawn(page, id);
        await card(page, id).locator("details").evaluateAll((all) => all.forEach((one) => ((one as HTMLDetailsElement).open = true)));
      }
      expect(await violations(page)).toEqual([]);
    });
  }
}

for (const path of EVERY_PAGE) {
  test(`${path} has one h1, landmarks and a language`, async ({ page, faults }) => {
    if (/nowhere|=15/.test(path)) faults.provoke(/40[04]/);
    await page.goto(path);
    await expect(page.locator("html")).toHaveAttribute("lang", /^en/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    for (const landmark of ["banner", "main", "contentinfo"] as const) await expect(page.getByRole(landmark)).toHaveCount(1);
    const levels = await page.locator("h1, h2, h3, h4").evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
    levels.slice(1).forEach((level, before) => expect(level, `after h${levels[before]}`).toBeLessThanOrEqual(levels[before] + 1));
  });
}

test("the skip link is first and leads to the content", async ({ page }) => {
  await page.goto("/pipelines");
  await page.keyboard.press("Tab");
  const skip = page.locator(":focus");
  await expect(skip).toHaveText(/skip/i);
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});

test("every focusable element shows its focus", async ({ page }) => {
  // Before the cards of a page of figures stands a table with many links.
  await page.goto("/figures/build_status");
  await drawn(page, "build_status");
  const seen: string[] = [];
  for (let step = 0; step < 35; step += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement!;
      const style = getComputedStyle(element);
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      return { name: `${element.tagName} ${element.textContent?.trim().slice(0, 30)}`, shown: outlined || style.boxShadow !== "none" };
    });
    // The end of the page.
    if (focus.name.startsWith("BODY")) break;
    expect(focus.shown, focus.name).toBe(true);
    seen.push(focus.name);
    // The menu of the figure opens and closes by keyboard.
    if (focus.name === "SUMMARY More") {
      const menu = card(page, "build_status").locator(".menu > ul");
      await page.keyboard.press("Enter");
      await expect(menu).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(menu).toBeHidden();
      await page.keyboard.press("Enter");
      await expect(menu).toContainText("What counts");
    }
  }
  for (const name of [/^A skip/i, /^A Security/, /^SELECT/, /^SUMMARY/, /^A CSV/]) expect(seen.filter((one) => name.test(one)), String(name)).not.toEqual([]);
});

test("filters and tables work by keyboard", async ({ page }) => {
  await page.goto("/pipelines");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  // A browser takes letters together only where they follow each other quickly.
  await expect(async () => {
    await page.getByLabel("Project").focus();
    await page.keyboard.type("CMC");
    await expect(page).toHaveURL(/project=cmc/, { timeout: 3_000 });
  }).toPass();
  await expect(page.getByLabel("Project")).toBeFocused();
  const summary = card(page, "build_status").locator("summary", { hasText: "View as table" });
  await summary.focus();
  await page.keyboard.press("Enter");
  await expect(table(page, "build_status")).toBeVisible();
});

test("table cells have headers", async ({ page }) => {
  await page.goto("/figures/most_failing");
  const most_failing = await openTable(page, "most_failing");
  await expect(most_failing.locator("thead th[scope=col]")).toHaveCount(6);
  await expect(most_failing.locator("tbody tr").first().locator("th[scope=row]")).toHaveCount(1);
  await expect(page.getByRole("table", { name: /.+/ })).toHaveCount(1);
});

test("charts follow a change of colour mode", async ({ page }) => {
  await page.goto("/pipelines");
  await drawn(page, "heatmap");
  const colour = () => card(page, "heatmap").locator(".xtick text").first().evaluate((text) => getComputedStyle(text).fill);
  const light = await colour();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(colour).not.toBe(light);
});
