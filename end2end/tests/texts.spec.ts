// How large texts in charts are, by their font: as large as the browser says when it lays them out.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";

const FONT = "font-family: system-ui, &quot;Liberation Sans&quot;, Arial, sans-serif; font-size: 13px; white-space: pre;";
const line = (dy: string, text: string) => `<tspan class="line" x="0" y="0" dy="${dy}">${text}</tspan>`;

const MEASURED = [
  `<text x="0" y="0" style="${FONT}">Builds that failed, 0%</text>`,
  `<text x="0" y="0" text-anchor="middle" style="${FONT} font-size: 9.5px;">AM</text>`,
  `<text x="0" y="0" text-anchor="end" style="${FONT} font-weight: bold;">HMCTS_Nightly/master</text>`,
  `<text x="0" y="0" style="${FONT}">${line("0em", "one")}${line("1.3em", "and a longer one")}</text>`,
  `<text x="0" y="0" style="${FONT}">of <tspan style="font-weight: bold;">all</tspan> &amp; more</text>`,
  `<g><text x="10" y="5" text-anchor="end" transform="translate(20.5,-30)" style="${FONT}">12</text></g>`,
];

// What only the browser knows.
const LEFT = [
  `<text x="0" y="0" style="${FONT} letter-spacing: 2px;">wide</text>`,
  `<text x="0" y="0" style="${FONT} display: none;">hidden</text>`,
  `<text x="0" y="0">without a font of its own</text>`,
  `<text x="0" y="0" style="${FONT}">x<tspan dy="-0.6em">2</tspan></text>`,
  `<g><text x="0" y="0" transform="rotate(-90)" style="${FONT}">turned</text></g>`,
  `<g><text x="0" y="0" style="${FONT}">one</text><text x="9" y="0" style="${FONT}">two</text></g>`,
];

test("a text is as large as the browser lays it out", async ({ page }) => {
  const source = readFileSync(path.join(__dirname, "../../scripts/plotly-texts.js"), "utf8");
  await page.setContent(`<body style="margin: 0"><svg width="900" height="900" overflow="visible">${[...MEASURED, ...LEFT].join("")}</svg>`);
  await page.addScriptTag({ content: `((exports) => { ${source}; window.boxOf = exports.boxOf; })({})` });
  const boxes = await page.evaluate(() => {
    const { boxOf } = window as unknown as { boxOf(node: Element): DOMRect | undefined };
    return [...document.querySelectorAll("svg > *")].map((node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      const box = boxOf(node);
      return { laidOut: [left, top, width, height], measured: box && [box.left, box.top, box.width, box.height] };
    });
  });
  for (const [index, { laidOut, measured }] of boxes.entries()) {
    if (index >= MEASURED.length) {
      expect(measured, LEFT[index - MEASURED.length]).toBeUndefined();
      continue;
    }
    // A letter's stroke may stand out of the room that its font gives it.
    for (const [edge, value] of laidOut.entries()) expect(Math.abs(measured![edge]! - value), MEASURED[index]).toBeLessThan(1.5);
  }
});
