// Brushing: dragging across a histogram sets the range of the page. A tap or click opens a bar, which is a link.

const MOVED = 8;
let brush;

export function start() {
  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", stop);
  // A drag of a link would begin instead.
  document.addEventListener("dragstart", (event) => histogram(event.target) && event.preventDefault());
  // The click after a brush must not open the bar that it ended on.
  document.addEventListener("click", (event) => {
    if (!brush?.done) return;
    brush = undefined;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}

/** Goes to the current page with another range, as the router does. */
export function setRange(from, to) {
  const query = new URLSearchParams(location.search);
  for (const key of ["days", "from", "to", "cursor"]) query.delete(key);
  query.set("from", from);
  query.set("to", to);
  query.sort();
  follow(`${location.pathname}?${query}`);
}

/** Follows a link, so that the router loads the page. */
export function follow(href) {
  const link = document.createElement("a");
  link.href = href;
  document.body.append(link);
  link.click();
  link.remove();
}

function histogram(target) {
  return target instanceof Element ? target.closest("svg[data-brush]") : null;
}

function begin(event) {
  const svg = histogram(event.target);
  if (!svg || event.button !== 0 || event.pointerType === "touch") return;
  brush = { svg, start: event.clientX, band: undefined, done: false };
}

function move(event) {
  if (!brush || brush.done || Math.abs(event.clientX - brush.start) < MOVED) return;
  brush.band ??= brush.svg.appendChild(document.createElementNS(brush.svg.namespaceURI, "rect"));
  const [first, last] = ends(event).map((share) => share * brush.svg.viewBox.baseVal.width);
  const box = { class: "brush", x: first, y: 0, width: last - first, height: brush.svg.viewBox.baseVal.height };
  for (const [name, value] of Object.entries(box)) brush.band.setAttribute(name, value);
}

function end(event) {
  if (!brush?.band) return stop();
  const { svg, band } = brush;
  const [first, last] = ends(event);
  const [from, to] = [svg.dataset.from, svg.dataset.to].map((text) => Date.parse(text));
  const at = (share) => new Date(Math.round(from + share * (to - from))).toISOString();
  band.remove();
  brush.done = true;
  // Without a click after it, the brush is over.
  setTimeout(stop);
  const range = [at(first), at(last)];
  setTimeout(() => setRange(...range));
}

function stop() {
  brush?.band?.remove();
  brush = undefined;
}

// The ends of the brush, as shares of the histogram's width.
function ends(event) {
  const { left, width } = brush.svg.getBoundingClientRect();
  const share = (x) => Math.min(1, Math.max(0, (x - left) / width));
  return [share(brush.start), share(event.clientX)].sort((a, b) => a - b);
}
