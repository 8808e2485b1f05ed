// A week: four numbers, what turned red and green, and the same as Markdown and JSON.
import { expect, test } from "../support/fixtures";

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("the last complete week is shown, and the one before is a link away", async ({ page, request }) => {
    const week = await (await request.get("/api/week?project=cmc")).json();
    expect(week.complete).toBe(true);
    await page.goto("/week?project=cmc");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Week");
    await expect(page.getByRole("main")).toContainText(week.summary);
    await expect(page.locator(".week .tile")).toHaveCount(4);
    await expect(page.locator(".week")).toContainText(`Newly red: ${week.newly_red_count}`);
    await page.getByRole("link", { name: "Week before" }).click();
    await expect(page).toHaveURL(`/week?project=cmc&week=${week.previous}`);
    const before = await (await request.get(`/api/week?project=cmc&week=${week.previous}`)).json();
    await expect(page.getByRole("main")).toContainText(before.summary);
    await page.getByRole("link", { name: "Week after" }).click();
    await expect(page.getByRole("main")).toContainText(week.summary);
  });

  test("its number of builds opens these builds", async ({ page, request }) => {
    const week = await (await request.get("/api/week")).json();
    await page.goto("/week");
    await page.locator(".week .tile a").first().click();
    await expect(page).toHaveURL(`/builds?${week.selection}`);
    await expect(page.locator(".sentence")).toContainText(`${week.numbers.builds.toLocaleString("en-GB")} builds`);
  });
});

test("a week is taken along as Markdown", async ({ page, request }) => {
  const week = await (await request.get("/api/week")).json();
  await page.goto("/week");
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Copy as Markdown" }).click();
  expect((await downloading).suggestedFilename()).toBe(`week-${week.week}.md`);
  const answer = await request.get(`/week.md?week=${week.week}`);
  expect(answer.headers()["content-type"]).toBe("text/markdown; charset=utf-8");
  const text = await answer.text();
  expect(text).toContain(`# ${week.title}\n`);
  expect(text).toContain(`## Newly red: ${week.newly_red_count}\n`);
  expect((await request.get("/week.md?week=2019-W99")).status()).toBe(400);
});

test("a week fits on one page of A4", async ({ page }) => {
  await page.goto("/week");
  const pdf = await page.pdf({ format: "A4" });
  expect(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
});

test("an unknown week is refused", async ({ page, faults }) => {
  faults.provoke(/400/);
  const answer = await page.goto("/week?week=2019-W99");
  expect(answer!.status()).toBe(400);
});
