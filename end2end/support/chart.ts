// A figure's card on the page, and what plotly drew in it.
import { expect, type Locator, type Page } from "@playwright/test";

/** What plotly bound to the marks that it drew; only marks that can be seen count. */
export interface Marks {
  slices: number[];
  bars: { trace: string; position: string; size: number }[];
  /** Heatmap cells that are not blank: `x|y` and the value. */
  cells: [string, number][];
  sectors: string[];
}

export const card = (page: Page, id: string): Locator => page.locator(`article[data-figure="${id}"]`);

export const table = (page: Page, id: string): Locator => card(page, id).locator("table");

/** Opens the table of a card, as a reader does; on a figure's own page it is open already. */
export async function openTable(page: Page, id: string): Promise<Locator> {
  const details = card(page, id).locator("details.table");
  if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
  await expect(table(page, id)).toBeVisible();
  return table(page, id);
}

/** Brings a card into view and waits until its chart is drawn. */
export async function drawn(page: Page, id: string): Promise<Locator> {
  const chart = card(page, id).locator(".chart");
  await card(page, id).scrollIntoViewIfNeeded();
  await expect(chart).toHaveAttribute("data-drawn", "true");
  return chart;
}

/** The figures of the page that have something to draw. */
export function drawable(page: Page): Promise<string[]> {
  const cards = page.locator("article[data-figure]", { has: page.locator("details.table:not([hidden])") });
  return cards.evaluateAll((all) => all.map((one) => one.id));
}

/** Brings every card into view, one after the other, until all charts are drawn. */
export async function allDrawn(page: Page, ids: string[]) {
  for (const id of ids) await drawn(page, id);
}

export async function marks(page: Page, id: string): Promise<Marks> {
  const chart = await drawn(page, id);
  return chart.evaluate((element) => {
    const bound = (node: Element) => (node as unknown as { __data__: any }).__data__;
    const all = (selector: string) => [...element.querySelectorAll(selector)];
    const visible = (node: Element) => {
      const box = (node.querySelector("path") ?? node).getBoundingClientRect();
      return box.width > 0 && box.height > 0;
    };
    const plot = (element.matches(".js-plotly-plot") ? element : element.querySelector(".js-plotly-plot")) as any;
    const heatmaps = plot.calcdata.map((calc: any) => calc[0]).filter((calc: any) => calc.trace.type === "heatmap");
    const cells = heatmaps.flatMap((calc: any) =>
      calc.z.flatMap((line: number[], y: number) =>
        [...line].map((z, x) => [`${x}|${y}`, z] as [string, number]).filter(([, z]) => Number.isFinite(z)),
      ),
    );
    return {
      slices: all(".pielayer .slice").filter(visible).map((node) => bound(node).v).filter((value: number) => value > 0),
      bars: all(".cartesianlayer .barlayer .point")
        .filter((node) => !bound(node).isBlank)
        .map((node) => {
          const bar = bound(node);
          return { trace: bound(node.closest(".trace")!)[0].trace.name ?? "", position: String(bar.p), size: bar.s };
        }),
      cells: all(".heatmaplayer image").length ? cells : [],
      // A sector may be too small for its frame: it then shows once a reader goes into the one around it.
      sectors: all(".treemaplayer .slice").map((node) => bound(node).data.data.id),
    };
  });
}
