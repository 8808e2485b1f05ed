// The table of pipelines: states, strips, rates, orders, pages and search.
import { figure, rowsOnPage } from "../support/api";
import { card, drawn, table } from "../support/chart";
import { expect, test } from "../support/fixtures";

const rows = ".pipeline-table tbody tr";

test("the page of pipelines begins with the first page of the table", async ({ page, request }) => {
  const list = await (await request.get("/api/pipelines?project=cmc")).json();
  await page.goto("/pipelines?project=cmc");
  await expect(page.locator(".pipeline-table")).toContainText(list.summary);
  await expect(page.locator(rows)).toHaveCount(list.page.length);
  const names = page.locator(`${rows} th[scope=row] a`);
  await expect(names).toHaveText(list.page.map(({ short_name }: { short_name: string }) => short_name));
  await expect(names.first()).toHaveAttribute("title", list.page[0].pipeline);
  await expect(page.locator(`${rows} .build-strip`)).toHaveCount(list.page.length);
});

test("all pipelines are listed, 25 a page", async ({ page, request }) => {
  const { pipelines } = await (await request.get("/api/pipelines")).json();
  expect(pipelines).toBeGreaterThan(25);
  await page.goto("/pipelines/list");
  let seen = 0;
  for (let number = 1; number <= Math.ceil(pipelines / 25); number += 1) {
    const count = Math.min(25, pipelines - seen);
    await expect(page.locator(rows)).toHaveCount(count);
    seen += count;
    const next = page.getByRole("link", { name: "Next page" });
    if (seen < pipelines) {
      await next.click();
      await expect(page).toHaveURL(new RegExp(`page=${number + 1}`));
      await expect(page.locator(".pager")).toContainText(`Page ${number + 1} of`);
    } else await expect(next).toHaveCount(0);
  }
});

test("both numbers of the failure rate open their builds", async ({ page, request }) => {
  const headline = await (await request.get("/api/headline?project=cmc")).json();
  for (const [number, name] of [
    [headline.failed, / failed builds$/],
    [headline.decided, / decided builds$/],
  ] as const) {
    await page.goto("/pipelines?project=cmc");
    await page.getByRole("link", { name }).click();
    await expect(page.locator(".sentence").first()).toContainText(`${number.toLocaleString("en-GB")} builds of CMC`);
  }
});

test("a link overlays builds over time with the period before, and its condition can be removed", async ({ page, request }) => {
  const id = "timeline_short";
  await page.goto("/pipelines?days=7");
  await page.getByRole("link", { name: "Show the period before" }).click();
  await expect(page).toHaveURL(`/figures/${id}?compare=previous&days=7`);
  const compared = await figure(request, id, { compare: "previous", days: 7 });
  expect(compared.columns.map((column) => column.id)).toContain("builds_before");
  await expect(card(page, id).locator(".sentence")).toHaveText(compared.summary);
  await expect(table(page, id).locator("tbody tr")).toHaveCount(rowsOnPage(compared));
  const chart = await drawn(page, id);
  const names = () => chart.evaluate((plot: any) => plot.data.map(({ name }: { name: string }) => name));
  await expect.poll(names).toEqual(["Failed", "Not failed", "Failed before", "Builds before"]);
  const before = await chart.evaluate((plot: any) => plot.data[3].y.reduce((sum: number, count: number) => sum + count, 0));
  expect(before).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Remove Compared with: previous" }).click();
  await expect(page).toHaveURL(`/figures/${id}?days=7`);
  await expect.poll(names).toEqual(["Failed", "Not failed"]);
  await page.goto("/pipelines?compare=previous&days=7");
  await page.getByRole("link", { name: "Hide the period before" }).click();
  await expect(page).toHaveURL("/pipelines?days=7");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("columns sort, names are found and numbers open builds", async ({ page, request }) => {
    await page.goto("/pipelines?days=28");
    const head = page.locator(".pipeline-table thead");
    await head.getByRole("link", { name: "Failed" }).click();
    await expect(page).toHaveURL("/pipelines/list?days=28&sort=-failed");
    await expect(head.locator("th", { hasText: "Failed" })).toHaveAttribute("aria-sort", "descending");
    const list = await (await request.get("/api/pipelines?days=28&sort=-failed")).json();
    const percents: number[] = list.page.map(({ failed_percent }: { failed_percent: number }) => failed_percent);
    expect(percents).toEqual([...percents].sort((a, b) => b - a));
    await expect(page.locator(`${rows} th[scope=row] a`).first()).toHaveAttribute("title", list.page[0].pipeline);

    await page.getByLabel("Pipeline contains").fill("CMC");
    await page.getByRole("button", { name: "Find" }).click();
    await expect(page).toHaveURL("/pipelines/list?days=28&q=CMC&sort=-failed");
    for (const title of await page.locator(`${rows} th[scope=row] a`).evaluateAll((all) => all.map((one) => one.getAttribute("title")!))) {
      expect(title.toLowerCase()).toContain("cmc");
    }

    const first = (await (await request.get("/api/pipelines?days=28&q=CMC&sort=-failed")).json()).page[0];
    await page.locator(rows).first().locator('td[data-label="Builds"] a').click();
    await expect(page.locator(".sentence")).toContainText(`${first.builds.toLocaleString("en-GB")} build`);
  });
});
