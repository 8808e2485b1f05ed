// scripts/plotly-bundle.mjs patches plotly.js to draw charts with a range slider once instead of twice. These
// tests compare every figure with the output of an unpatched plotly.js for the same data.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { allDrawn, card } from "../support/chart";
import { test as base, expect } from "../support/fixtures";

const ROOT = path.resolve(__dirname, "../..");
/** Tolerance in pixels. */
const TOLERANCE = 0.5;
const KINDS: Record<string, string[]> = {
  bars: ["cve_most_frequent"],
  "bars beside names": [
    "lengthy_pipelines",
    "shortest_functional_tests",
    "js_checks",
    "incidents",
    "flaky_pipelines",
    "failure_rate_by_agent",
    "failure_rate_by_node",
    "failure_rate_by_library",
    "change_points",
    "delivery",
    "slowest_steps",
  ],
  lines: ["failure_rate_by_week", "time_to_green", "start_delay"],
  "stacked bars": ["duration", "most_failing", "failure_classes", "minutes_lost", "minutes_lost_by_team", "domains_by_team"],
  "bars of percent": ["timeline"],
  "range sliders": ["timeline_short", "timeline"],
  heatmaps: ["heatmap"],
  pies: ["build_status_day", "build_status", "nightly_vs_non_nightly"],
  "a pie with labels around it": ["cve_per_team"],
  rings: ["failing_steps"],
  treemaps: ["node_versions", "java_versions"],
};

const test = base.extend<{}, { unpatched: string }>({
  unpatched: [
    async ({}, use) => {
      const folder = await mkdtemp(path.join(tmpdir(), "rse-dashboard-plotly-"));
      await promisify(execFile)("node", [path.join(ROOT, "scripts/plotly-bundle.mjs"), "--unpatched", folder]);
      const script = (await readdir(folder)).find((name) => name.endsWith(".js"))!;
      await use(await readFile(path.join(folder, script), "utf8"));
      await rm(folder, { recursive: true });
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

interface Mark {
  what: string;
  box: number[];
}

/** Everything a chart shows, with positions; for the range buttons (see below), only their size. */
const shown = (page: Page, id: string): Promise<Mark[]> =>
  card(page, id)
    .locator(".chart")
    .evaluate((chart) => {
      const origin = chart.getBoundingClientRect();
      const marks = [...chart.querySelectorAll(".main-svg :is(path, rect, line, circle, image, text)")].flatMap((node) => {
        const { left, top, width, height } = node.getBoundingClientRect();
        const { fill, stroke, opacity, visibility } = getComputedStyle(node);
        if (node.closest("defs") || visibility === "hidden" || (width === 0 && height === 0)) return [];
        // Gradients and scale titles have random names.
        const painted = [fill, stroke].map((paint) => paint.replace(/url\(.*\)/, "gradient"));
        const name = (node.getAttribute("class") ?? "").replace(/\S+title/, "title");
        const place = node.closest(".rangeselector") ? [0, 0] : [left - origin.left, top - origin.top];
        return [{ what: [node.nodeName, name, node.textContent, ...painted, opacity].join(" "), box: [...place, width, height] }];
      });
      const key = ({ what, box }: Mark) => [what, ...box.map((edge) => Math.round(edge).toString().padStart(6))].join();
      return marks.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    });

/** Distance of the buttons from the plot's left edge and top, and the plot's height. */
const standing = (page: Page, id: string) =>
  card(page, id)
    .locator(".chart")
    .evaluate((chart) => {
      const plot = chart.querySelector(".nsewdrag")!.getBoundingClientRect();
      const first = chart.querySelector(".selector-rect")!.getBoundingClientRect();
      return { right: first.left - plot.left, above: plot.top - first.bottom, plotHeight: plot.height };
    });

for (const [kind, ids] of Object.entries(KINDS)) {
  for (const width of [390, 1440]) {
    test(`${kind} match an unpatched plotly.js at ${width} px`, async ({ page, context, unpatched, faults }) => {
      faults.provoke(/Too many auto-margin redraws/);
      const plain = await context.newPage();
      let served = 0;
      await plain.route(/\/plotly\/plotly-.*\.js$/, (route) => {
        served += 1;
        return route.fulfill({ contentType: "text/javascript", body: unpatched });
      });
      for (const id of ids) {
        for (const one of [page, plain]) {
          await one.setViewportSize({ width, height: 900 });
          await one.goto(`/figures/${id}`);
          await allDrawn(one, [id]);
        }
        const [changed, unchanged] = [await shown(page, id), await shown(plain, id)];
        expect(unchanged.length).toBeGreaterThan(10);
        expect(changed.map(({ what }) => what)).toEqual(unchanged.map(({ what }) => what));
        const apart = changed.filter(({ box }, index) => box.some((edge, side) => Math.abs(edge - unchanged[index].box[side]) > TOLERANCE));
        expect(apart, id).toEqual([]);
      }
      expect(served).toBe(ids.length);
    });
  }
}

// An unpatched plotly.js leaves the buttons where its first draw put them, partly over the plot.
for (const id of KINDS["range sliders"]) {
  test(`the buttons of ${id} are above the plot and aligned with its left edge`, async ({ page }) => {
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`/figures/${id}`);
      await allDrawn(page, [id]);
      const { right, above, plotHeight } = await standing(page, id);
      expect(Math.abs(right)).toBeLessThan(1);
      expect(Math.abs(above - 0.02 * plotHeight)).toBeLessThan(1.5);
    }
  });
}

test("the kinds above cover every figure", () => {
  expect([...new Set(Object.values(KINDS).flat())].sort()).toEqual(Object.values(PAGES).flat().sort());
});
