// Each of the sixteen figures draws its rows, checked mark by mark.
import { ALL, column, type Figure, figure, PAGES, pageOf, rowsOnPage } from "../support/api";
import { card, drawn, type Marks, marks, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
// Number of steps with a slice each; one more slice holds the rest.
const DRAWN_STEPS = 11;

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const rgb = ([red, green, blue]: number[]) => `rgb(${red}, ${green}, ${blue})`;

// All charts share these colours.
const RESULT_COLOURS: Record<string, unknown> = {
  Success: "rgb(0, 112, 60)",
  Unstable: "rgb(255, 221, 0)",
  Failure: "rgb(212, 53, 28)",
  Aborted: "rgb(244, 119, 56)",
  "Not built": "rgb(86, 148, 202)",
  Lost: expect.stringMatching(/^url\(/), // hatched
  Running: "rgb(111, 119, 123)",
  Unknown: "rgb(177, 180, 182)",
  Other: "rgb(177, 180, 182)",
};
const FAILURE_COLOURS = [
  [0x85, 0x99, 0x4b],
  [0xff, 0xdd, 0x00],
  [0xd4, 0x35, 0x1c],
];

/** Colour scale from green through yellow to red. */
function failureColour(percent: number): number[] {
  const way = percent / 50;
  const half = Math.min(Math.floor(way), 1);
  return FAILURE_COLOURS[half].map((from, channel) => Math.round(from + (FAILURE_COLOURS[half + 1][channel] - from) * (way - half)));
}

function slicesAre(drawn: Marks, expected: { label?: string; value: number; fill?: unknown }[]) {
  // plotly.js keeps an empty slice where another one is hatched.
  const slices = drawn.slices.filter(({ value }) => value > 0);
  expect(slices).toMatchObject(expected);
  expect(slices.length).toBe(expected.length);
  const total = sum(expected.map(({ value }) => value));
  for (const { label, value, share } of slices) expect(Math.abs(share - value / total), `the angle of ${label}`).toBeLessThan(0.005);
}

/** Slices of the rows, in order; empty rows have none. */
function pieOf(values: string, labels?: string) {
  return (drawn: Marks, figure: Figure) => {
    const names = labels && column<string>(figure, labels);
    const expected = column(figure, values).map((value, row) => ({ value, ...(names && { label: names[row] }) }));
    slicesAre(drawn, expected.filter(({ value }) => value > 0));
  };
}

function resultsPie(drawn: Marks, figure: Figure) {
  const results = column<string>(figure, "result").map((result) => result[0] + result.slice(1).toLowerCase().replace("_", " "));
  const expected = column(figure, "builds").map((value, row) => ({ label: results[row], value, fill: RESULT_COLOURS[results[row]] }));
  slicesAre(drawn, expected.filter(({ value }) => value > 0));
}

interface ExpectedBar {
  trace?: string;
  position: number | string;
  size: number;
  /** Start of the bar within a stack. */
  from?: number;
  fill?: string;
  edges?: [number, number];
}

/** Expects exactly these bars, with their length and position correct to the pixel. */
function barsAre(drawn: Marks, expected: ExpectedBar[]) {
  expect(drawn.bars.length).toBe(expected.length);
  for (const [index, { from = 0, edges, size, ...rest }] of expected.entries()) {
    const bar = drawn.bars[index];
    const name = `bar ${index}: ${JSON.stringify({ ...rest, size })}`;
    expect(bar, name).toMatchObject(rest);
    expect(bar.size, name).toBeCloseTo(size, 6);
    // plotly.js rounds edges to whole pixels.
    expect(Math.abs(bar.from - from) / bar.pixel, `${name} begins at ${bar.from}`).toBeLessThan(1.5);
    expect(Math.abs(bar.to - from - size) / bar.pixel, `${name} ends at ${bar.to}`).toBeLessThan(1.5);
    for (const [edge, at] of (edges ?? []).entries()) {
      expect(Math.abs(bar.edges[edge] - at) / bar.edgePixel, `${name} stands at ${bar.edges}`).toBeLessThan(1.5);
    }
  }
}

/** Expects one bar per row, as long as its value. */
function barsOf(values: string, positions?: string) {
  return (drawn: Marks, figure: Figure) => {
    const names = positions && column<string>(figure, positions);
    const expected = column(figure, values).map((size, row) => ({ position: names ? names[row] : row, size }));
    barsAre(drawn, expected.filter(({ size }) => size > 0));
  };
}

/** Segments of one stacked bar per row, trace by trace, without empty ones. */
function stackOf(figure: Figure, parts: [trace: string, column: string][], position: (row: number) => number, whole?: (row: number) => number) {
  const reached = figure.rows.map(() => 0);
  return parts.flatMap(([trace, id]) =>
    column(figure, id).flatMap((count, row) => {
      const size = whole ? (100 * count) / whole(row) : count;
      const from = reached[row];
      reached[row] = from + size;
      return count > 0 ? [{ trace, position: position(row), size, from, fill: RESULT_COLOURS[trace] }] : [];
    }),
  );
}

/** Expects each text to begin with its row's number, possibly rounded. */
function textsSay(drawn: Marks, numbers: number[]) {
  expect(drawn.texts.length).toBe(numbers.length);
  for (const [row, number] of numbers.entries()) {
    expect(Math.abs(Number.parseFloat(drawn.texts[row].replaceAll(",", "")) - number), `${drawn.texts[row]} of ${number}`).toBeLessThanOrEqual(0.5);
  }
}

/** Expects the row's name, possibly shortened, beside each bar. */
function namesAre(drawn: Marks, names: string[]) {
  expect(drawn.names.length).toBe(names.length);
  for (const [row, name] of names.entries()) {
    for (const part of drawn.names[row].split("…")) expect(name.toLowerCase()).toContain(part.toLowerCase());
  }
}

/** Expects a sector per major, version and repository; a major's size is its number of repositories. */
function treemapOf(platform: string) {
  return (drawn: Marks, figure: Figure) => {
    const [majors, versions, repositories] = ["major", "version", "repository"].map((id) => column<string | number>(figure, id));
    const counted = (same: (row: number) => boolean) => figure.rows.filter((_, row) => same(row)).length;
    const labelOf = (name: string | number) => (name === "unknown" ? name : `${platform} ${name}`);
    const all = `${figure.rows.length} repositories`;
    const expected = new Set([all]);
    const shares = new Map<string, number>();
    for (const [row, major] of majors.entries()) {
      const ofMajor = counted((other) => majors![other] === major);
      const ofVersion = counted((other) => majors![other] === major && versions![other] === versions![row]);
      const path = [all, `${labelOf(major)} (${ofMajor})`, `${versions![row]} (${ofVersion})`, String(repositories![row])];
      for (const end of [2, 3, 4]) expected.add(path.slice(0, end).join(" › "));
      shares.set(path.slice(0, 2).join(" › "), ofMajor / figure.rows.length);
    }
    const paths = drawn.sectors.map(({ path }) => path.join(" › "));
    expect([...paths].sort()).toEqual([...expected].sort());
    const whole = sum(drawn.sectors.filter(({ path }) => path.length === 2).map(({ area }) => area));
    for (const [path, share] of shares) {
      expect(Math.abs(drawn.sectors[paths.indexOf(path)].area / whole - share), `the area of ${path}`).toBeLessThan(0.01);
    }
  };
}

const LOSSES: [trace: string, column: string][] = [
  ["Reruns", "rerun_minutes"],
  ["Lost builds", "lost_minutes"],
  ["Failed builds", "failed_minutes"],
];

/** Expects segments of a bar for each row. */
function segmentsOf(parts: [trace: string, column: string][], position = (row: number, _: Figure) => row) {
  return (drawn: Marks, figure: Figure) => {
    const segments = stackOf(figure, parts, (row) => position(row, figure));
    barsAre(drawn, segments.map(({ fill: _, ...bar }) => bar));
  };
}

/** Expects bars that end at the percentages, with lines up to the upper ends of their intervals. */
function ratesOf(percents: string, high: string) {
  return (drawn: Marks, figure: Figure) => {
    barsOf(percents)(drawn, figure);
    const wanted = column(figure, high);
    expect(drawn.errors.length).toBe(wanted.length);
    for (const [row, end] of drawn.errors.entries()) expect(Math.abs(end - wanted[row]) / drawn.pixel, `the line of row ${row}`).toBeLessThan(1.5);
  };
}

/** Expects a point for each known value of a line. */
function linesOf(lines: [trace: string, column: string][]) {
  return (drawn: Marks, figure: Figure) => {
    for (const [trace, id] of lines) {
      const points = drawn.points.filter((point) => point.trace === trace);
      const wanted = column<number | null>(figure, id).flatMap((value, row) => (value === null ? [] : [{ row, value }]));
      expect(points.map(({ row, value }) => ({ row, value })), trace).toEqual(wanted);
      for (const { value, at } of points) expect(Math.abs(at - value) / drawn.pixel, `${trace} at ${value}`).toBeLessThan(1.5);
    }
  };
}

const DRAWS: Record<string, (drawn: Marks, figure: Figure) => void> = {
  build_status_day: resultsPie,
  build_status: resultsPie,
  nightly_vs_non_nightly: pieOf("failed", "kind"),
  heatmap: (drawn, figure) => {
    const percents = column(figure, "failure_percent");
    const hours = column(figure, "hour");
    const days = column<string>(figure, "weekday").map((day) => WEEKDAYS.indexOf(day));
    const key = (x: number, y: number) => 24 * y + x;
    const cells = [...drawn.cells].sort((a, b) => key(a.x, a.y) - key(b.x, b.y));
    expect(cells.map(({ x, y, value }) => [x, y, value])).toEqual(percents.map((percent, row) => [hours[row], days[row], percent]));
    for (const { x, y, value, colour } of cells) {
      const distance = Math.max(...failureColour(value).map((channel, index) => Math.abs(channel - colour[index])));
      expect(distance, `${WEEKDAYS[y]} ${x}: ${colour} for ${value} %`).toBeLessThanOrEqual(3);
    }
  },
  timeline_short: (drawn, figure) => {
    const percents = column(figure, "failure_percent");
    const builds = column(figure, "builds");
    const expected = column<string>(figure, "slot_start").map((slot, row) => {
      const position = Date.parse(slot);
      const fill = rgb(failureColour(5 * Math.round(percents[row] / 5)));
      return { position, size: builds[row], fill, edges: [position, position + 15 * 60_000] as [number, number] };
    });
    barsAre(drawn, expected);
  },
  most_failing: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "pipeline"));
    barsAre(drawn, stackOf(figure, [["Failure", "failure"], ["Aborted", "aborted"]], (row) => row));
    textsSay(drawn, column(figure, "failure_percent"));
  },
  failing_steps: (drawn, figure) => {
    const builds = column(figure, "builds");
    const steps = column<string>(figure, "step");
    const drawnSteps = builds.slice(0, DRAWN_STEPS).map((value, row): { value: number; label?: string } => ({ value, label: steps[row] }));
    const rest = sum(builds.slice(DRAWN_STEPS));
    slicesAre(drawn, rest ? [...drawnSteps, { value: rest }] : drawnSteps);
  },
  lengthy_pipelines: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "pipeline"));
    barsOf("mean_min")(drawn, figure);
    const [means, p95] = [column(figure, "mean_min"), column(figure, "p95_min")];
    expect(drawn.errors.length).toBe(means.length);
    for (const [row, end] of drawn.errors.entries()) {
      expect(Math.abs(end - Math.max(means[row], p95[row])) / drawn.pixel, `the line of row ${row}`).toBeLessThan(1.5);
    }
  },
  shortest_functional_tests: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "pipeline"));
    barsOf("seconds")(drawn, figure);
    textsSay(drawn, column(figure, "seconds"));
  },
  duration: (drawn, figure) => {
    const [starts, ends] = [column(figure, "bin_start_min"), column(figure, "bin_end_min")];
    const middle = (row: number) => (starts[row] + ends[row]) / 2;
    const parts: [string, string][] = [["Success", "SUCCESS"], ["Failure", "FAILURE"], ["Aborted", "ABORTED"]];
    const stack = stackOf(figure, parts, middle);
    const width = (ends[0] - starts[0]) / 2;
    barsAre(drawn, stack.map((bar) => ({ ...bar, edges: [bar.position - width, bar.position + width] })));
  },
  timeline: (drawn, figure) => {
    const dates = column<string>(figure, "date");
    const whole = (row: number) => sum(figure.rows[row].slice(1) as number[]);
    const parts: [string, string][] = [["Failure", "FAILURE"], ["Aborted", "ABORTED"], ["Unstable", "UNSTABLE"], ["Success", "SUCCESS"], ["Other", "other"]];
    barsAre(drawn, stackOf(figure, parts, (row) => Date.parse(`${dates[row]}T00:00:00Z`), whole));
  },
  failure_rate_by_week: linesOf([["This period", "failure_percent"]]),
  failure_classes: segmentsOf(
    [
      ["Lost", "lost"],
      ["Agent", "agent"],
      ["Incident", "incident"],
      ["Flaky", "flaky"],
      ["Broken", "broken"],
      ["Failed once", "once"],
      ["Unknown", "unknown"],
    ],
    (row, figure) => Date.parse(`${column<string>(figure, "date")[row]}T00:00:00Z`),
  ),
  incidents: barsOf("builds"),
  flaky_pipelines: ratesOf("flake_percent", "high"),
  minutes_lost: segmentsOf(LOSSES),
  minutes_lost_by_team: segmentsOf(LOSSES),
  domains_by_team: segmentsOf([
    ["Code", "code"],
    ["Test", "test"],
    ["Deployment", "deploy"],
    ["Platform", "platform"],
    ["Unknown", "unknown"],
  ]),
  failure_rate_by_agent: ratesOf("failure_percent", "high"),
  failure_rate_by_node: ratesOf("failure_percent", "high"),
  failure_rate_by_library: ratesOf("failure_percent", "high"),
  time_to_green: (drawn, figure) => {
    const wanted = [...column(figure, "still_red_percent")].sort((a, b) => a - b);
    // Points of the curve; those of open episodes are drawn once more.
    const curve = drawn.points.slice(0, wanted.length);
    const drawnValues = curve.map(({ value }) => value).sort((a, b) => a - b);
    expect(drawnValues).toEqual(wanted);
    for (const { value, at } of drawn.points) expect(Math.abs(at - value) / drawn.pixel).toBeLessThan(1.5);
  },
  change_points: (drawn, figure) => {
    const [measures, sides] = [column<string>(figure, "measure"), column<string>(figure, "side")];
    const of = (measure: string, trace: string) =>
      column(figure, "value").flatMap((size, row) =>
        measures[row] === measure && sides[row] === trace ? [{ trace, position: Math.floor(row / 2), size }] : [],
      );
    const expected = ["duration", "failure_rate"].flatMap((measure) => [...of(measure, "before"), ...of(measure, "after")]);
    // Each measure has an axis of its own, so that lengths in pixels are not compared.
    expect(drawn.bars.map(({ trace, position, size }) => ({ trace, position, size }))).toEqual(expected);
  },
  delivery: (drawn, figure) => {
    const shares = column<number | null>(figure, "reference_percent");
    const measures = column<string>(figure, "measure");
    const bars = shares.flatMap((size, row) => (size === null ? [] : [{ position: measures[row], size }]));
    barsAre(drawn, bars.reverse());
  },
  slowest_steps: (drawn, figure) => {
    const steps = column<string>(figure, "step").reverse();
    const hours = column(figure, "hours").reverse();
    const named = (row: number) => String(drawn.bars[row].position);
    for (const [row, step] of steps.entries()) for (const part of named(row).split("…")) expect(step).toContain(part);
    barsAre(drawn, hours.map((size, row) => ({ position: named(row), size })));
  },
  start_delay: linesOf([
    ["First step, p95", "first_step_p95_minutes"],
    ["First step, median", "first_step_p50_minutes"],
    ["Start, p95", "delay_p95_minutes"],
    ["Start, median", "delay_p50_minutes"],
  ]),
  cve_most_frequent: barsOf("teams", "cve"),
  cve_per_team: (drawn, figure) => {
    pieOf("cves")(drawn, figure);
    const cves = column(figure, "cves");
    expect(drawn.slices.map(({ text }) => text)).toEqual(column<string>(figure, "team").map((team, row) => `${team} ${cves[row]}`));
  },
  js_checks: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "check"));
    barsOf("repositories")(drawn, figure);
    textsSay(drawn, column(figure, "repositories"));
  },
  node_versions: treemapOf("Node.js"),
  java_versions: treemapOf("Java"),
};

test("the API lists the figures in page order", async ({ request }) => {
  const figures: Figure[] = await (await request.get("/api/figures")).json();
  expect(figures.map((known) => known.id)).toEqual(ALL);
});

for (const id of ALL) {
  test(`${id} draws its rows`, async ({ page, request }) => {
    const wanted = await figure(request, id);
    expect(wanted.rows.length, "the sample has rows for every figure").toBeGreaterThan(0);
    await page.goto(pageOf(id));
    DRAWS[id](await marks(page, id), wanted);
  });

  test(`${id} has a table of its rows, a sentence and its own page`, async ({ page, request }) => {
    const wanted = await figure(request, id);
    await page.goto(`/figures/${id}`);
    await drawn(page, id);
    await expect(card(page, id)).toContainText(wanted.summary);
    await expect(card(page, id).getByRole("heading", { name: wanted.title })).toBeVisible();
    const table = await openTable(page, id);
    await expect(table.locator("thead th")).toHaveText(wanted.columns.map((known) => known.title));
    await expect(table.locator("tbody tr")).toHaveCount(rowsOnPage(wanted));
    const all = card(page, id).getByRole("link", { name: `All ${wanted.rows.length.toLocaleString("en-GB")} rows as CSV` });
    await expect(all).toHaveCount(wanted.rows.length > rowsOnPage(wanted) ? 1 : 0);
    await expect(page).toHaveTitle(new RegExp(wanted.title.slice(0, 20)));
  });
}

for (const [name, ids] of Object.entries(PAGES)) {
  test(`the ${name} page draws its figures in order`, async ({ page }) => {
    await page.goto(`/${name}`);
    const cards = page.locator("article[data-figure]");
    await expect(cards).toHaveCount(ids.length);
    expect(await cards.evaluateAll((all) => all.map((one) => one.getAttribute("data-figure")))).toEqual(ids);
    for (const id of ids) await drawn(page, id);
  });
}

for (const [id, mark] of [
  ["build_status", ".slice"],
  ["heatmap", ".nsewdrag"],
  ["most_failing", ".barlayer .point"],
  ["java_versions", ".treemaplayer .slice"],
]) {
  test(`${id} shows details on hover`, async ({ page }) => {
    await page.goto(`/figures/${id}`);
    const chart = await drawn(page, id);
    await chart.locator(mark).first().hover({ force: true });
    await expect(chart.locator(".hoverlayer text, .hoverlayer .hovertext").first()).toBeVisible();
  });
}

test("pie labels return to their places after the window was narrow", async ({ page }) => {
  await page.goto("/figures/cve_per_team");
  const chart = await drawn(page, "cve_per_team");
  const width = () => chart.locator("svg.main-svg").first().getAttribute("width");
  const placed = () => chart.locator(".slicetext, .textline").evaluateAll((all) => all.map((one) => one.getAttribute("transform") ?? one.getAttribute("d")));
  const [wide, before] = [await width(), await placed()];
  await page.setViewportSize({ width: 420, height: 900 });
  await expect.poll(width).not.toBe(wide);
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect.poll(width).toBe(wide);
  await expect.poll(placed).toEqual(before);
});
