// Draws charts with plotly.js in the place of the server's pictures: once a reader comes to a chart or the page is
// idle. Draws charts near the viewport first, and redraws them when the colour mode, the width or the medium changes.

import { setRange } from "./brush.js";

const NARROW = 560;
const NEAR = "400px";

const charts = new Map();
const waiting = new Set();
const dark = matchMedia("(prefers-color-scheme: dark)");
const printing = matchMedia("print");
const coarse = matchMedia("(pointer: coarse)");
const ruler = document.createElement("canvas").getContext("2d");
// Says the mark that the keyboard came to.
const said = document.createElement("div");
said.className = "visually-hidden";
said.setAttribute("aria-live", "polite");
let lastNumber = 0;
let bundle;
let idle = false;
let awake = false;

// A reader's pointer, finger or keyboard at a chart, or an idle page.
for (const event of ["pointerover", "pointerdown", "focusin"]) addEventListener(event, ({ target }) => target.closest?.(".figure-card, .chart") && wake(), { passive: true });
if (document.readyState === "complete") whenIdle();
else addEventListener("load", whenIdle, { once: true });

function whenIdle() {
  if (window.requestIdleCallback) requestIdleCallback(wake, { timeout: 5000 });
  else setTimeout(wake, 2000);
}

function wake() {
  if (awake) return;
  awake = true;
  for (const chart of [...waiting]) drawSoon(chart);
}

export function mount(element, base) {
  const number = ++lastNumber;
  charts.set(number, { number, element, base, generation: 0, near: false, width: element.clientWidth });
  nearness.observe(element);
  widths.observe(element);
  if (!said.isConnected) document.querySelector("footer")?.append(said);
  return number;
}

export function react(number, plot, view) {
  const chart = charts.get(number);
  if (!chart || (chart.plot === plot && chart.view === view)) return;
  chart.view = view;
  chart.plot = plot;
  chart.generation += 1;
  drawSoon(chart);
}

export function clear(number) {
  const chart = charts.get(number);
  if (!chart) return;
  chart.plot = undefined;
  chart.generation += 1;
  waiting.delete(chart);
  wipe(chart);
}

export function purge(number) {
  const chart = charts.get(number);
  if (!chart) return;
  clear(number);
  nearness.unobserve(chart.element);
  widths.unobserve(chart.element);
  charts.delete(number);
}

const nearness = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const chart = of(target);
      if (!chart) continue;
      chart.near = isIntersecting;
      if (isIntersecting && awake && waiting.has(chart)) draw(chart);
    }
  },
  { rootMargin: NEAR },
);

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = of(target);
    if (!chart || chart.width === target.clientWidth) continue;
    chart.width = target.clientWidth;
    if (chart.drawn && chart.width > 0) drawSoon(chart);
  }
});

dark.addEventListener("change", redraw);
printing.addEventListener("change", redraw);

function redraw() {
  for (const chart of charts.values()) if (chart.drawn) drawSoon(chart);
}

function of(element) {
  for (const chart of charts.values()) if (chart.element === element) return chart;
}

function drawSoon(chart) {
  waiting.add(chart);
  if (!awake) return;
  if (chart.near) draw(chart);
  else drawTheRestWhenIdle();
}

// One at a time and with low priority, so that the page stays responsive.
function drawTheRestWhenIdle() {
  if (idle || waiting.size === 0) return;
  idle = true;
  const later = window.scheduler?.postTask ? (task) => scheduler.postTask(task, { priority: "background" }) : (task) => setTimeout(task, 50);
  later(async () => {
    // A chart of another topic has no width until the reader chooses that.
    const chart = [...waiting].find(({ element }) => element.isConnected && element.clientWidth > 0);
    if (chart) await draw(chart);
    idle = false;
    if (chart) drawTheRestWhenIdle();
  });
}

function load() {
  bundle ??= import(document.querySelector("meta[name=plotly]").content).then((module) => module.default);
  return bundle;
}

// plotly.js confuses the margins of two concurrent drawings of one element.
async function draw(chart) {
  waiting.delete(chart);
  chart.stale = true;
  chart.drawing ??= drawUntilFresh(chart).finally(() => {
    chart.drawing = undefined;
  });
  return chart.drawing;
}

async function drawUntilFresh(chart) {
  while (chart.stale && chart.plot !== undefined) {
    chart.stale = false;
    await drawOnce(chart);
  }
}

async function drawOnce(chart) {
  const { element, generation } = chart;
  try {
    const plotly = await load();
    // Newer data may have arrived.
    if (chart.generation !== generation) return;
    // The page is still being built: draw once the element is connected and near.
    if (!element.isConnected) {
      waiting.add(chart);
      return;
    }
    const { data, layout, opens } = JSON.parse(chart.plot, coloured(element));
    chart.opens = opens;
    await plotly.react(element, data, fitted(layout, data, chart), CONFIG);
    if (chart.generation !== generation) return;
    if (!chart.drawn) {
      brush(chart);
      walk(plotly, chart);
      openMarks(chart);
    }
    chart.drawn = true;
    delete element.dataset.error;
    element.dataset.drawn = "true";
  } catch (error) {
    if (chart.generation === generation) fail(chart, error);
  }
}

function wipe(chart) {
  if (chart.drawn) bundle.then((plotly) => chart.plot === undefined && plotly.purge(chart.element));
  chart.drawn = false;
  chart.element.style.height = "";
  chart.element.replaceChildren();
  delete chart.element.dataset.drawn;
  delete chart.element.dataset.error;
}

function fail(chart, error) {
  const plot = chart.plot;
  wipe(chart);
  // The next attempt may load the bundle.
  bundle = undefined;
  chart.plot = plot;
  chart.element.dataset.error = String(error);
  const message = document.createElement("p");
  message.className = "chart-error";
  message.textContent = "The chart could not be drawn. The table below has the same data.";
  chart.element.replaceChildren(message);
  console.warn(`${chart.element.id}: ${error}`);
}

// Replaces references to colours, `var(--failure)`, by those of the page.
function coloured(element) {
  const style = getComputedStyle(element);
  return (_, value) => {
    const name = typeof value === "string" && /^var\((--[a-z0-9-]+)\)$/.exec(value)?.[1];
    return name ? style.getPropertyValue(name).trim() : value;
  };
}

// The address of what is behind a mark, mostly builds; none if it opens nothing.
function address({ opens, view, base }, { curveNumber, pointNumber, data }) {
  const marks = opens?.marks[curveNumber];
  if (!marks) return undefined;
  // A cell of a heat map has two numbers.
  const [line, column] = [pointNumber].flat();
  const point = column === undefined ? line : line * data.z[0].length + column;
  const row = marks.rows ? marks.rows[point] : point;
  const byRow = marks.conditions?.[point] ?? opens.rows[row - opens.first_row];
  const byColumn = opens.columns.find((known) => known.column === marks.column);
  if (byRow === undefined || byColumn === undefined) return undefined;
  // Only builds have lists without a row.
  if (byRow === "" && opens.page) return undefined;
  // As Selection::narrowed does.
  const conditions = new URLSearchParams(`${byRow}&${byColumn.conditions}`);
  const page = new URLSearchParams(view);
  const replaced = new Set(conditions.keys()).add("compare");
  if (replaced.has("from") || replaced.has("to")) for (const key of ["days", "from", "to"]) replaced.add(key);
  for (const key of replaced) page.delete(key);
  for (const [key, value] of conditions) page.append(key, value);
  page.sort();
  return `${base}${opens.page ?? "/builds"}?${page}`;
}

// Follows a link, so that the router loads the page.
function open(href) {
  const link = document.createElement("a");
  link.href = href;
  document.body.append(link);
  link.click();
  link.remove();
}

// A click or tap on a mark opens what it counts.
function openMarks(chart) {
  const { element } = chart;
  const pointer = (style) => {
    for (const layer of element.querySelectorAll(".nsewdrag")) layer.style.cursor = style;
  };
  element.on("plotly_click", ({ points: [point] }) => {
    const href = point && address(chart, point);
    if (href) open(href);
  });
  element.on("plotly_hover", ({ points: [point] }) => {
    pointer(point && address(chart, point) ? "pointer" : "");
    if (point?.xaxis?.type === "date") cross(point.x, element);
  });
  element.on("plotly_unhover", () => {
    pointer("");
    cross();
  });
}

// Shows the instant of a mark in the other charts along time; none removes the lines.
function cross(at, hovered) {
  for (const { element, drawn } of charts.values()) {
    element.querySelector(".crosshair")?.remove();
    const axis = drawn && at !== undefined && element !== hovered && element._fullLayout.xaxis;
    if (axis?.type !== "date") continue;
    const left = axis.d2p(at);
    if (!(left >= 0 && left <= axis._length)) continue;
    const line = document.createElement("div");
    line.className = "crosshair";
    line.style.left = `${axis._offset + left}px`;
    element.append(line);
  }
}

// The instant of a time that an axis shows in a time zone: the offset is that of the zone near it.
function instant(text, zone) {
  const local = Date.parse(`${text.replace(" ", "T")}Z`);
  const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", ...parts });
  const shown = (at) => {
    const { year, month, day, hour, minute, second } = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
  const near = local - (shown(local) - local);
  return new Date(near - (shown(near) - local)).toISOString();
}

// Arrow keys walk over the marks of a chart, which is one tab stop, and Enter opens what a mark counts.
function walk(plotly, chart) {
  const { element } = chart;
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  let at = -1;
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = marksOf(element.data);
    const mark = all[at];
    if (event.key === "Enter" && mark) {
      const href = address(chart, mark);
      if (href) open(href);
    }
    if (event.key === "Escape") plotly.Fx.unhover(element);
    if (!(event.key in steps) || all.length === 0) return;
    event.preventDefault();
    at = Math.min(all.length - 1, Math.max(0, at + steps[event.key]));
    const { curveNumber, pointNumber, x, y, text } = all[at];
    plotly.Fx.hover(element, [Array.isArray(pointNumber) ? { curveNumber, xval: x, yval: y } : { curveNumber, pointNumber }]);
    said.textContent = text.replace(/<br>/g, ", ").replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  });
  element.addEventListener("blur", () => plotly.Fx.unhover(element));
}

// The marks that say something, in the order of their traces.
function marksOf(data) {
  return data.flatMap((trace, curveNumber) => {
    const mark = (pointNumber, text, at) => (text ? [{ curveNumber, pointNumber, data: trace, text, ...at }] : []);
    if (trace.type === "heatmap") return trace.text.flatMap((line, y) => line.flatMap((text, x) => mark([y, x], text, { x, y })));
    return (trace.hovertext ?? []).flatMap((text, point) => mark(point, text));
  });
}

// Brushing an axis of time sets the range of the page.
function brush(chart) {
  chart.element.on("plotly_relayout", (changes) => {
    if (!("xaxis.range[0]" in changes) || chart.element.layout.xaxis.type !== "date") return;
    const ends = [changes["xaxis.range[0]"], changes["xaxis.range[1]"]];
    setRange(...ends.map((end) => instant(String(end).padEnd(16, " 00:00"), chart.opens.zone)));
  });
}

const CONFIG = { displaylogo: false, displayModeBar: false, doubleClick: false, showTips: false };

// Completes the server's layout with the size, the page's colours and the space for labels.
function fitted(layout, data, chart) {
  const { element } = chart;
  const width = element.clientWidth;
  const narrow = width < NARROW;
  // A chart of few rows is lower than the reserved height.
  element.style.height = "";
  if (layout.height < element.clientHeight) element.style.height = `${layout.height}px`;
  layout.template = template(element);
  layout.width = width;
  layout.height = element.clientHeight;
  layout.autosize = false;
  // Scrolling the page by touch must not zoom a chart.
  if (coarse.matches) layout.dragmode = false;
  if (narrow) {
    layout.margin = { ...layout.margin, l: Math.min(layout.margin?.l ?? 40, 40) };
    layout.font = { ...layout.font, size: 12 };
    thinOut(layout.xaxis?.ticktext);
    wrapKey(layout, width);
  }
  // A title beside the colour bar would take all of its width.
  for (const scale of scales(data)) if (scale.title) scale.title.side = "top";
  const bars = data.filter((trace) => trace.orientation === "h");
  if (bars.length > 0) {
    // At most 45% of the width for names, at about 0.55 em per character.
    const most = Math.floor((width * 0.45) / ((layout.font?.size ?? 12) * 0.55));
    layout.yaxis = shortTicks(layout.yaxis ?? {}, bars, most);
    // If the margin were too small, plotly.js would draw everything again.
    const size = layout.yaxis.tickfont?.size ?? layout.font?.size ?? 12;
    const names = widest(layout.yaxis.ticktext ?? [], `${size}px ${layout.template.layout.font.family}`);
    layout.margin = { ...layout.margin, l: Math.max(layout.margin?.l ?? 0, names + 16) };
  }
  return layout;
}

// The width of the longest text in pixels.
function widest(texts, font) {
  ruler.font = font;
  return Math.ceil(Math.max(0, ...texts.map((text) => ruler.measureText(text.replace(/&\w+;/g, "&")).width)));
}

// Breaks the key, pairs of a shape and a name, into lines that fit; the plane begins as much lower.
function wrapKey(layout, width) {
  const key = layout.annotations ?? [];
  const room = width - (layout.margin?.l ?? 0) - 16;
  const lines = [];
  for (let index = 0; index + 1 < key.length; index += 2) {
    const pair = [key[index], key[index + 1]];
    const end = pair[1].xshift + 7.2 * pair[1].text.length;
    const line = lines.at(-1);
    if (line && end - line[0][0].xshift <= room) line.push(pair);
    else lines.push([pair]);
  }
  for (const [number, line] of lines.entries()) {
    const left = line[0][0].xshift;
    for (const text of line.flat()) {
      text.xshift -= left;
      text.yshift += 18 * (lines.length - 1 - number);
    }
  }
  if (lines.length > 1) layout.margin = { ...layout.margin, t: layout.margin.t + 18 * (lines.length - 1) };
}

// Keeps every third of many short labels, such as hours, which plotly.js would otherwise rotate.
function thinOut(texts) {
  if (!texts || texts.length <= 12 || texts.some((text) => text.length > 3)) return;
  for (const index of texts.keys()) if (index % 3 !== 0) texts[index] = "";
}

function scales(data) {
  return data.map((trace) => trace.colorbar ?? trace.marker?.colorbar).filter(Boolean);
}

function shortTicks(axis, bars, most) {
  const values = axis.tickvals ?? [...new Set(bars.flatMap((trace) => trace.y ?? []))];
  const texts = axis.ticktext ?? values;
  if (!texts.every((text) => typeof text === "string")) return axis;
  return { ...axis, automargin: true, tickmode: "array", tickvals: values, ticktext: texts.map((text) => shortened(text, most)), ticklabelstandoff: 4 };
}

// Leaves out the middle of a name. An entity (`&amp;`) counts as one character and is not split.
function shortened(text, most) {
  const characters = text.match(/&\w+;|./gsu) ?? [];
  if (characters.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  const tail = most - 1 - head;
  return characters.slice(0, head).join("") + "…" + characters.slice(-tail).join("");
}

function template(element) {
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(`--chart-${name}`).trim();
  const axis = {
    gridcolor: colour("grid"),
    linecolor: colour("line"),
    tickcolor: colour("line"),
    zerolinecolor: colour("line"),
  };
  return {
    layout: {
      font: { color: colour("text"), family: style.fontFamily },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: { ...axis, automargin: true },
      // The margin fits all names, so plotly.js need not measure each for overflow.
      yaxis: { ...axis, automargin: true, ticklabeloverflow: "allow" },
      hoverlabel: { bgcolor: colour("hover"), bordercolor: colour("line"), font: { color: colour("text"), family: style.fontFamily } },
    },
  };
}
