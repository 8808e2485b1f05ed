// Firefox and WebKit: every page is complete, with every chart drawn, and readers can filter and open builds from numbers
// and marks. One file, so that each browser has one worker, which its charts keep busy.
import type { APIRequestContext } from "@playwright/test";
import { column, type Filter, figure, PAGES } from "../support/api";
import { barsOf, drawn, figuresOn, pictures, sticksOut, textOf } from "../support/drivers/cards";
import { expect, type Tab, test } from "../support/drivers/fixtures";

interface Visit {
  path: string | ((request: APIRequestContext) => Promise<string>);
  heading: string | RegExp;
  /** Figures with charts of plotly.js. */
  figures?: string[];
  /** Selectors of pictures that the server draws. */
  pictures?: string[];
}

async function pipeline(request: APIRequestContext): Promise<string> {
  const { page } = await (await request.get("/api/pipelines")).json();
  return `/pipeline?${new URLSearchParams({ name: page[0].name })}`;
}

async function build(request: APIRequestContext): Promise<string> {
  const { page } = await (await request.get("/api/builds?result=FAILURE")).json();
  return `/build?${new URLSearchParams({ name: page[0].pipeline, number: page[0].number })}`;
}

const VISITS: Record<string, Visit> = {
  Today: { path: "/", heading: "Today", pictures: ["svg.sparkline", "svg.build-strip"] },
  Pipelines: { path: "/pipelines", heading: "Pipelines", figures: PAGES.pipelines, pictures: ["svg.build-strip", "svg.interval-bar"] },
  "the list of pipelines": { path: "/pipelines/list", heading: "List of pipelines", pictures: ["svg.build-strip", "svg.interval-bar"] },
  "a pipeline": { path: pipeline, heading: /^[\w-]+(?: \(nightly\))? [A-Z]/, pictures: ["svg.strip", "svg[aria-label='Durations of builds over time']"] },
  Builds: { path: "/builds", heading: "Builds", pictures: ["svg[data-brush]", "svg.results-bar"] },
  "a build": { path: build, heading: /^[\w-]+(?: \(nightly\))? #\d+ [A-Z]/, pictures: ["svg[aria-label^='Steps over time']"] },
  "a comparison": { path: "/compare?a.type=nightly&b.type=non-nightly", heading: "Compare builds" },
  Platform: { path: "/platform", heading: "Platform", figures: PAGES.platform },
  Security: { path: "/security", heading: "Security", figures: PAGES.security },
  Week: { path: "/week", heading: "Week" },
  Explore: { path: "/explore", heading: "Explore" },
  "a search": { path: "/search?q=claim", heading: "Search" },
  Sources: { path: "/sources", heading: "Sources" },
  "a figure": { path: "/figures/heatmap", heading: "When builds fail", figures: ["heatmap"] },
  "a wall": { path: "/wall", heading: /./, pictures: ["svg"] },
};

for (const [name, { path, heading, figures = [], pictures: selectors = [] }] of Object.entries(VISITS)) {
  test(`${name} is complete`, async ({ tab, request }) => {
    await tab.open(typeof path === "string" ? path : await path(request));
    const title = await textOf(tab, "h1");
    expect(title).toMatch(typeof heading === "string" ? new RegExp(`^${heading}$`) : heading);
    expect(await textOf(tab, ".error-panel, .chart-error")).toBe("");
    expect(await figuresOn(tab)).toEqual(figures);
    for (const id of figures) await drawn(tab, id);
    for (const selector of selectors) expect(await pictures(tab, selector), selector).toBeGreaterThan(0);
    expect(await sticksOut(tab)).toEqual([]);
  });
}

const sentence = (tab: Tab, id: string) => textOf(tab, `article[data-figure="${id}"] .sentence`);

/** Marks the document, so that another one is noticed. */
const mark = (tab: Tab) => tab.driver.evaluate(() => void Object.assign(window, { sameDocument: true }));
const isSameDocument = (tab: Tab) => tab.driver.evaluate(() => "sameDocument" in window);

/** Expects the page of builds, with as many as the number or the mark said. */
async function showsBuilds(tab: Tab, count: number) {
  await expect.poll(() => tab.path()).toMatch(/^\/builds\?/);
  const builds = `${count.toLocaleString("en-GB")} ${count === 1 ? "build" : "builds"} `;
  await expect.poll(() => textOf(tab, ".builds-page .sentence")).toContain(builds);
  expect(await isSameDocument(tab)).toBe(true);
}

test("a filter changes address, sentences and charts without a page load", async ({ tab, request }) => {
  const sentences = async (filter: Filter) => {
    for (const id of ["build_status", "most_failing"]) await expect.poll(() => sentence(tab, id)).toBe((await figure(request, id, filter)).summary);
  };
  await tab.open("/pipelines");
  await mark(tab);
  await sentences({});
  const before = await sentence(tab, "most_failing");
  await tab.driver.choose('select[name="type"]', "nightly");
  await expect.poll(() => tab.path()).toBe("/pipelines?type=nightly");
  await sentences({ type: "nightly" });
  expect(await sentence(tab, "most_failing")).not.toBe(before);
  await drawn(tab, "build_status");
  const builds = column(await figure(request, "build_status", { type: "nightly" }), "builds").filter((count) => count > 0);
  await expect.poll(() => barsOf(tab, "build_status")).toEqual(builds);
  await tab.driver.evaluate(() => history.back());
  await expect.poll(() => tab.path()).toBe("/pipelines");
  await sentences({});
  expect(await isSameDocument(tab)).toBe(true);
});

test("a number of a table opens its builds", async ({ tab, request }) => {
  const wanted = await figure(request, "failing_steps");
  await tab.open("/figures/failing_steps");
  await mark(tab);
  await tab.driver.click('article[data-figure="failing_steps"] tbody a');
  await showsBuilds(tab, column(wanted, "builds")[0]);
});

test("a bar opens its builds", async ({ tab, request }) => {
  const wanted = await figure(request, "most_failing");
  await tab.open("/figures/most_failing");
  await mark(tab);
  await drawn(tab, "most_failing");
  const { x, y } = await tab.driver.evaluate(() => {
    const bar = document.querySelector('article[data-figure="most_failing"] .bars .point path')!.getBoundingClientRect();
    return { x: bar.x + bar.width / 2, y: bar.y + bar.height / 2 };
  });
  await tab.driver.clickAt(x, y);
  await showsBuilds(tab, column(wanted, "failure")[0]);
});

test("the navigation opens a page without a page load, and its charts are drawn", async ({ tab }) => {
  await tab.open("/sources");
  await mark(tab);
  await tab.driver.click('nav[aria-label="Pages"] a[href="/security"]');
  await expect.poll(() => textOf(tab, "h1")).toBe("Security");
  expect(await tab.path()).toBe("/security");
  await drawn(tab, "cve_most_frequent");
  expect(await isSameDocument(tab)).toBe(true);
});

test("a chart that cannot be drawn says so", async ({ tab }) => {
  tab.provoke(/most_failing-chart: /, /missing\.js/);
  // The file itself may be in the browser's cache.
  tab.witness.edit = (html) => html.replace(/(<meta name="plotly" content=")[^"]*/, "$1/plotly/missing.js");
  await tab.open("/figures/most_failing");
  await expect.poll(() => textOf(tab, ".chart .chart-error")).toContain("The chart could not be drawn.");
  expect(tab.faults().join("\n")).toContain("console warn: most_failing-chart: ");
});

test("every fault that a page reports is recorded", async ({ tab }) => {
  await tab.open("/disclaimer");
  expect(tab.faults()).toEqual([]);
  await tab.driver.evaluate(() => {
    console.error("said aloud");
    console.warn("said quietly");
    setTimeout(() => {
      throw new Error("thrown");
    });
    void Promise.reject(new Error("broken promise"));
    void fetch("/nothing-here");
    document.body.insertAdjacentHTML("beforeend", '<img src="https://example.org/picture.png">');
  });
  const kinds = [/console error: said aloud/, /console warn: said quietly/, /exception: .*thrown/, /rejected: .*broken promise/s, /status 404: .*nothing-here/, /policy img-src/, /not loaded: <img/];
  for (const kind of kinds) await expect.poll(() => tab.unexpected().some((fault) => kind.test(fault)), String(kind)).toBe(true);
  tab.provoke(...kinds, /broken promise/, /nothing-here/, /example\.org/);
});
