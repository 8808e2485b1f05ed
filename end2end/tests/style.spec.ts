// The style guide: every component in every state looks as in end2end/pictures/, which `make screenshots` takes anew.
// Pictures differ between versions of Chromium and between fonts, so they are compared only with those of the same two.
import { existsSync } from "node:fs";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { sampleData } from "../support/global-setup";
import { type Server, serve } from "../support/program";

const WIDTHS = [360, 1280];
const PICTURES = path.join(__dirname, "../pictures");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const MODES = ["light", "dark"] as const;

let server: Server;
test.beforeAll(async () => {
  server = await serve(sampleData(), "0", { RSE_STYLE_PAGE: "1" });
});
test.afterAll(() => server.stop());

/** `chromium-148-dejavu-sans`: the browser's major version, and the font that stands for the system's. */
async function looks(page: Page): Promise<string> {
  const [version] = page.context().browser()?.version().split(".") ?? [];
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument");
  const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector: "h2" });
  const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
  await session.detach();
  return `chromium-${version}-${fonts[0].familyName.toLowerCase().replaceAll(" ", "-")}`;
}

for (const colorScheme of MODES) {
  for (const width of WIDTHS) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 900 } });

      test("every component looks as before", async ({ page }, testInfo) => {
        await page.goto(`${server.url}/style`);
        const folder = await looks(page);
        const takesAnew = testInfo.config.updateSnapshots === "all";
        test.skip(!takesAnew && !existsSync(path.join(PICTURES, folder)), `end2end/pictures has none of ${folder}: make screenshots`);
        const specimens = page.locator(".specimen");
        const count = await specimens.count();
        expect(count).toBeGreaterThan(8);
        for (let index = 0; index < count; index += 1) {
          const specimen = specimens.nth(index);
          const title = await specimen.locator("h2").first().innerText();
          // Strict enough to notice a colour that changes by one step of 256.
          await expect(specimen).toHaveScreenshot([folder, `${title.toLowerCase().replaceAll(" ", "-")}-${width}-${colorScheme}.png`], { threshold: 0.002, maxDiffPixels: 20 });
        }
      });

      test("the style guide fits and has no violation", async ({ page }) => {
        await page.goto(`${server.url}/style`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
        const { violations } = await new AxeBuilder({ page }).withTags(LEVELS).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      });
    });
  }
}

test("without the variable there is no style guide", async ({ request }) => {
  expect((await request.get("/style")).status()).toBe(404);
});
