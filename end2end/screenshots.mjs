// Takes screenshots of a running dashboard at every width, light and dark.
// Usage: node end2end/screenshots.mjs [URL]; the default is http://127.0.0.1:8050.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const WIDTHS = [360, 768, 1440, 2560];
const PAGES = ["/pipelines", "/security", "/sources", "/disclaimer", "/pipelines?project=cmc&type=nightly", "/figures/heatmap", "/nowhere"];

const url = process.argv[2] ?? "http://127.0.0.1:8050";
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "screenshots");
await mkdir(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
for (const colorScheme of ["light", "dark"]) {
  for (const width of WIDTHS) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    for (const target of PAGES) {
      await page.goto(url + target);
      for (const card of await page.locator("article[data-figure]").all()) {
        await card.scrollIntoViewIfNeeded();
        await card.locator('[data-drawn="true"]').waitFor({ timeout: 5000 }).catch(() => console.warn(`not drawn on ${target}`));
      }
      await page.evaluate(() => scrollTo(0, 0));
      const name = `${target.slice(1).replace(/[^a-z0-9]+/gi, "-")}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: path.join(folder, name), fullPage: true });
      console.log(name);
    }
    await page.close();
  }
}
await browser.close();
