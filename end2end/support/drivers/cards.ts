// What stands on a page: figures with their charts, and pictures of the server.
import { expect } from "@playwright/test";
import type { Tab } from "./fixtures";

/** Charts follow each other quickly. */
const OFTEN = [100];

/** The figures of a page, in order. */
export const figuresOn = (tab: Tab) =>
  tab.driver.evaluate(() => [...document.querySelectorAll("article[data-figure]")].map((card) => card.getAttribute("data-figure")));

/** Scrolls a card into view and waits until its chart is drawn with marks that can be seen. */
export async function drawn(tab: Tab, id: string) {
  const look = () =>
    tab.driver.evaluate((id) => {
      const chart = document.querySelector<HTMLElement>(`article[data-figure="${id}"] .chart`);
      // The page is still arriving.
      if (!chart) return { drawn: false, error: "there is no card", isSeen: false };
      if (!chart.dataset.drawn) chart.scrollIntoView({ block: "center" });
      const marks = [...chart.querySelectorAll(".main-svg :is(.bars .point path, .scatterlayer .js-line, .scatterlayer .point, .heatmaplayer image)")];
      const isSeen = marks.map((mark) => mark.getBoundingClientRect()).some(({ width, height }) => width > 0 || height > 0);
      return { drawn: chart.dataset.drawn === "true", error: chart.dataset.error ?? null, isSeen };
    }, id);
  await expect.poll(look, { message: `the chart of ${id}`, intervals: OFTEN }).toEqual({ drawn: true, error: null, isSeen: true });
}

/** The values of the bars of a chart, in their order, without empty ones. */
export const barsOf = (tab: Tab, id: string) =>
  tab.driver.evaluate((id) => {
    const bars = [...document.querySelectorAll(`article[data-figure="${id}"] .bars .point`)];
    return bars.map((bar) => (bar as unknown as { __data__: { s: number } }).__data__.s).filter((size) => size > 0);
  }, id);

/** Counts the pictures of a selector that can be seen and have marks that can be seen; scrolls to each. */
export const pictures = (tab: Tab, selector: string) =>
  tab.driver.evaluate((selector) => {
    /** A line has one size only. */
    const sizes = (node: Element) => {
      const { width, height } = node.getBoundingClientRect();
      return Number(width > 0) + Number(height > 0);
    };
    return [...document.querySelectorAll(selector)].filter((svg) => {
      svg.scrollIntoView({ block: "center" });
      return sizes(svg) === 2 && [...svg.querySelectorAll("rect, path, circle, polyline, line, use")].some((mark) => sizes(mark) > 0);
    }).length;
  }, selector);

/** The text of the first element of a selector; empty if there is none. */
export const textOf = (tab: Tab, selector: string) => tab.driver.evaluate((selector) => document.querySelector(selector)?.textContent?.trim() ?? "", selector);

/** Elements that overflow to the right, except in scrollable containers. */
export const sticksOut = (tab: Tab) =>
  tab.driver.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > clientWidth + 1);
    return [`the page is ${scrollWidth} px wide of ${clientWidth}`, ...wide.slice(0, 8).map((node) => node.outerHTML.slice(0, 120))];
  });
