// Page visits and the measurements taken during them.
import { accessSync, constants } from "node:fs";
import path from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const LATE_MS = 60_000;
const LARGE = /\.wasm$|\/plotly\/.*\.js$/;

// Pages of Chromium's address bar, which a new window would load beside the first page.
const ITS_OWN = ["WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup", "PreloadTopChromeWebUI"];

/** The machine's Chromium, never one downloaded by a package. */
export const BROWSER = {
  executablePath: process.env.CHROMIUM || onPath(),
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", `--disable-features=${ITS_OWN}`],
};

function onPath() {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(path.delimiter)];
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error("no Chromium was found: install it, or name one in CHROMIUM");
  return found;
}

/** Measures the first visit to a page, until all its figures are drawn. */
export async function firstLoad(context, url, figures) {
  const page = await context.newPage();
  const wire = await watchWire(page);
  await page.addInitScript(watchPage);
  await page.goto(url);
  await page.waitForFunction((count) => window.seen.drawn.size >= count, figures, { timeout: LATE_MS });
  const seen = await page.evaluate(() => {
    const { paints, shift, tasks, drawn } = window.seen;
    return { paints, shift, tasks, all: Math.max(...drawn.values()) };
  });
  const heap = await heapOf(wire.client);
  return {
    requests: wire.answers.length,
    kilobytes: kilobytes(wire),
    shift: seen.shift,
    firstPaint: seen.paints["first-contentful-paint"],
    largestPaint: seen.paints["largest-contentful-paint"],
    blocking: seen.tasks.reduce((total, task) => total + Math.max(0, task - 50), 0),
    longestTask: Math.max(0, ...seen.tasks),
    all: seen.all,
    heap,
  };
}

/** Measures the first paint when wasm and plotly.js never arrive. */
export async function paintAlone(context, url) {
  const page = await context.newPage();
  await page.addInitScript(watchPage);
  await page.route(LARGE, () => {});
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForFunction(() => window.seen.paints["first-contentful-paint"], undefined, { timeout: LATE_MS });
  const { paint, drawn } = await page.evaluate(() => ({ paint: window.seen.paints["first-contentful-paint"], drawn: window.seen.drawn.size }));
  if (drawn > 0) throw new Error("figures were drawn without plotly.js: it was not held back");
  return paint;
}

/** Measures from a change of project until every figure is redrawn; with `url`, opens the page first. */
export async function changeFilter(page, url, project) {
  if (url) {
    await page.addInitScript(watchPage);
    await page.goto(url);
    await page.waitForFunction(redrawn, undefined, { timeout: LATE_MS });
  }
  await page.evaluate((project) => {
    const select = document.querySelector("select[name=project]");
    window.seen.drawn.clear();
    window.seen.changed = performance.now();
    select.value = project;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }, project);
  await page.waitForFunction(redrawn, undefined, { timeout: LATE_MS });
  return page.evaluate(() => Math.max(...window.seen.drawn.values()) - window.seen.changed);
}

// Runs in the page: checks that each card has redrawn or has nothing to draw.
function redrawn() {
  const done = (card) =>
    window.seen.drawn.has(`${card.id}-chart`) || (!card.ariaBusy && card.querySelector("details.table").hidden);
  return [...document.querySelectorAll("article[data-figure]")].every(done);
}

// Runs in the page before any other script.
function watchPage() {
  const seen = (window.seen = { paints: {}, shift: 0, tasks: [], drawn: new Map() });
  const observe = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  observe("paint", ({ name, startTime }) => (seen.paints[name] = startTime));
  observe("largest-contentful-paint", ({ startTime }) => (seen.paints["largest-contentful-paint"] = startTime));
  observe("layout-shift", ({ value, hadRecentInput }) => (seen.shift += hadRecentInput ? 0 : value));
  observe("longtask", ({ duration }) => seen.tasks.push(duration));
  // Set each time a chart is drawn, and removed where there is nothing to draw.
  new MutationObserver((changes) => {
    for (const { target } of changes) seen.drawn.set(target.id, performance.now());
  }).observe(document, { subtree: true, attributeFilter: ["data-drawn"] });
}

async function watchWire(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const wire = { client, answers: [], bytes: new Map() };
  client.on("Network.responseReceived", ({ requestId, response }) => {
    if (response.url.startsWith("http")) wire.answers.push({ requestId, url: new URL(response.url), type: response.mimeType });
  });
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => wire.bytes.set(requestId, encodedDataLength));
  return wire;
}

function kilobytes({ answers, bytes }) {
  const sums = { all: 0, document: 0, wasm: 0, plotly: 0, script: 0, style: 0, other: 0 };
  for (const { requestId, url, type } of answers) {
    const size = (bytes.get(requestId) ?? 0) / 1000;
    sums.all += size;
    sums[kind(url, type)] += size;
  }
  return sums;
}

function kind({ pathname }, type) {
  if (type === "text/html") return "document";
  if (pathname.endsWith(".wasm")) return "wasm";
  if (pathname.endsWith(".css")) return "style";
  if (!pathname.endsWith(".js")) return "other";
  return pathname.includes("/plotly/") ? "plotly" : "script";
}

async function heapOf(client) {
  await client.send("HeapProfiler.enable");
  await client.send("HeapProfiler.collectGarbage");
  await client.send("Performance.enable");
  const { metrics } = await client.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "JSHeapUsedSize").value / 1e6;
}

/**
 * The time until the first picture of a chart is painted on a slow line with a slow processor, and what the page needs
 * until it is complete to look at: the document and its styles.
 */
export async function firstPicture(context, url) {
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 });
  await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  let bytes = 0;
  const needed = new Set();
  client.on("Network.responseReceived", ({ requestId, type }) => ["Document", "Stylesheet"].includes(type) && needed.add(requestId));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => (bytes += needed.has(requestId) ? encodedDataLength : 0));
  await page.addInitScript(() => {
    const seen = (_, observer) => {
      if (!document.querySelector("svg.picture")) return;
      observer.disconnect();
      // After the next frame, which waits for the styles.
      requestAnimationFrame(() => setTimeout(() => (window.firstPicture = performance.now())));
    };
    new MutationObserver(seen).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url, { waitUntil: "load" });
  const ms = await page.waitForFunction(() => window.firstPicture).then((handle) => handle.jsonValue());
  await page.close();
  return { ms, kilobytes: bytes / 1000 };
}
