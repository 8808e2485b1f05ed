// Open pages follow the data without a reload, keep the reader's changes, and recover from
// failures of the connection or the server.
import type { Page } from "@playwright/test";
import { column, figure, rowsOnPage } from "../support/api";
import { card, drawn, marks, openTable, table } from "../support/chart";
import { test as base, expect } from "../support/fixtures";
import { Own } from "../support/own";
import { run } from "../support/program";

/** Thirty days of events as two imports: all but the last two days, then the rest. */
let events: { first: string[]; second: string[] };

const test = base.extend<{ own: Own }>({
  own: async ({}, use) => {
    events ??= await printed();
    const own = await Own.of((data) => run("sample", "--seed", "2", "--days", "1", "--data", data));
    try {
      await own.import("events", events.first);
      // Before that, the server may show only the import's first transaction.
      await expect.poll(() => newest(own.url)).toBe(JSON.parse(events.first.at(-1)!).stage_timestamp);
      await use(own);
    } finally {
      await own.end();
    }
  },
  baseURL: async ({ own }, use) => use(own.url),
});

/** Freshness of the build events that a server shows. */
async function newest(url: string): Promise<string> {
  const { kinds } = await (await fetch(`${url}/api/freshness`)).json();
  return kinds[0].as_of.at;
}

async function printed() {
  const ndjson = await run("sample", "--seed", "3", "--as-of", "2019-10-25T17:15:00Z", "--days", "30", "--stdout");
  const lines = ndjson.split("\n").filter(Boolean);
  const late = (line: string) => JSON.parse(line).stage_timestamp >= "2019-10-23T17:15:00Z";
  return { first: lines.filter((line) => !late(line)), second: lines.filter(late) };
}

async function open(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.evaluate(() => ((window as any).sameDocument = true));
}

/** Expects the page's sentence, table and chart to match the API now. */
async function isRight(page: Page, id: string, filter = {}) {
  const wanted = await figure(page.request, id, filter);
  await expect(card(page, id).locator(".sentence")).toHaveText(wanted.summary);
  await expect(table(page, id).locator("tbody tr")).toHaveCount(rowsOnPage(wanted));
  return wanted;
}

/** Range of the axis as plotly draws it. */
const range = (page: Page, id: string): Promise<string[]> =>
  card(page, id)
    .locator(".chart")
    .evaluate((chart: any) => chart.layout.xaxis.range.map(String));

test("figures update without a reload and keep the reader's changes", async ({ page, own }) => {
  const documents: string[] = [];
  await open(page, "/pipelines?days=28");
  page.on("request", (request) => request.isNavigationRequest() && documents.push(request.url()));
  const before = await isRight(page, "build_status", { days: 28 });
  await drawn(page, "timeline_short");
  await openTable(page, "most_failing");
  const summary = card(page, "most_failing").locator("details.table summary");
  await summary.focus();
  const place = () => summary.evaluate((node) => Math.round(node.getBoundingClientRect().top));
  const placed = await place();

  await own.import("events", events.second);
  await expect(card(page, "build_status").locator(".sentence")).not.toHaveText(before.summary);

  for (const id of ["build_status", "most_failing", "timeline_short", "timeline"]) await isRight(page, id, { days: 28 });
  await expect(page.locator(".freshness")).toContainText("25 Oct 2019");
  await expect(table(page, "most_failing")).toBeVisible();
  await expect(summary).toBeFocused();
  // What grows above does not move what is read; the browser corrects it in the next frame.
  await expect.poll(async () => Math.abs((await place()) - placed)).toBeLessThan(3);
  const wanted = await figure(page.request, "most_failing", { days: 28 });
  const bars = async () => (await marks(page, "most_failing")).bars.map(({ size }) => size);
  const parts = ["failure", "aborted"].flatMap((id) => column(wanted, id).slice(0, 20)).filter((count) => count > 0);
  await expect.poll(bars).toEqual(parts);
  await drawn(page, "timeline_short");
  await expect.poll(() => lastBar(page, "timeline_short")).toBe(String(((await figure(page.request, "timeline_short", { days: 28 })).plot.data[0].x as string[]).at(-1)));
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
  expect(documents).toEqual([]);
});

/** Position of the last mark in plotly's data. */
const lastBar = (page: Page, id: string): Promise<string> =>
  card(page, id)
    .locator(".chart")
    .evaluate((chart: any) => String(chart.data[0].x.at(-1)));

test("a chart follows the data and the filter", async ({ page, own }) => {
  await open(page, "/pipelines");
  const wanted = (filter: object) => figure(page.request, "timeline_short", filter).then(({ plot }) => (plot.layout.xaxis as any).range);
  await drawn(page, "timeline_short");
  expect(await range(page, "timeline_short")).toEqual(await wanted({}));
  await own.import("events", events.second);
  await expect(page.locator(".freshness")).toContainText("25 Oct 2019");
  await expect.poll(() => range(page, "timeline_short")).toEqual(await wanted({}));
  await page.locator('select[name="days"]').selectOption("28");
  await expect.poll(() => range(page, "timeline_short")).toEqual(await wanted({ days: 28 }));
});

test("brushing an axis of time sets the range of the page", async ({ page }) => {
  await open(page, "/pipelines");
  await drawn(page, "timeline_short");
  const plot = card(page, "timeline_short").locator(".nsewdrag").first();
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  const { searchParams } = new URL(page.url());
  const [from, to] = ["from", "to"].map((key) => Date.parse(searchParams.get(key)!));
  const days = (to! - from!) / 86_400_000;
  expect(Math.abs(days - 14 * 0.3), `${days} days`).toBeLessThan(0.3);
  await isRight(page, "build_status", { from: searchParams.get("from"), to: searchParams.get("to") });
});

test("real data replaces sample data on an open page", async ({ page }) => {
  const own = await Own.of((data) => run("sample", "--seed", "2", "--days", "2", "--data", data));
  try {
    await page.goto(`${own.url}/pipelines`);
    await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
    await expect(page.locator(".sample")).toBeVisible();
    await own.import("events", events.first.slice(-2000));
    await expect(page.locator(".sample")).toHaveCount(0);
    await expect(page.locator(".freshness")).toContainText("Oct 2019");
  } finally {
    // An open page would ask for the server that ends.
    await page.close();
    await own.end();
  }
});

test("a shared incident comes to an open page with the events that make it one", async ({ page }) => {
  const ndjson = await run("sample", "--seed", "3", "--as-of", "2019-10-25T17:15:00Z", "--days", "60", "--stdout");
  const lines = ndjson.split("\n").filter(Boolean);
  const until = (at: string, from = "") => lines.filter((line) => ((stamp) => from <= stamp && stamp < at)(JSON.parse(line).stage_timestamp));
  // The sample has an incident on that afternoon.
  const [before, after] = ["2019-10-16T11:30:00Z", "2019-10-16T17:00:00Z"];
  const own = await Own.of((data) => run("sample", "--seed", "2", "--days", "1", "--data", data));
  try {
    await own.import("events", until(before));
    await expect.poll(() => newest(own.url)).toMatch(/^2019-10-16T11:/);
    await page.goto(own.url);
    await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
    const known = async () => (await page.request.get(`${own.url}/api/incidents`)).json();
    expect((await known()).incidents).toBe(0);
    await expect(page.locator(".incidents li")).toHaveCount(0);
    await own.import("events", until(after, before));
    const shown = page.locator(".incidents li").first();
    await expect(shown).toContainText("aat deploy");
    const [incident] = (await known()).page;
    await expect(shown).toContainText(`${incident.failures} failures`);
    await expect(page.getByText(`${incident.pipelines} pipelines fail at aat deploy`).first()).toBeVisible();
  } finally {
    await page.close();
    await own.end();
  }
});

test("a page recovers after the server crashes and restarts with different data", async ({ page, own, faults }) => {
  // Whatever the page asks of a server that is gone.
  faults.provoke(/api\/live/, /ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/);
  await open(page, "/pipelines");
  await drawn(page, "timeline_short");
  const before = await isRight(page, "build_status");
  await own.kill();
  await own.import("events", events.second);
  await own.restart();
  await expect(card(page, "build_status").locator(".sentence")).not.toHaveText(before.summary, { timeout: 60_000 });
  for (const id of ["build_status", "most_failing", "timeline_short", "timeline"]) await isRight(page, id);
  await expect(page.locator(".error-panel")).toHaveCount(0);
  await drawn(page, "timeline_short");
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
});

test("a page updates when shown again or restored from the browser's cache", async ({ page, own }) => {
  await open(page, "/pipelines");
  const hide = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const cut = Math.ceil(events.second.length / 2);
  const before = await isRight(page, "build_status");
  await hide(true);
  await own.import("events", events.second.slice(0, cut));
  const known = page.request;
  await expect.poll(async () => (await figure(known, "build_status")).summary).not.toBe(before.summary);
  // Longer than an open page may wait before it fetches announced changes.
  await page.waitForTimeout(2_000);
  await expect(card(page, "build_status").locator(".sentence")).toHaveText(before.summary);
  await hide(false);
  await isRight(page, "build_status");

  const then = await figure(known, "build_status");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await own.import("events", events.second.slice(cut));
  await expect.poll(async () => (await figure(known, "build_status")).summary).not.toBe(then.summary);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await isRight(page, "build_status");
});

test("a page reconnects at a limited rate after an error, network loss or long silence", async ({ page, context, faults }) => {
  faults.provoke(/api\/live/, /503/, /ERR_INTERNET_DISCONNECTED/);
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/live")) asked += 1;
  });
  await page.clock.install();
  // Time passes in `runFor` alone.
  await page.clock.pauseAt(Date.now() + 60_000);
  /** Lets time pass until the page has asked so often. */
  const asks = (count: number) =>
    expect
      .poll(async () => {
        if (asked < count) await page.clock.runFor(500);
        return asked;
      })
      .toBe(count);
  await page.route("**/api/live", (route) => (asked <= 2 ? route.fulfill({ status: 503 }) : route.continue()));
  await open(page, "/pipelines");
  await expect.poll(() => asked).toBe(1);
  await asks(2);
  await asks(3);
  await page.unroute("**/api/live");
  await page.clock.runFor(20_000);
  expect(asked).toBe(3);
  // Longer than three intervals between the server's messages.
  await page.clock.fastForward(60_000);
  await page.clock.runFor(5_000);
  await expect.poll(() => asked).toBe(4);
  await context.setOffline(true);
  await context.setOffline(false);
  await expect.poll(() => asked).toBe(5);
});

test("a page from another build reloads once", async ({ page }) => {
  const { live } = await (await page.request.get("/api/freshness")).json();
  let loads = 0;
  page.on("load", () => (loads += 1));
  await open(page, "/pipelines");
  const heard = () => page.waitForResponse("**/api/live");
  await page.route("**/api/live", (route) => route.fulfill({ contentType: "text/event-stream", body: `event: live\ndata: ${JSON.stringify({ ...live, build: "another" })}\n\n` }));
  const again = page.waitForEvent("load");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await again;
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  // Pages do not reload endlessly when servers of two builds alternate.
  await heard();
  await heard();
  expect(loads).toBe(2);
});
