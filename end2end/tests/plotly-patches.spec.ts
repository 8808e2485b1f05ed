// scripts/plotly-bundle.mjs changes some places of plotly.js so that it draws faster. It must draw the same:
// every mark of every figure is compared with what an unchanged plotly.js draws of the same data.
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
// Texts are as large as their font says, or as the browser lays them out, which rounds otherwise.
const TOLERANCE = 1.5;
const KINDS: Record<string, string[]> = {
  bars: ["cve_most_frequent"],
  "bars beside names": ["lengthy_pipelines", "shortest_functional_tests", "js_checks"],
  "stacked bars": ["duration", "most_failing"],
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

/** All that a chart shows, in the order in which it is painted, and where. */
const shown = (page: Page, id: string): Promise<Mark[]> =>
  card(page, id)
    .locator(".chart")
    .evaluate((chart) => {
      const origin = chart.getBoundingClientRect();
      return [...chart.querySelectorAll(".main-svg :is(path, rect, line, circle, image, text)")].flatMap((node) => {
        const { left, top, width, height } = node.getBoundingClientRect();
        const { fill, stroke, opacity, visibility } = getComputedStyle(node);
        if (node.closest("defs") || visibility === "hidden" || (width === 0 && height === 0)) return [];
        const what = [node.nodeName, node.getAttribute("class"), node.textContent, fill, stroke, opacity];
        return [{ what: what.join(" "), box: [left - origin.left, top - origin.top, width, height] }];
      });
    });

for (const [kind, ids] of Object.entries(KINDS)) {
  for (const width of [390, 1440]) {
    test(`${kind} are drawn as an unchanged plotly.js draws them, at ${width} px`, async ({ page, context, unpatched, faults }) => {
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
      expect(served).toBeGreaterThanOrEqual(1);
    });
  }
}

test("the kinds above are those of all figures", () => {
  expect([...new Set(Object.values(KINDS).flat())].sort()).toEqual(Object.values(PAGES).flat().sort());
});
