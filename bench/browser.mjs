// Loading times for a reader: the first load of a page and a change of filter, in Chromium.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium } from "@playwright/test";
import { median, run, serve, spread } from "./lib.mjs";
import { BROWSER, changeFilter, firstLoad, firstPicture, paintAlone } from "./browser/visits.mjs";

const RUNS = 5;
const FIGURES = { pipelines: 11, security: 11 };
const AS_OF = "2019-10-25T17:15:00Z";
// Targets in milliseconds: a third of the original's time for the whole Pipelines page, and a third of its time
// to redraw the page with all figures already computed.
const ALL = 1800;
const REDRAWN = 630;
// One window per run, so that its filters have not been requested before.
const WINDOWS = [7, 14, 28, 90, 180];

const FIRST_LOAD = [
  { what: "requests", of: (load) => load.requests, unit: "requests", target: 14, digits: 0 },
  { what: "total transfer", of: (load) => load.kilobytes.all, unit: "kB", target: 560 },
  { what: "document, including figure data", of: (load) => load.kilobytes.document, unit: "kB", target: 40 },
  { what: "wasm", of: (load) => load.kilobytes.wasm, unit: "kB", target: 220 },
  { what: "plotly.js", of: (load) => load.kilobytes.plotly, unit: "kB", target: 370 },
  { what: "other JavaScript", of: (load) => load.kilobytes.script, unit: "kB" },
  { what: "CSS", of: (load) => load.kilobytes.style, unit: "kB", target: 15 },
  { what: "layout shift", of: (load) => load.shift, unit: "", target: 0.02, digits: 3 },
  { what: "first contentful paint", of: (load) => load.firstPaint, unit: "ms", digits: 0 },
  { what: "largest contentful paint", of: (load) => load.largestPaint, unit: "ms", digits: 0 },
  { what: "total blocking time (beyond 50 ms per task)", of: (load) => load.blocking, unit: "ms", digits: 0 },
  { what: "longest task", of: (load) => load.longestTask, unit: "ms", digits: 0 },
  { what: "all figures drawn", of: (load) => load.all, unit: "ms", target: ALL, digits: 0 },
  { what: "JavaScript heap with all figures drawn", of: (load) => load.heap, unit: "MB" },
];

export async function measure({ binary, site, scratch, say }) {
  const data = path.join(scratch, "browser");
  await mkdir(data, { recursive: true });
  const env = { LEPTOS_SITE_ROOT: site };
  run(binary, ["sample", "--seed", "1", "--as-of", AS_OF, "--data", data], { env: { ...process.env, ...env } });
  const server = await serve(binary, ["serve", "--data", data, "--port", "0"], { env });
  const rows = [];
  try {
    for (const [page, figures] of Object.entries(FIGURES)) {
      say(`browser: first load of /${page}, ${RUNS} times with an empty cache`);
      rows.push(...(await firstLoads(`${server.url}/${page}`, page, figures)));
    }
    say(`browser: a change of the filter, ${RUNS} times`);
    rows.push(...(await filterChanges(server.url)));
  } finally {
    await server.stop();
  }
  return { rows, bounds: BOUNDS };
}

const BOUNDS = [
  "plotly.js draws the charts one after another on the page's only thread. In profiles of a first load, charts took two thirds of the time; since then, duplicate work and the measuring of text by layout have been removed. The browser also has to parse the document, compile the client's wasm and hydrate the page.",
  "The first paint needs only the document and the styles. It does not wait for wasm or plotly.js.",
];

async function firstLoads(url, page, figures) {
  await fetch(url);
  const loads = [];
  for (let time = 0; time < RUNS; time += 1) loads.push(await inNewBrowser((context) => firstLoad(context, url, figures)));
  const alone = [];
  for (let time = 0; time < RUNS; time += 1) alone.push(await inNewBrowser((context) => paintAlone(context, url)));
  const rows = FIRST_LOAD.map(({ what, of, unit, target, digits = 1 }) =>
    row(`/${page}: ${what}`, page === "pipelines" ? target : null, loads.map(of), unit, digits),
  );
  rows.push(row(`/${page}: first contentful paint without wasm and plotly.js`, null, alone, "ms", 0));
  const slow = [];
  for (let time = 0; time < RUNS; time += 1) slow.push(await inNewBrowser((context) => firstPicture(context, url)));
  const of = page === "pipelines" ? (target) => target : () => null;
  rows.push(row(`/${page}: first chart on a slow line (1.6 Mbit/s, 150 ms, a fourth of the CPU)`, of(1200), slow.map(({ ms }) => ms), "ms", 0));
  rows.push(row(`/${page}: transfer before the page is complete to look at`, of(120), slow.map(({ kilobytes }) => kilobytes), "kB", 1));
  return rows;
}

async function filterChanges(url) {
  const [fresh, known, server] = [[], [], []];
  const projects = (await (await fetch(`${url}/api/overview?page=pipelines`)).json()).projects.map(([name]) => name).slice(1, 4);
  for (const days of WINDOWS) {
    const [first, second, third] = projects;
    const asks = (project) => askOf(url, project, days);
    // Server time without the browser: from the first request to the last answer.
    const began = performance.now();
    await asks(third);
    server.push(performance.now() - began);
    await asks(second);
    await inNewBrowser(async (context) => {
      const page = await context.newPage();
      fresh.push(await changeFilter(page, `${url}/pipelines?days=${days}`, first));
      known.push(await changeFilter(page, undefined, second));
    });
  }
  return [
    row("change of project, not cached, until the last redraw", REDRAWN, fresh, "ms", 0),
    row("change of project, cached, until the last redraw", REDRAWN, known, "ms", 0),
    row("of which the server: all figures for a new filter, requested together", 20, server, "ms", 1),
  ];
}

async function askOf(url, project, days) {
  const figures = await (await fetch(`${url}/api/figures`)).json();
  const filter = `project=${project}&days=${days}`;
  const ids = figures.filter(({ page }) => page === "pipelines").map(({ id }) => id);
  const addresses = [`/api/fragments?of=headline&${filter}`, ...ids.map((id) => `/api/figure?id=${id}&${filter}`)];
  await Promise.all(addresses.map(async (address) => (await fetch(url + address)).arrayBuffer()));
}

/** Runs a visit in a fresh browser, with nothing cached or warmed up. */
async function inNewBrowser(visit) {
  const browser = await chromium.launch(BROWSER);
  try {
    return await visit(await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB" }));
  } finally {
    await browser.close();
  }
}

function row(what, target, values, unit, digits) {
  const reached = Number(median(values).toFixed(digits));
  return { what, target: target ?? null, reached, unit, better: "less", detail: spread(values) };
}
