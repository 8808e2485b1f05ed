// An empty store: pages, tables and downloads explain why they are empty.
import { ALL, figure, PAGES } from "../support/api";
import { card, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

test.use({ empty: true });

for (const [name, ids] of Object.entries(PAGES)) {
  test(`${name} explains why each figure is empty`, async ({ page, request }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`/${name}`, { waitUntil: "networkidle" });
    for (const id of ids) {
      const wanted = await figure(request, id);
      expect(wanted.rows).toEqual([]);
      expect(wanted.builds).toBe(0);
      expect(wanted.summary).toMatch(/^There are no (build events|security facts) yet\.$/);
      await card(page, id).scrollIntoViewIfNeeded();
      await expect(card(page, id)).toContainText(wanted.summary);
      await expect(table(page, id).locator("tbody tr td:not([colspan])")).toHaveCount(0);
      await expect(card(page, id).locator(".chart")).not.toHaveAttribute("data-drawn");
      await expect(card(page, id).locator(".main-svg")).toHaveCount(0);
    }
    // The page has hydrated and could have drawn.
    expect(asked.filter((url) => url.endsWith("/api/live"))).toHaveLength(1);
    await expect(page.locator("body")).toContainText("no data yet");
    // What to do is said once.
    await expect(page.getByText("rse-dashboard import")).toHaveCount(1);
  });
}

test("filters and navigation work on empty pages", async ({ page }) => {
  await page.goto("/pipelines");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.locator('select[name="days"]').selectOption("28");
  await expect(page).toHaveURL(/days=28/);
  await page.getByRole("navigation").first().getByRole("link", { name: "Security" }).click();
  await expect(page).toHaveURL(/\/security/);
  await expect(card(page, "cve_per_team")).toBeVisible();
});

test("no page shows NaN, undefined or null", async ({ page }) => {
  for (const path of ["/pipelines", "/security", ...ALL.map((id) => `/figures/${id}`)]) {
    await page.goto(path);
    await expect(page.locator("body")).not.toContainText(/NaN|undefined|null|1970/);
  }
});

test("an empty figure's CSV has only its header", async ({ request }) => {
  for (const id of ALL) {
    const answer = await request.get(`/figures/${id}.csv`);
    expect(answer.status(), id).toBe(200);
    const lines = (await answer.text()).trim().split(/\r?\n/);
    expect(lines.length, id).toBe(1);
  }
});

test("the server is live but not ready, and says why", async ({ request }) => {
  const ready = await request.get("/health/ready");
  expect(ready.status()).toBe(503);
  expect(await ready.text()).toBe("not ready: the store holds no data\n");
  expect((await request.get("/health/live")).status()).toBe(200);
});
