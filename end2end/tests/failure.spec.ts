// A failing figure does not hide the others and can be retried.
import type { Page, Route } from "@playwright/test";
import { figure } from "../support/api";
import { card, drawn, marks, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

const OF_HEATMAP = /\/api\/figure\?.*id=heatmap(&|$)/;

const KINDS: Record<string, (route: Route) => Promise<void>> = {
  "returns 500": (route) => route.fulfill({ status: 500, contentType: "application/json", body: '{"error":"internal"}' }),
  "returns 503": (route) => route.fulfill({ status: 503, contentType: "application/json", body: '{"error":"not_ready"}' }),
  "is unreachable": (route) => route.abort("connectionrefused"),
  "returns HTML": (route) => route.fulfill({ status: 200, contentType: "application/json", body: "<html>proxy</html>" }),
};

async function openAlive(page: Page) {
  await page.goto("/pipelines");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
}

for (const [kind, answer] of Object.entries(KINDS)) {
  test(`when one figure ${kind}, only its card shows an error, and a retry fixes it`, async ({ page, faults }) => {
    faults.provoke(/id=heatmap/);
    await openAlive(page);
    await drawn(page, "heatmap");
    await page.route(OF_HEATMAP, answer);
    await page.locator('select[name="project"]').selectOption("cmc");
    const retry = card(page, "heatmap").getByRole("link", { name: "Try again" });
    await card(page, "heatmap").scrollIntoViewIfNeeded();
    await expect(retry).toBeVisible();
    await expect(card(page, "heatmap").getByRole("alert")).toBeVisible();
    await expect(page.getByRole("link", { name: "Try again" })).toHaveCount(1);
    await expect(card(page, "heatmap")).not.toContainText(/panick|serde|deserializ|expected value|ServerFn/i);
    const others = await figure(page.request, "build_status", { project: "cmc" });
    await expect(card(page, "build_status")).toContainText(others.summary);
    await page.unroute(OF_HEATMAP);
    const mended = await figure(page.request, "heatmap", { project: "cmc" });
    // Some errors mend themselves with the next message of the server.
    await expect(async () => {
      if (await retry.isVisible()) await retry.click({ timeout: 1_000 });
      await expect(card(page, "heatmap")).toContainText(mended.summary, { timeout: 3_000 });
    }).toPass();
    await expect(retry).toHaveCount(0);
    await expect.poll(async () => (await marks(page, "heatmap")).cells.length).toBe(mended.rows.length);
  });
}

test("one panel reports an unreachable server, and all cards recover with the next change of filter", async ({ page, context, faults }) => {
  faults.provoke(/ERR_INTERNET_DISCONNECTED/);
  await openAlive(page);
  await drawn(page, "build_status");
  await context.setOffline(true);
  await page.locator('select[name="days"]').selectOption("28");
  await expect(card(page, "build_status").locator(".error-panel")).toHaveCount(1);
  await expect(page.getByRole("link", { name: "Try again" })).toHaveCount(1);
  await context.setOffline(false);
  await page.locator('select[name="days"]').selectOption("7");
  const wanted = await figure(page.request, "build_status", { days: 7 });
  await expect(card(page, "build_status")).toContainText(wanted.summary);
  await expect(page.getByRole("link", { name: "Try again" })).toHaveCount(0);
});

test("tables and sentences remain without the chart library", async ({ page, request, faults }) => {
  faults.provoke(/plotly/);
  await page.route(/\/plotly\/plotly-.*\.js/, (route) => route.abort("failed"));
  await openAlive(page);
  const wanted = await figure(request, "build_status");
  await expect(card(page, "build_status")).toContainText(wanted.summary);
  await card(page, "build_status").scrollIntoViewIfNeeded();
  const table = await openTable(page, "build_status");
  await expect(table.locator("tbody tr")).toHaveCount(wanted.rows.length);
  await expect(card(page, "build_status").getByText(/chart.*(could not|cannot|can’t|failed)/i)).toBeVisible();
});
