// Figures: computed cold at 1, 10 and 100 times the builds, compared with loops that only do the
// arithmetic, and with pandas and DuckDB where Python has them.
import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import path from "node:path";
import { isFull, median, run, spread } from "./lib.mjs";

const PAGE = "pipelines";

export async function measure({ binary, scratch, data, root, say }) {
  say("figures: building the bench (takes minutes the first time)");
  const cargo = ["bench", "--no-default-features", "--features", "ssr", "--bench", "figures"];
  // Cargo rebuilds the program along with its benches: use hashed names, as the release build does.
  const env = { ...process.env, LEPTOS_HASH_FILES: "true" };
  run("cargo", [...cargo, "--no-run"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  say("figures: computing each many times at 1, 10 and 100 times the builds (BENCH_FULL=1 adds 1000 times)");
  const { scales, difference } = JSON.parse(run("cargo", cargo, { cwd: root, env: { ...env, BENCH_STORE: data, BENCH_FULL: isFull("figures") ? "1" : "" }, stdio: ["ignore", "pipe", "pipe"] }));
  const peers = measurePeers({ binary, scratch, data, root, say });
  return { rows: rows(scales, difference, peers), tables: [...tables(scales), ...peerTables(scales, peers)], bounds: BOUNDS };
}

const BOUNDS = [
  "Up to ten times the builds, a figure spends most of its time writing its chart as JSON and compressing it. That grows with what is drawn, not with the builds. Beyond that, reading the columns from memory takes most of the time.",
  "At 1×, the difference between a table and its loop is the building of the table's columns, mainly of text.",
  "A figure that reads two columns cannot be much faster than its loop. Figures that group by pipeline (most failing, lengthy, shortest tests) also sort all pipelines, whose number grows with the builds here.",
];

const ofPage = (scale) => scale.figures.filter(({ page }) => page === PAGE);
/** Those that were written by hand, too: the histogram of durations among them, whose place on the page a chart of weeks has. */
const withLoop = (scale) => scale.figures.filter(({ limit_us }) => limit_us);
const sum = (figures, ...parts) => figures.reduce((all, figure) => all + parts.reduce((one, part) => one + figure[part][0], 0), 0) / 1000;
const whole = (scale) => sum(ofPage(scale), "json_us", "encoding_us");
const part = (us, of) => us[of] / 1000;

function rows(scales, difference, peers) {
  const [once, , most] = scales;
  const times = most.times;
  const edges = (scale) => [1, 2].map((of) => ofPage(scale).reduce((all, figure) => all + part(figure.json_us, of) + part(figure.encoding_us, of), 0));
  const detail = (scale) => edges(scale).map((ms) => ms.toFixed(1)).join(" to ");
  const besideLoops = (scale) => {
    const ratios = withLoop(scale).map(({ id, rows_us, limit_us }) => [id, rows_us[0] / limit_us[0]]);
    const [slowest, reached] = ratios.reduce((a, b) => (b[1] > a[1] ? b : a));
    const detail = `median of the eleven ${median(ratios.map(([, ratio]) => ratio)).toFixed(2)}`;
    return { what: `Slowest of the eleven compared with its hand-written loop, ${scale.times}× (${slowest})`, target: 3, reached, unit: "×", better: "less", detail };
  };
  const figures = [
    { what: "All eleven figures of a page, not cached, with JSON and compression, 1×", target: 5, reached: whole(once), unit: "ms", better: "less", detail: `${detail(once)}; ${sum(ofPage(once), "json_us").toFixed(2)} without compression, tables alone ${sum(ofPage(once), "rows_us").toFixed(2)}` },
    { what: `The same at ${times}×`, target: 300, reached: whole(most), unit: "ms", better: "less", detail: detail(most) },
    besideLoops(once),
    besideLoops(most),
  ];
  const span = (us) => us.slice(1).map((us) => (us / 1000).toFixed(1)).join(" to ");
  for (const [scale, all, search, again] of [[once, 50, 30, 5], [most, 3000, 2000, 100]]) {
    const [whole, one] = scale.change_points_us;
    figures.push(
      { what: `Everything that is derived from the builds, from nothing, ${scale.times}×`, target: all, reached: scale.insight_us[0] / 1000, unit: "ms", better: "less", detail: span(scale.insight_us) },
      { what: `Change points of all pipelines, from nothing, ${scale.times}×`, target: search, reached: whole[0] / 1000, unit: "ms", better: "less", detail: span(whole) },
      { what: `Change points after one series changed, ${scale.times}×`, target: again, reached: one[0] / 1000, unit: "ms", better: "less", detail: span(one) },
    );
  }
  for (const [scale, list, page] of [[once, 2, 5], [most, 15, 20]]) {
    figures.push(
      { what: `The slowest of four selections: counts, histogram and the first 50 builds, ${scale.times}×`, target: list, reached: scale.list_us[0] / 1000, unit: "ms", better: "less", detail: span(scale.list_us) },
      { what: `The page of the pipeline with the most builds, ${scale.times}×`, target: page, reached: scale.pipeline_us[0] / 1000, unit: "ms", better: "less", detail: span(scale.pipeline_us) },
    );
  }
  const size = `${difference.builds.toLocaleString("en")} builds with ${difference.steps.toLocaleString("en")} steps`;
  for (const [what, us, target] of [
    ["What is different about the new failures", difference.failures_us, 100],
    ["What is different between two halves of all builds", difference.halves_us, 100],
    ["The halves side by side, with what is different", difference.compared_us, null],
  ]) {
    figures.push({ what: `${what}, a million builds`, target, reached: us[0] / 1000, unit: "ms", better: "less", detail: `${size}; ${span(us)}` });
  }
  const largest = scales.at(-1);
  if (largest.times > times) {
    const grown = `${largest.builds.toLocaleString("en")} builds; columns built in ${largest.made_s.toFixed(0)} s`;
    figures.push(
      { what: `All eleven figures of a page, not cached, ${largest.times}×`, target: null, reached: whole(largest), unit: "ms", better: "less", detail: detail(largest) },
      { what: `Memory of the columns at ${largest.times}×`, target: null, reached: largest.bytes / 2 ** 20, unit: "MB", better: "less", detail: grown },
    );
  }
  const ours = sum(ofPage(once), "rows_us");
  for (const { engine, times, seconds } of peers) {
    if (times !== 1) continue;
    figures.push({ what: `The eleven tables compared with ${engine}, 1×`, target: null, reached: (1000 * median(seconds)) / ours, unit: "× faster", better: "more", detail: `${engine} ${(1000 * median(seconds)).toFixed(0)} ms (${spread(seconds.map((s) => 1000 * s))})` });
  }
  return figures;
}

function tables(scales) {
  const ms = (us) => (us ? (us[0] / 1000).toFixed(3) : "–");
  const each = scales.map((scale) => ({
    title: `Each figure at ${scale.times}×: ${scale.builds.toLocaleString("en")} builds, ${scale.window.toLocaleString("en")} of them in the window; medians in ms`,
    head: ["figure", "table", "loop", "table ÷ loop", "with chart and JSON", "compression", "JSON kB", "brotli kB"],
    rows: scale.figures.map((figure) => [
      figure.id,
      ms(figure.rows_us),
      ms(figure.limit_us),
      figure.limit_us ? (figure.rows_us[0] / figure.limit_us[0]).toFixed(2) : "–",
      ms(figure.json_us),
      ms(figure.encoding_us),
      (figure.json_bytes / 1000).toFixed(1),
      (figure.brotli_bytes / 1000).toFixed(1),
    ]),
  }));
  const [once] = scales;
  const grows = (of) => scales.map((scale) => (of(scale) / of(once)).toFixed(2));
  const growth = {
    title: "Growth, as multiples of 1×",
    head: ["", ...scales.map(({ times }) => `${times}×`)],
    rows: [
      ["builds", ...grows(({ builds }) => builds)],
      ["memory of the snapshot", ...grows(({ bytes }) => bytes)],
      ["the eleven tables", ...grows((scale) => sum(withLoop(scale), "rows_us"))],
      ["their loops", ...grows((scale) => sum(withLoop(scale), "limit_us"))],
      ["the eleven figures, encoded", ...grows(whole)],
    ],
  };
  return [...each, growth];
}

function measurePeers({ binary, scratch, data, root, say }) {
  const python = process.env.BENCH_PYTHON ?? "python3";
  if (spawnSync(python, ["-c", "import pandas"]).status !== 0) {
    say(`${python} has no pandas, so there is no comparison with it; run pip install pandas duckdb, or name another Python with BENCH_PYTHON`);
    return [];
  }
  say("figures: computing the same tables with pandas and DuckDB");
  const csv = path.join(scratch, "builds.csv");
  run(binary, ["export", "builds", "--format", "csv", "--data", data], { stdio: ["ignore", openSync(csv, "w"), "pipe"] });
  const lines = run(python, [path.join(root, "bench/peers.py"), csv, "1", "10"], { stdio: ["ignore", "pipe", "pipe"] });
  return lines.trim().split("\n").map((line) => JSON.parse(line));
}

function peerTables(scales, peers) {
  if (peers.length === 0) return [];
  const row = ({ engine, times, seconds }) => [engine, `${times}×`, (1000 * median(seconds)).toFixed(1), spread(seconds.map((s) => 1000 * s))];
  const ours = (scale) => ["this program", `${scale.times}×`, sum(ofPage(scale), "rows_us").toFixed(2), "one thread"];
  return [{ title: "The eleven tables in other engines, without charts and JSON, in ms", head: ["engine", "builds", "median", ""], rows: [...scales.map(ours), ...peers.map(row)] }];
}
