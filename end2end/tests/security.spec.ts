// The head of the Security page: numbers that open their lists, what is due, and repositories by name.
import type { APIRequestContext, Page } from "@playwright/test";
import { column, figure } from "../support/api";
import { card, drawn, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

test("each number opens the list that it counts", async ({ page, request }) => {
  await page.goto("/security");
  const tiles = page.locator(".security-head .tile");
  await expect(tiles).toHaveCount(4);
  const last = await trend(request);
  const expected = [last.debt, last.runtimes_ended + last.runtimes_due, last.overdue, last.unchecked];
  for (const [index, tile] of (await tiles.all()).entries()) {
    const link = tile.locator(".tile-number a");
    expect(Number((await link.textContent())!.split(":")[0].replace(",", ""))).toBe(expected[index]);
    await expect(tile).toContainText(/28 days/);
    await expect(page.locator((await link.getAttribute("href"))!)).toHaveCount(1);
  }
  await tiles.last().locator("a").click();
  await expect(page.locator("#unchecked")).toBeInViewport();
});

/** The newest numbers of the trend, by column. */
async function trend(request: APIRequestContext): Promise<Record<string, number>> {
  const numbers = await figure(request, "security_trend");
  return Object.fromEntries(numbers.columns.slice(1).map(({ id }) => [id, column(numbers, id).at(-1)!]));
}

test("what is due this month has a team, and is better or worse than a month ago", async ({ page, request }) => {
  const due = await figure(request, "security_due");
  const soon = column<string>(due, "due").filter((known) => known === "30-days").length;
  expect(soon).toBeGreaterThan(0);
  await page.goto("/");
  // The first click is to the page, the second to the list.
  await page.getByRole("navigation").getByRole("link", { name: "Security" }).click();
  await expect(page).toHaveURL(/\/security$/);
  // Before the page is alive, its links load documents.
  await page.waitForLoadState();
  await expect(page.locator(".security-head .tile").first()).toContainText(/(better|worse) than 28 days before|no clear change in 28 days/);
  await page.locator(".security-due .chip", { hasText: "Within 30 days" }).click();
  const list = page.locator("#due-30-days");
  await expect(list).toBeInViewport();
  await expect(list.getByRole("heading")).toHaveText(`Within 30 days: ${soon}`);
  // The list that is opened is unfolded.
  await expect(list.locator("details:not([open])")).toHaveCount(0);
  const rows = list.locator("tbody tr");
  await expect(rows).toHaveCount(Math.min(soon, 60));
  await expect(rows.first().locator("[data-label=Team]")).not.toHaveText("");
  await expect(rows.first().locator("[data-label='What to do']")).not.toHaveText("");
  await rows.first().locator("[data-label=Repository] a").click();
  await expect(page).toHaveURL(/\/repositories\//);
});

test("a team and a day choose all of the page", async ({ page, request }) => {
  await page.goto("/security");
  const team = await page.locator("#due tbody [data-label=Team]").first().textContent();
  await page.locator(".security-choice select").selectOption(team!);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(new RegExp(`team=${team}`));
  await page.waitForLoadState();
  const teams = new Set(await page.locator("#due tbody [data-label=Team]").allTextContents());
  expect([...teams]).toEqual([team]);
  await expect(page.locator(".security-choice")).toContainText(`Only the team ${team}.`);
  const rows = column<string>(await figure(request, "security_due", { team: team! }), "team");
  expect(new Set(rows)).toEqual(teams);
  // The figures are of the team, too.
  for (const id of ["suppression_debt", "js_checks"]) {
    const data = await (await request.get(`/api/figure?${new URLSearchParams({ id, team: team! })}`)).json();
    await expect(page.locator(`[data-figure=${id}] .sentence`)).toHaveText(data.summary);
    expect(data.builds).toBeLessThan((await figure(request, id)).builds);
  }
  await page.goto("/security?as_of=2019-10-01");
  await expect(page.locator("[data-figure=js_checks] .basis")).toContainText("2 Oct 2019");
  await expect(page.locator(".security-choice")).toContainText("As known at the end of 1 Oct 2019");
  const addresses = await page.locator('.security-due a[href^="/repositories/"]').evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(addresses.length).toBeGreaterThan(0);
  for (const address of addresses) expect(address).toMatch(/\?as_of=2019-10-01$/);
  const then = await figure(request, "security_trend", { as_of: "2019-10-01" });
  await expect(page.locator(".security-head .tile").first()).toContainText(`of ${column(then, "rules").at(-1)};`);
});

test("before the first facts no number is said", async ({ page }) => {
  await page.goto("/security?as_of=1999-01-01");
  await expect(page.locator(".security-head")).toHaveText("There were no security facts at that time.");
  await expect(page.locator(".tile")).toHaveCount(0);
  await expect(page.locator("[data-figure=js_checks] .sentence")).toHaveText("There were no security facts at that time.");
  await page.getByRole("link", { name: "Show today", exact: true }).click();
  await expect(page.locator(".tile")).toHaveCount(4);
});

test("repositories without a check are named", async ({ page, request }) => {
  const { unchecked } = await trend(request);
  await page.goto("/security");
  const names = await page.locator("#unchecked tbody th").allTextContents();
  expect(names.length).toBe(unchecked);
  expect(names).toEqual([...names].sort());
  await expect(page.locator("#unchecked")).toContainText("Not known:");
});

test("the head can be read without JavaScript", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  const page = await context.newPage();
  await page.goto("/security");
  await expect(page.locator(".security-head .tile").first()).toBeVisible();
  await page.locator(".security-head .tile-number a").last().click();
  await expect(page.locator("#unchecked")).toBeInViewport();
  await context.close();
});

/** The page lists so many items of a figure: it says so, and has as many rows, at most 500. */
async function lists(page: Page, id: string, count: number) {
  await expect(page).toHaveURL(new RegExp(`/security/items\\?.*figure=${id}`));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("What a number counts");
  const said = `${count.toLocaleString("en-GB")} ${count === 1 ? "item" : "items"} of “`;
  await expect(page.locator(".security-items .sentence")).toContainText(said);
  await expect(page.locator(".security-items tbody tr")).toHaveCount(Math.min(count, 500));
}

test("a number in a table of a team opens what it counts, and its repositories keep the day", async ({ page, request }) => {
  const day = "2019-10-20";
  const wanted = await figure(request, "suppression_debt", { as_of: day });
  const [team, rules] = [column<string>(wanted, "team")[0], column(wanted, "rules")[0]];
  await page.goto(`/figures/suppression_debt?as_of=${day}`);
  await (await openTable(page, "suppression_debt")).locator("tbody tr").first().locator("td a").first().click();
  await lists(page, "suppression_debt", rules);
  await expect(page.locator(".security-items h2")).toHaveText(`${team}: Rules`);
  for (const cell of await page.locator(".security-items [data-label=Team]").allTextContents()) expect(cell).toBe(team);
  const links = await page.locator(".security-items [data-label=Repository] a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  expect(links.length).toBe(Math.min(rules, 500));
  for (const href of links) expect(href).toMatch(new RegExp(`^/repositories/.*\\?as_of=${day}$`));
  // The document of the same address says the same.
  await page.reload();
  await lists(page, "suppression_debt", rules);
  // Its figure has the same number as CSV.
  const file = await request.get((await page.locator(".security-items a[download]").getAttribute("href"))!);
  expect(await file.text()).toContain(`"${team}",${rules},`);
});

test("zeros open nothing, and every other count of Security opens a list", async ({ page, request }) => {
  await page.goto("/security");
  const wanted = await figure(request, "open_findings");
  const rows = (await openTable(page, "open_findings")).locator("tbody tr");
  for (const [index, row] of wanted.rows.entries()) {
    const counts = row.filter((cell) => typeof cell === "number" && cell > 0);
    await expect(rows.nth(index).locator("td a")).toHaveCount(counts.length);
  }
  const open = column(wanted, "open");
  const severity = open.findIndex((count) => count > 0);
  const title = wanted.columns.findIndex(({ id }) => id === "open");
  await rows.nth(severity).locator("th, td").nth(title).locator("a").click();
  await lists(page, "open_findings", open[severity]);
});

test("a mark of a security figure opens what it counts, with the mouse and the keyboard", async ({ page, request }) => {
  const debt = await figure(request, "suppression_debt");
  await page.goto("/figures/suppression_debt");
  await drawn(page, "suppression_debt");
  const box = await card(page, "suppression_debt").locator(".bars .point path").first().boundingBox();
  if (!box) throw new Error("no bar");
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await lists(page, "suppression_debt", column(debt, "debt")[0]);

  // Bars of versions are no rows of the table.
  const versions = column(await figure(request, "node_versions"), "major");
  await page.goto("/figures/node_versions");
  const chart = await drawn(page, "node_versions");
  await chart.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await lists(page, "node_versions", versions.filter((major) => major === versions[0]).length);
});

test("a day of the trend opens the page as of that day", async ({ page, request }) => {
  const trend = await figure(request, "security_trend");
  await page.goto("/figures/security_trend");
  await (await openTable(page, "security_trend")).locator("tbody tr").nth(trend.rows.length - 2).locator("td a").first().click();
  const day = column<string>(trend, "at").at(-2)!;
  await expect(page).toHaveURL(new RegExp(`/security\\?as_of=${encodeURIComponent(day)}$`));
  await expect(page.locator(".security-head .tile").first()).toContainText(`of ${column(trend, "rules").at(-2)!.toLocaleString("en-GB")};`);
});

for (const [path, parameter] of [
  ["/security/items", "figure"],
  ["/security/items?column=nothing&figure=suppression_debt&row=cmc", "column"],
  ["/security/items?column=findings&figure=security_calendar&row=soon", "row"],
]) {
  test(`${path} names the parameter ${parameter}`, async ({ page, faults }) => {
    faults.provoke(/400/);
    expect((await page.goto(path))?.status()).toBe(400);
    await expect(page.getByRole("main")).toContainText(parameter);
  });
}
