// CSV and JSON downloads match each figure's rows, and the headline matches the API.
import { readFile } from "node:fs/promises";
import { ALL, type Cell, type Figure, figure } from "../support/api";
import { card, openMenu } from "../support/chart";
import { expect, test } from "../support/fixtures";

/** Parses CSV as defined by RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)(?:\r?\n|$)/g)) {
    if (!line[0]) break;
    const cells = [...line[1].matchAll(/(?:^|,)("(?:[^"]|"")*"|[^",]*)/g)].map(([, cell]) => cell);
    rows.push(cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)));
  }
  return rows;
}

/** A cell as written to CSV: text that a spreadsheet would evaluate starts with an apostrophe. */
const written = (cell: Cell) => (cell === null ? "" : String(cell));
const read = (cell: string) => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

function sameRows(csv: string, wanted: Figure) {
  const [head, ...rows] = parseCsv(csv);
  expect(head).toEqual(wanted.columns.map((known) => known.id));
  const numeric = wanted.columns.map((known) => ["count", "number", "percent"].includes(known.kind));
  const value = (cell: string, index: number) => (numeric[index] && cell !== "" ? Number(cell) : read(cell));
  expect(rows.map((row) => row.map(value))).toEqual(
    wanted.rows.map((row) => row.map((cell, index) => (numeric[index] && cell !== null ? Number(cell) : written(cell)))),
  );
}

for (const filter of [{}, { project: "cmc", type: "nightly", days: 28 }]) {
  test(`every figure's CSV matches its rows for ${JSON.stringify(filter)}`, async ({ request }) => {
    for (const id of ALL) {
      const wanted = await figure(request, id, filter);
      const answer = await request.get(`/figures/${id}.csv?${new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, `${value}`]))}`);
      expect(answer.status(), id).toBe(200);
      expect(answer.headers()["content-type"]).toContain("text/csv");
      expect(answer.headers()["content-disposition"]).toMatch(new RegExp(`filename="${id}-.*\\.csv"$`));
      sameRows(await answer.text(), wanted);
    }
  });
}

test("a card's CSV and JSON links use the current filter", async ({ page, request }) => {
  await page.goto("/pipelines?project=sscs");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.locator('select[name="days"]').selectOption("28");
  const wanted = await figure(request, "most_failing", { project: "sscs", days: 28 });
  await expect(card(page, "most_failing")).toContainText(wanted.summary);
  await openMenu(page, "most_failing");
  const csv = card(page, "most_failing").locator('.menu a[href*=".csv"]');
  const downloading = page.waitForEvent("download");
  await csv.click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^most_failing-days_28_project_sscs-\d{4}-\d\d-\d\d\.csv$/);
  sameRows(await readFile(await download.path(), "utf8"), wanted);
  const json = await card(page, "most_failing").locator('a[href^="/api/figure"]').getAttribute("href");
  const answer: Figure = await (await request.get(json!)).json();
  expect(answer.rows).toEqual(wanted.rows);
});

for (const query of ["", "?project=cmc&days=28", "?type=nightly&days=7"]) {
  test(`the headline of /pipelines${query} matches the API`, async ({ page, request }) => {
    const headline = await (await request.get(`/api/headline${query}`)).json();
    const filter = Object.fromEntries(new URLSearchParams(query));
    const status = await figure(request, "build_status", filter);
    expect(headline.builds).toBe(status.builds);
    await page.goto(`/pipelines${query}`);
    const glance = page.getByRole("region", { name: "At a glance" });
    const [failed, decided] = [headline.failed, headline.decided].map((count) => count.toLocaleString("en-GB"));
    await expect(glance).toContainText(new RegExp(`\\b${failed} of ${decided} decided builds failed`));
    if (query === "") expect(headline.red.length, "the sample has red pipelines").toBeGreaterThan(0);
    for (const red of headline.red) await expect(glance).toContainText(red.short_name);
  });
}
