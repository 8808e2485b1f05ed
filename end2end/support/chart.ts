// A figure's card on the page and the marks that plotly drew in it.
import { expect, type Locator, type Page } from "@playwright/test";
import { type Figure, PAGES } from "./api";

/** A bar: plotly's data and the position of its rectangle on the axes. */
export interface Bar {
  trace: string;
  /** Row number, category, or time in milliseconds. */
  position: number | string;
  size: number;
  from: number;
  to: number;
  /** Both edges on the position axis; `edgePixel` is the size of a pixel there. */
  edges: [number, number];
  edgePixel: number;
  /** Size of a pixel on the value axis. */
  pixel: number;
  fill: string;
}

/** A point of a line: its value, and where it stands on the axis of values. */
export interface Point {
  trace: string;
  row: number;
  value: number;
  at: number;
}

/** A heatmap cell whose centre is painted. */
export interface Cell {
  x: number;
  y: number;
  value: number;
  colour: number[];
}

/** Visible marks of a chart. */
export interface Marks {
  bars: Bar[];
  points: Point[];
  cells: Cell[];
  /** Ends of the error bars on the value axis. */
  errors: number[];
  /** Texts at bars and points, in row order. */
  texts: string[];
  /** Names beside horizontal bars, in order. */
  names: string[];
  pixel: number;
}

export const card = (page: Page, id: string): Locator => page.locator(`article[data-figure="${id}"]`);

export const table = (page: Page, id: string): Locator => card(page, id).locator("table");

/** Shows the topic of a card on phones, where a page shows one at a time. Tries anew while a page gives way to the next,
 * when the card is neither visible nor behind a topic. */
export async function showTopic(page: Page, id: string) {
  await expect(async () => {
    if (await card(page, id).isVisible()) return;
    const topic = await card(page, id).getAttribute("data-topic", { timeout: 1_000 });
    await page.locator(`.topics input[value="${topic}"]`).check({ timeout: 1_000 });
    await expect(card(page, id)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
}

/** Opens a card's table as a reader does; on a figure's own page it is already open. */
export async function openTable(page: Page, id: string): Promise<Locator> {
  await showTopic(page, id);
  const details = card(page, id).locator("details.table");
  if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
  await expect(table(page, id)).toBeVisible();
  return table(page, id);
}

/** Opens a card's menu: CSV, JSON, link and what counts. */
export async function openMenu(page: Page, id: string) {
  await card(page, id).locator(".menu > summary").click();
  await expect(card(page, id).locator(".menu")).toContainText("What counts");
}

/** Scrolls a card into view and waits until its chart is drawn. */
export async function drawn(page: Page, id: string): Promise<Locator> {
  const chart = card(page, id).locator(".chart");
  await showTopic(page, id);
  await card(page, id).scrollIntoViewIfNeeded();
  await expect(chart).toHaveAttribute("data-drawn", "true");
  return chart;
}

/** Figures that a page draws: those with rows in the API. */
export async function drawable(page: Page): Promise<string[]> {
  const { pathname, searchParams } = new URL(page.url());
  const [, folder, id] = pathname.split("/");
  const ids = folder === "figures" ? [id!] : id ? [] : ((PAGES as Record<string, string[]>)[folder] ?? []);
  const figures = ids.map(async (id): Promise<Figure | undefined> => {
    const answer = await page.request.get(`/api/figure?${new URLSearchParams({ ...Object.fromEntries(searchParams), id })}`);
    return answer.ok() ? answer.json() : undefined;
  });
  return (await Promise.all(figures)).flatMap((figure) => (figure?.rows.length ? [figure.id] : []));
}

/** Scrolls each card into view in turn until all charts are drawn. */
export async function allDrawn(page: Page, ids: string[]) {
  for (const id of ids) await drawn(page, id);
}

export async function marks(page: Page, id: string): Promise<Marks> {
  const chart = await drawn(page, id);
  return chart.evaluate(async (element) => {
    const bound = (node: Element) => (node as unknown as { __data__: any }).__data__;
    const all = (selector: string) => [...element.querySelectorAll<SVGGraphicsElement>(selector)];
    const visible = (node: Element) => {
      const box = (node.querySelector("path") ?? node).getBoundingClientRect();
      return box.width > 0 && box.height > 0;
    };
    const plot = (element.matches(".js-plotly-plot") ? element : element.querySelector(".js-plotly-plot")) as any;
    const { xaxis, yaxis } = plot._fullLayout;
    const traceOf = (node: Element) => bound(node.closest(".trace")!)[0].trace;
    const horizontal = plot._fullData.some((trace: any) => trace.orientation === "h");
    // A panel has axes of its own.
    const axis = (name: string) => plot._fullLayout[name.replace(/^([xy])/, "$1axis")];
    const axesOf = (trace: any) => (horizontal ? [axis(trace.yaxis), axis(trace.xaxis)] : [axis(trace.xaxis), axis(trace.yaxis)]);
    const values = horizontal ? xaxis : yaxis;
    const pixelOf = (axis: any) => Math.abs(axis.p2l(1) - axis.p2l(0));
    const span = (box: DOMRect, along: any): [number, number] =>
      along._id.startsWith("x") ? [along.p2l(box.x), along.p2l(box.x + box.width)] : [along.p2l(box.y + box.height), along.p2l(box.y)];

    const bars = all(".cartesianlayer .barlayer .point")
      .filter((node) => !bound(node).isBlank)
      .map((node) => {
        const path = node.querySelector("path")!;
        const { p, s } = bound(node);
        const [positions, values] = axesOf(traceOf(node));
        const [from, to] = span(path.getBBox(), values);
        return {
          trace: traceOf(node).name ?? "",
          position: positions._categories?.length ? positions._categories[p] : p,
          size: s,
          from,
          to,
          edges: span(path.getBBox(), positions).sort((a, b) => a - b) as [number, number],
          edgePixel: pixelOf(positions),
          pixel: pixelOf(values),
          fill: getComputedStyle(path).fill,
        };
      });

    // A heatmap is an image: read the colour at the centre of each cell.
    const cells = [];
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    for (const node of all(".heatmaplayer .hm")) {
      const { z } = bound(node)[0];
      for (const image of node.querySelectorAll("image")) {
        const source = new Image();
        source.src = image.getAttribute("href") ?? image.getAttribute("xlink:href")!;
        await source.decode();
        Object.assign(canvas.canvas, { width: source.naturalWidth, height: source.naturalHeight });
        canvas.drawImage(source, 0, 0);
        const number = (name: string) => Number(image.getAttribute(name));
        for (const [y, line] of z.entries()) {
          for (const x of line.keys()) {
            const right = ((xaxis.l2p(x) - number("x")) / number("width")) * source.naturalWidth;
            const down = ((yaxis.l2p(y) - number("y")) / number("height")) * source.naturalHeight;
            const [red, green, blue, alpha] = canvas.getImageData(Math.floor(right), Math.floor(down), 1, 1).data;
            if (alpha > 0) cells.push({ x, y, value: line[x], colour: [red, green, blue] });
          }
        }
      }
    }

    const points = all(".cartesianlayer .scatterlayer .point")
      .filter(visible)
      .map((node) => {
        const { i, y } = bound(node);
        return { trace: traceOf(node).name ?? "", row: i, value: y, at: yaxis.p2l(node.transform.baseVal.consolidate()!.matrix.f) };
      });

    return {
      bars,
      points,
      cells,
      errors: all(".cartesianlayer .barlayer path.xerror").map((path) => span(path.getBBox(), values)[1]),
      texts: all(".cartesianlayer .bartext, .cartesianlayer .textpoint text").map((text) => text.textContent!.trim()),
      names: all(".cartesianlayer .ytick text").map((text) => text.textContent!.trim()),
      pixel: values ? pixelOf(values) : 0,
    };
  });
}
