// The start page: the verdict, what is shared, the trend, and the same on a wall.
import { expect, test } from "../support/fixtures";

const decided = ["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED"];

test("one verdict answers whether something is red, in page and title", async ({ page, request }) => {
  const { red_total, pipelines } = await (await request.get("/api/headline")).json();
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Today");
  const verdict = page.locator(".verdict");
  await expect(verdict).toHaveCount(1);
  const { kinds } = await (await request.get("/api/freshness")).json();
  const [is, are, end] = kinds[0].old ? ["was", "were", " at the end of the data"] : ["is", "are", ""];
  const state = red_total === 0 ? `Nothing ${is} red${end}.` : `${red_total} of ${pipelines} pipelines ${red_total === 1 ? is : are} red${end}.`;
  await expect(verdict).toContainText(state);
  await expect(page).toHaveTitle(red_total === 0 ? /^Nothing red – / : new RegExp(`^${red_total} red – `));
});

test("the title names the project, and follows the way to another page", async ({ page }) => {
  await page.goto("/?project=cmc");
  await expect(page).toHaveTitle(/^CMC · (nothing red|\d+ red) – /);
  await expect(page.locator(".verdict")).toContainText("CMC: ");
  await page.getByRole("navigation").first().getByRole("link", { name: "Platform" }).click();
  await expect(page).toHaveTitle(/^CMC · Platform – /);
});

test("old data is said to be old", async ({ page, request }) => {
  const { kinds } = await (await request.get("/api/freshness")).json();
  const old = kinds.map(({ old }: { old: string | null }) => old).filter(Boolean);
  for (const path of ["/", "/pipelines", "/security", "/builds"]) {
    await page.goto(path);
    await expect(page.locator(".freshness")).toBeVisible();
    for (const text of old) await expect(page.locator(".banner")).toContainText(text);
    await expect(page.locator(".banner")).toHaveCount(old.length > 0 ? 1 : 0);
  }
});

test("a cell of the matrix opens as many builds as it says", async ({ page, request }) => {
  await page.goto("/");
  const cells = page.locator("table.matrix td a");
  expect(await cells.count()).toBeGreaterThan(0);
  const texts = await cells.allTextContents();
  // Failures first: they are what readers open.
  const places = texts.map((_, place) => place).sort((a, b) => parseInt(texts[b]) - parseInt(texts[a]));
  for (const place of places.slice(0, 8)) {
    const [failed, all] = texts[place].match(/\d+/g)!.map(Number);
    const query = new URL((await cells.nth(place).getAttribute("href"))!, "http://here").searchParams;
    expect(query.getAll("result").sort()).toEqual([...decided].sort());
    const list = await (await request.get(`/api/builds?${query}`)).json();
    expect(list.builds, texts[place]).toBe(all);
    query.delete("result");
    for (const result of ["FAILURE", "ABORTED"]) query.append("result", result);
    const { builds } = await (await request.get(`/api/builds?${query}`)).json();
    expect(builds, texts[place]).toBe(failed);
  }
  await cells.nth(places[0]).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Builds");
});

test("the API has what the page says", async ({ page, request }) => {
  for (const query of ["", "?project=cmc"]) {
    const today = await (await request.get(`/api/today${query}`)).json();
    await page.goto(`/${query}`);
    await expect(page.locator(".verdict")).toContainText(today.verdict);
    await expect(page).toHaveTitle(new RegExp(`^${today.title} – `));
    const counts = today.hours.projects.flatMap(({ hours }: any) => hours.filter(({ decided }: any) => decided > 0));
    const cells = await page.locator("table.matrix td a").allTextContents();
    expect(cells.map((text) => text.match(/^\d+\/\d+/)![0])).toEqual(counts.map(({ failed, decided }: any) => `${failed}/${decided}`));
  }
});

test("the matrix has all projects, and the selected one first", async ({ page }) => {
  await page.goto("/");
  const names = page.locator("table.matrix tbody th");
  const all = await names.allTextContents();
  expect(all).toContain("CMC");
  await page.goto("/?project=cmc");
  await expect(names.first()).toHaveText("CMC");
  await expect(names.first()).toHaveAttribute("aria-current", "true");
  expect((await names.allTextContents()).sort()).toEqual([...all].sort());
});

test("the failed builds of the last hours are those that the verdict counts", async ({ page, request }) => {
  await page.goto("/");
  const link = page.locator(".today-more a");
  const count = Number((await link.textContent())!.match(/\d+/)![0]);
  const query = new URL((await link.getAttribute("href"))!, "http://here").search;
  const { builds } = await (await request.get(`/api/builds${query}`)).json();
  expect(builds).toBe(count);
  await expect(page.locator(".verdict")).toContainText(`${count} failure`);
});

test("the trend has its numbers in a table that opens builds", async ({ page, request }) => {
  await page.goto("/");
  await expect(page.locator(".trend svg.sparkline")).toBeVisible();
  await page.locator(".today-trend").getByText("View as table").click();
  const rows = page.locator(".today-trend tbody tr");
  await expect(rows).toHaveCount(8);
  const link = rows.first().locator("td a").last();
  const query = new URL((await link.getAttribute("href"))!, "http://here").search;
  const { builds } = await (await request.get(`/api/builds${query}`)).json();
  expect(Number((await link.textContent())!.replace(",", ""))).toBe(builds);
});

test("a wall shows the same without controls, and the age of the data", async ({ page }) => {
  await page.goto("/");
  const verdict = await page.locator(".verdict").textContent();
  for (const path of ["/wall", "/wall/today"]) {
    await page.goto(path);
    await expect(page.locator(".wall .verdict")).toHaveText(verdict!);
    await expect(page.locator(".data-age strong")).toHaveText(/ago|just now/);
    await expect(page.locator(".wall form, .wall button, .wall select")).toHaveCount(0);
  }
  await page.goto("/wall/pipelines");
  await expect(page.locator(".wall .tile").first()).toBeVisible();
});

for (const [width, height] of [[1920, 1080], [1280, 720], [3840, 2160]] as const) {
  test(`a wall of ${width}×${height} px shows everything without scrolling, in large type`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    for (const path of ["/wall", "/wall/pipelines"]) {
      await page.goto(path);
      await expect(page.locator(".wall .data-age")).toBeVisible();
      const [over, smallest] = await page.evaluate(() => {
        const texts = [...document.querySelectorAll(".wall :is(p, h1, h2, h3, th, td, li, .tile *)")].filter((one) => one.checkVisibility() && one.textContent?.trim());
        const sizes = texts.map((one) => parseFloat(getComputedStyle(one).fontSize));
        return [document.documentElement.scrollHeight - window.innerHeight, Math.min(...sizes)];
      });
      expect(over, path).toBeLessThanOrEqual(0);
      // 20 px on a screen of 1080 lines.
      expect(smallest, path).toBeGreaterThanOrEqual((20 * height) / 1080 - 0.01);
    }
    await page.goto("/wall");
    const matrix = page.locator(".table-scroll:has(> .matrix)");
    if ((await matrix.count()) > 0) expect(await matrix.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0);
  });
}

test("the icon is red while something needs attention", async ({ page, request }) => {
  const { problems } = await (await request.get("/api/problems")).json();
  const name = problems.some(({ state }: { state: string }) => state !== "snoozed") ? "favicon-red.svg" : "favicon.svg";
  for (const path of ["/", "/pipelines", "/sources"]) {
    await page.goto(path);
    const icon = page.locator('link[rel="icon"]');
    await expect(icon).toHaveAttribute("href", new RegExp(`/${name}$`));
    expect((await request.get((await icon.getAttribute("href"))!)).status()).toBe(200);
  }
});
