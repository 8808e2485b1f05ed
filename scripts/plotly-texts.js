// Becomes part of plotly.js: how large a text is, by the measures of its font. plotly.js puts a copy of each
// text into the page instead and lets the browser lay it out, which takes a hundred times as long.

const canvas = document.createElement("canvas").getContext("2d");
// What only the browser knows: texts with it are left to it.
const OTHER = /letter-spacing|word-spacing|baseline-shift|text-transform: (?!none)|font-variant: (?!normal)|text-shadow/;

/** The box of an SVG text at 0, 0, or of a group of one, as `getBoundingClientRect` has it but for strokes that
 * stand out by a pixel; none where only the browser knows. */
exports.boxOf = (node) => (node.nodeName === "g" ? boxOfGroup(node) : boxOfText(node));

function boxOfGroup(group) {
  const text = group.firstChild;
  const box = group.childNodes.length === 1 && boxOfText(text);
  const [, right, down] = /^translate\((-?[\d.]+),(-?[\d.]+)\)$/.exec(text?.getAttribute("transform") ?? "translate(0,0)") ?? [];
  if (!box || right === undefined) return undefined;
  const x = Number(text.getAttribute("x")) + Number(right);
  const y = Number(text.getAttribute("y")) + Number(down);
  return { ...box, left: box.left + x, right: box.right + x, top: box.top + y, bottom: box.bottom + y };
}

function boxOfText(text) {
  const { display, fontFamily, fontSize } = text.style ?? {};
  if (text.nodeName !== "text" || display || !fontFamily || !fontSize.endsWith("px")) return undefined;
  const lines = [];
  if (!read(text, fontOf(text.style), lines)) return undefined;
  const width = Math.max(0, ...lines.map(({ width }) => width));
  const anchor = text.getAttribute("text-anchor");
  const left = anchor === "end" ? -width : anchor === "middle" ? -width / 2 : 0;
  const top = Math.min(...lines.map(({ y, ascent }) => y - ascent));
  const bottom = Math.max(...lines.map(({ y, descent }) => y + descent));
  if (!Number.isFinite(bottom - top)) return undefined;
  return { left, right: left + width, top, bottom, width, height: bottom - top };
}

function fontOf(style, outer = {}) {
  return {
    family: style.fontFamily || outer.family,
    size: style.fontSize ? Number.parseFloat(style.fontSize) : outer.size,
    weight: style.fontWeight || outer.weight || "normal",
    style: style.fontStyle || outer.style || "normal",
  };
}

// Adds the lines of a node, and says whether all of it is understood.
function read(node, font, lines) {
  if (OTHER.test(node.getAttribute("style"))) return false;
  if (node.classList.contains("line")) {
    const down = /^(-?[\d.]+)em$/.exec(node.getAttribute("dy") ?? "0em");
    if (!down) return false;
    lines.push({ width: 0, y: Number(down[1]) * font.size, ascent: 0, descent: 0 });
  } else if (node.getAttribute("dy")) return false;
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) add(child.data, font, lines);
    else if (child.nodeName !== "tspan" || !read(child, fontOf(child.style, font), lines)) return false;
  }
  return true;
}

function add(text, font, lines) {
  if (lines.length === 0) lines.push({ width: 0, y: 0, ascent: 0, descent: 0 });
  const line = lines.at(-1);
  canvas.font = `${font.style} ${font.weight} ${font.size}px ${font.family}`;
  const { width, fontBoundingBoxAscent, fontBoundingBoxDescent } = canvas.measureText(text);
  line.width += width;
  line.ascent = Math.max(line.ascent, Math.round(fontBoundingBoxAscent));
  line.descent = Math.max(line.descent, Math.round(fontBoundingBoxDescent));
}
