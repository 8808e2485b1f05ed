// Builds the dashboard's plotly.js from the npm package: one ES module with only the chart types that
// the figures use, without the documentation in plotly.js's schema.
// Writes public/plotly/plotly-<hash>.js and .css. The content hash lets browsers cache both files
// permanently; build.rs compiles the two names into the program.
// --analyze prints the size of each part.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { parse } from "acorn";
import { full } from "acorn-walk";
import esbuild from "esbuild";

// Chart types of the figures. The server counts histograms, which are drawn as bars.
const TRACES = ["bar", "heatmap", "scatter"];

// Components of plotly.js that these types need.
const COMPONENTS = ["annotations", "shapes", "errorbars", "colorscale", "colorbar", "fx", "modebar"];

// Parts of d3 that plotly.js draws with; each imports its own dependencies.
const D3 = [
  "start", "compat/", "core/", "event/", "selection/", "transition/", "arrays/extent", "arrays/max", "arrays/min",
  "behavior/drag", "format/round", "scale/linear", "end",
];

// Supported colour notations: #rrggbb, names, rgb(…) and hsl(…).
const COLOURS = `
  import { modeHsl, modeLrgb, modeRgb, useMode } from "culori/fn";
  for (const mode of [modeRgb, modeHsl, modeLrgb]) useMode(mode);
  export { converter, formatHex, formatRgb, wcagContrast, wcagLuminance } from "culori/fn";
`;

// Modules that plotly.js always imports although no figure uses them, and their replacements.
const UNUSED = [
  // A polyfill for browsers that are too old to run WebAssembly.
  [/native-promise-only[\\/]/, ""],
  // Style rules as text for injection; a stylesheet is served instead.
  [/plotly\.js[\\/]build[\\/]plotcss\.js$/, ""],
  // The figures offer no selecting or drawing: those buttons are hidden.
  [/components[\\/]selections[\\/]index\.js$/, "exports.prepSelect = exports.selectOnClick = exports.clearOutline = exports.clearSelectionsCache = () => {};"],
  [/components[\\/]shapes[\\/]index\.js$/, 'module.exports = { moduleType: "component", name: "shapes", supplyLayoutDefaults: (_, layout) => (layout.shapes = []) };'],
  [/components[\\/]shapes[\\/]draw\.js$/, "exports.eraseActiveShape = () => {};"],
  // Charts say their names themselves, without a legend and with a label for each mark.
  [/components[\\/]legend[\\/](draw|defaults)\.js$/, ""],
  // Charts have no bar of buttons.
  [/components[\\/]modebar[\\/]index\.js$/, 'module.exports = { moduleType: "component", name: "modebar", supplyLayoutDefaults: (_, layout) => (layout.modebar = { orientation: "h" }), manage: () => {} };'],
  [/fonts[\\/]ploticon\.js$/, ""],
  // Buttons and sliders of plotly.js that change charts.
  [/plots[\\/]command\.js$/, ""],
  // Helpers for writing charts by hand.
  [/plot_api[\\/](validate|template_api)\.js$/, ""],
  // The server counts the numbers for heatmaps.
  [/traces[\\/]histogram2d[\\/]calc\.js$/, ""],
  [/culori[\\/]bundled[\\/]culori\.cjs$/, COLOURS],
];

const { analyze } = parseArgs({ options: { analyze: { type: "boolean" } } }).values;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const out = path.join(root, "public", "plotly");
const { resolve } = createRequire(path.join(root, "package.json"));
const plotly = path.dirname(resolve("plotly.js/package.json"));
const d3Folder = path.dirname(createRequire(path.join(plotly, "package.json")).resolve("@plotly/d3/package.json"));

// Replaces every `description` property made of string literals by an empty string. The schema
// describes each attribute in prose: a fifth of the bundle, never read.
function withoutDescriptions(source) {
  const cuts = [];
  full(parse(source, { ecmaVersion: "latest", sourceType: "script" }), (node) => {
    if (node.type !== "Property" || node.computed || node.method) return;
    if ((node.key.name ?? node.key.value) !== "description") return;
    if (isProse(node.value)) cuts.push([node.value.start, node.value.end]);
  });
  cuts.sort((a, b) => b[0] - a[0]);
  let end = source.length;
  for (const [from, to] of cuts) {
    // The previous cut has already removed one nested inside it.
    if (to > end) continue;
    source = source.slice(0, from) + '""' + source.slice(to);
    end = from;
  }
  return source;
}

// Recognises "…", "…" + "…" and ["…", "…"].join(" "): text that has no effect at run time.
function isProse(node) {
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string";
    case "TemplateLiteral":
      return true;
    case "BinaryExpression":
      return node.operator === "+" && (isProse(node.left) || isProse(node.right));
    case "CallExpression":
      return node.callee.type === "MemberExpression" && node.callee.property.name === "join";
    default:
      return false;
  }
}

// Concatenates d3's files, each once, where it is first imported.
async function d3(names) {
  const seen = new Set();
  const whole = async (file) => {
    if (seen.has(file)) return "";
    seen.add(file);
    let source = "";
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      const imported = /^import "(.+)";/.exec(line)?.[1];
      source += imported ? await whole(piece(path.dirname(file), imported)) : `${line}\n`;
    }
    return source;
  };
  let source = "";
  for (const name of names) source += await whole(piece(path.join(d3Folder, "src"), name));
  return source;
}

function piece(folder, name) {
  return path.join(folder, name.endsWith("/") ? `${name}index.js` : `${name}.js`);
}

// Checks that the bundle has all of d3 that plotly.js calls: a new version may use other parts.
async function checkD3(files) {
  const there = await d3(D3);
  for (const file of files) {
    const source = await readFile(path.join(root, file), "utf8");
    full(parse(source, { ecmaVersion: "latest", sourceType: "script" }), ({ type, start, end }) => {
      const [used] = (type === "MemberExpression" && /^d3\.((svg|scale|behavior)\.)?\w+$/.exec(source.slice(start, end))) || [];
      if (used && !there.includes(`${used} =`)) throw new Error(`${file} needs ${used}: add its piece to D3`);
    });
  }
}

// Removes components that no figure needs from plotly.js's registration.
function withoutComponents(source) {
  return source.replace(/require\('\.\/components\/(\w+)'\),?/g, (text, name) => (COMPONENTS.includes(name) ? text : ""));
}

const slim = {
  name: "slim",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, () => ({ contents: "", loader: "js" }));
    build.onLoad({ filter: /\.c?js$/ }, async ({ path: file }) => {
      const instead = UNUSED.find(([pattern]) => pattern.test(file));
      if (instead) return { contents: instead[1], loader: "js", resolveDir: root };
      if (file === path.join(d3Folder, "d3.js")) return { contents: await d3(D3), loader: "js" };
      if (!file.startsWith(path.join(plotly, "src"))) return undefined;
      const source = await readFile(file, "utf8");
      if (file === path.join(plotly, "src", "core.js")) return { contents: withoutComponents(source), loader: "js" };
      return { contents: source.includes("description") ? withoutDescriptions(source) : source, loader: "js" };
    });
  },
};

const entry = [
  'import Plotly from "plotly.js/lib/core";',
  ...TRACES.map((trace) => `import ${trace} from "plotly.js/lib/${trace}";`),
  `Plotly.register([${TRACES.join(", ")}]);`,
  "export default Plotly;",
  "export const { newPlot, react, purge, relayout, restyle, downloadImage, toImage, Plots } = Plotly;",
].join("\n");

const bundle = await esbuild.build({
  stdin: { contents: entry, resolveDir: root, sourcefile: "plotly-entry.js" },
  bundle: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  legalComments: "none",
  // The first chart needs most of the bundle. Browsers that support the first line compile the whole
  // bundle while it downloads, instead of each function when it is first called.
  banner: { js: "//# allFunctionsCalledOnLoad\n/* plotly.js, MIT licence, Copyright Plotly Inc.; built for the RSE dashboard */" },
  define: { global: "window" },
  plugins: [slim],
  write: false,
  metafile: true,
  logLevel: "warning",
});
if (analyze) console.log(await esbuild.analyzeMetafile(bundle.metafile));
await checkD3(Object.keys(bundle.metafile.inputs).filter((file) => file.includes("/plotly.js/src/")));
await writeFile(path.join(root, "node_modules", ".plotly-packages"), JSON.stringify(bundledPackages()));

const styles = await esbuild.transform(await readFile(path.join(plotly, "dist", "plotly.css"), "utf8"), {
  loader: "css",
  minify: true,
});
// Styles of what is not in the bundle: the buttons, their titles and the dialogue of one of them.
const needed = styles.code.replace(/[^{}]*(modebar|data-title|plotly-cloud-dialog)[^{}]*\{[^{}]*\}/g, "");
if (needed.length > styles.code.length / 2) throw new Error("plotly.js names the styles of its buttons otherwise: see scripts/plotly-bundle.mjs");

await mkdir(out, { recursive: true });
const written = new Set();
for (const [extension, content] of [["js", bundle.outputFiles[0].contents], ["css", Buffer.from(needed)]]) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const name = `plotly-${hash}.${extension}`;
  await writeFile(path.join(out, name), content);
  written.add(name);
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  console.log(`  ${path.relative(root, path.join(out, name))}: ${kilobytes(content.length)}, ${kilobytes(brotli)} as brotli`);
}
for (const name of await readdir(out)) if (!written.has(name)) await rm(path.join(out, name), { recursive: true });

// Lists the packages with code in the bundle, for the bill of materials.
function bundledPackages() {
  const [{ inputs }] = Object.values(bundle.metafile.outputs);
  const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const places = used.map(([file]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(places.filter(Boolean))].sort();
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
