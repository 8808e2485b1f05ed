// Each figure draws its rows, checked mark by mark.
import { ALL, column, type Figure, figure, PAGES, pageOf, rowsOnPage } from "../support/api";
import { card, drawn, type Marks, marks, openTable } from "../support/chart";
import { expect, test } from "../support/fixtures";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
// Names of a chart; the table has the others.
const NAMES = 20;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

// All charts share these colours (style/_tokens.scss).
const OTHER = "rgb(138, 147, 155)";
const RESULT_COLOURS: Record<string, unknown> = {
  Success: "rgb(58, 143, 183)",
  Unstable: "rgb(185, 131, 0)",
  Failure: "rgb(179, 38, 30)",
  Aborted: "rgb(58, 63, 69)",
  "Not built": OTHER,
  Lost: expect.stringMatching(/^url\(/), // hatched
  Running: OTHER,
  Unknown: OTHER,
  Other: OTHER,
};
const RATE_COLOURS = [
  [0xe9, 0xec, 0xef],
  [0xf7, 0xd3, 0xc4],
  [0xef, 0xa0, 0x85],
  [0xdb, 0x6a, 0x4e],
  [0xb3, 0x26, 0x1e],
  [0x6f, 0x10, 0x15],
];

/** Colour of a failure rate: that of the nearest step. */
const failureColour = (percent: number): number[] => RATE_COLOURS[Math.min(5, Math.round(percent / 20))];

/** The rows that a chart with names draws. */
const first = (figure: Figure): Figure => ({ ...figure, rows: figure.rows.slice(0, NAMES) });

/** A bar for each result with builds. */
function resultBars(drawn: Marks, figure: Figure) {
  const results = column<string>(figure, "result").map((result) => result[0] + result.slice(1).toLowerCase().replace("_", " "));
  const counts = column(figure, "builds");
  const rows = results.flatMap((result, row) => (counts[row] > 0 ? [{ result, size: counts[row] }] : []));
  namesAre(drawn, rows.map(({ result }) => result));
  barsAre(drawn, rows.map(({ result, size }, position) => ({ position, size, fill: RESULT_COLOURS[result] })));
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

/** Expects one bar for each row with a name, as long as its value. */
function barsOf(values: string) {
  return (drawn: Marks, figure: Figure) => {
    const expected = column(first(figure), values).map((size, position) => ({ position, size }));
    barsAre({ ...drawn, bars: drawn.bars.filter(({ size }) => size > 0) }, expected.filter(({ size }) => size > 0));
  };
}

/** Segments of one stacked bar per row, trace by trace, without empty ones. */
function stackOf(figure: Figure, parts: [trace: string, column: string][], position: (row: number) => number) {
  const reached = figure.rows.map(() => 0);
  return parts.flatMap(([trace, id]) =>
    column(figure, id).flatMap((size, row) => {
      const from = reached[row];
      reached[row] = from + size;
      return size > 0 ? [{ trace, position: position(row), size, from, fill: RESULT_COLOURS[trace] }] : [];
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

/** Expects a bar for each major version, as long as its number of repositories. */
function versionsOf(platform: string) {
  return (drawn: Marks, figure: Figure) => {
    const majors = column<string | number>(figure, "major");
    const known = [...new Set(majors)].slice(0, NAMES);
    namesAre(drawn, known.map((major) => (major === "unknown" ? major : `${platform} ${major}`)));
    barsAre(drawn, known.map((major, position) => ({ position, size: majors.filter((one) => one === major).length })));
  };
}

/** Names of products in charts, by their ids in tables. */
const PRODUCTS: Record<string, string> = {
  "alpine-linux": "Alpine Linux",
  "amazon-corretto": "Amazon Corretto",
  debian: "Debian",
  "eclipse-temurin": "Eclipse Temurin",
  java: "Java",
  "microsoft-build-of-openjdk": "Microsoft Build of OpenJDK",
  nodejs: "Node.js",
  python: "Python",
  ubuntu: "Ubuntu",
};

const LOSSES: [trace: string, column: string][] = [
  ["Reruns", "rerun_minutes"],
  ["Lost builds", "lost_minutes"],
  ["Failed builds", "failed_minutes"],
];

/** Expects segments of a bar for each row with a name. */
function segmentsOf(parts: [trace: string, column: string][]) {
  return (drawn: Marks, figure: Figure) => segmentsAre(drawn, stackOf(first(figure), parts, (row) => row));
}

/** Expects these segments of bars, whatever their colours. */
function segmentsAre(drawn: Marks, segments: ExpectedBar[]) {
  barsAre({ ...drawn, bars: drawn.bars.filter(({ size }) => size > 0) }, segments.map(({ fill: _, ...bar }) => bar));
}

/** Expects bars that end at the percentages, with lines up to the upper ends of their intervals. */
function ratesOf(percents: string, high: string) {
  return (drawn: Marks, figure: Figure) => {
    barsOf(percents)(drawn, figure);
    const wanted = column(first(figure), high);
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

const CLASSES: [trace: string, column: string][] = [
  ["Lost", "lost"],
  ["Agent", "agent"],
  ["Incident", "incident"],
  ["Flaky", "flaky"],
  ["Broken", "broken"],
  ["Failed once", "once"],
  ["Unknown", "unknown"],
];
const RESULTS: [trace: string, column: string][] = [
  ["Failure", "FAILURE"],
  ["Aborted", "ABORTED"],
  ["Unstable", "UNSTABLE"],
  ["Success", "SUCCESS"],
  ["Other", "other"],
];

const DUE: [trace: string, column: string][] = [
  ["Suppressions", "suppressions"],
  ["Runtimes", "runtimes"],
  ["Findings", "findings"],
];
const AGES: [trace: string, column: string][] = [
  ["Up to 7 days", "to_7_days"],
  ["Up to 30 days", "to_30_days"],
  ["Up to 90 days", "to_90_days"],
  ["Older", "older"],
];

/** The instant at which the week of a row begins. */
const weekOf = (figure: Figure) => (row: number) => Date.parse(column<string>(figure, "week_start")[row]);

/** Rows by week of seven days, counted back from the last date. */
function weeksOf(figure: Figure): { position: number; rows: Figure["rows"] }[] {
  const days = column<string>(figure, "date").map((date) => Date.parse(date) / DAY);
  const last = days[days.length - 1];
  const weeks = new Map<number, Figure["rows"]>();
  for (const [row, day] of days.entries()) {
    const start = last - 7 * Math.floor((last - day) / 7) - 6;
    weeks.set(start, [...(weeks.get(start) ?? []), figure.rows[row]]);
  }
  return [...weeks].map(([start, rows]) => ({ position: start * DAY, rows }));
}

/** Expects a cell of the nearest colour for each row, in these lines and columns; rows without one are not drawn. */
function cellsAre(drawn: Marks, figure: Figure, lines: number[], columns = column(figure, "hour"), most = 100) {
  const percents = column(figure, "failure_percent");
  const key = (x: number, y: number) => 24 * y + x;
  const sorted = <T>(cells: T[], at: (cell: T) => [x: number, y: number]) => cells.sort((a, b) => key(...at(a)) - key(...at(b)));
  const cells = sorted([...drawn.cells], ({ x, y }) => [x, y]);
  const placed = percents.flatMap((percent, row) => (lines[row] < 0 || columns[row] < 0 ? [] : [[columns[row], lines[row], percent]]));
  const wanted = sorted(placed, ([x, y]) => [x, y]);
  expect(cells.map(({ x, y, value }) => [x, y, value])).toEqual(wanted);
  for (const { x, y, value, colour } of cells) {
    const distance = Math.max(...failureColour((100 * value) / most).map((channel, index) => Math.abs(channel - colour[index])));
    expect(distance, `${y} ${x}: ${colour} for ${value} %`).toBeLessThanOrEqual(3);
  }
}

const DRAWS: Record<string, (drawn: Marks, figure: Figure) => void> = {
  build_status_day: resultBars,
  build_status: resultBars,
  nightly_vs_non_nightly: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "kind"));
    barsOf("failure_percent")(drawn, figure);
    textsSay(drawn, column(figure, "failure_percent"));
  },
  heatmap: (drawn, figure) => cellsAre(drawn, figure, column<string>(figure, "weekday").map((day) => WEEKDAYS.indexOf(day))),
  failure_calendar: (drawn, figure) => {
    const days = column<string>(figure, "date").map((date) => Date.parse(date) / DAY);
    const first = Math.max(days[0], days[days.length - 1] - 27);
    cellsAre(drawn, figure, days.map((day) => day - first));
  },
  // Steps and projects with the most failures first.
  failing_steps_by_project: (drawn, figure) => {
    const failed = column(figure, "failed");
    const places = (id: string, most: number) => {
      const names = column<string>(figure, id);
      const sums = new Map<string, number>();
      for (const [row, name] of names.entries()) sums.set(name, (sums.get(name) ?? 0) + failed[row]);
      const order = [...sums].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).map(([name]) => name);
      return names.map((name) => order.slice(0, most).indexOf(name));
    };
    const [steps, projects] = [places("step", NAMES), places("project", 12)];
    const decided = column(figure, "decided");
    const certain = column(figure, "failure_percent").filter((_, row) => decided[row] >= 5 && steps[row] >= 0 && projects[row] >= 0);
    const most = [10, 20, 50].find((end) => end >= Math.max(...certain)) ?? 100;
    cellsAre(drawn, figure, steps, projects, most);
  },
  // Slots of 15 minutes in bars of three hours, with which two weeks have 112.
  timeline_short: (drawn, figure) => {
    const [builds, failed] = [column(figure, "builds"), column(figure, "failed")];
    const bars = new Map<number, [failed: number, others: number]>();
    const end = Math.floor(Date.parse(figure.as_of) / (HOUR / 4)) * (HOUR / 4) + HOUR / 4;
    for (const [row, slot] of column<string>(figure, "slot_start").entries()) {
      if (Date.parse(slot) < end - 14 * DAY) continue;
      const start = Math.floor(Date.parse(slot) / (3 * HOUR)) * 3 * HOUR;
      const [red, others] = bars.get(start) ?? [0, 0];
      bars.set(start, [red + failed[row], others + builds[row] - failed[row]]);
    }
    const parts = (part: 0 | 1, trace: string) =>
      [...bars].sort(([a], [b]) => a - b).flatMap(([position, counts]) => {
        const edges: [number, number] = [position, position + 3 * HOUR];
        return counts[part] > 0 ? [{ trace, position, size: counts[part], from: part ? counts[0] : 0, edges }] : [];
      });
    segmentsAre(drawn, [...parts(0, "Failed"), ...parts(1, "Not failed")]);
  },
  most_failing: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "pipeline"));
    barsAre({ ...drawn, bars: drawn.bars.filter(({ size }) => size > 0) }, stackOf(first(figure), [["Failure", "failure"], ["Aborted", "aborted"]], (row) => row));
    textsSay(drawn, column(first(figure), "failure_percent"));
  },
  failing_steps: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "step"));
    barsOf("builds")(drawn, figure);
    textsSay(drawn, column(first(figure), "percent"));
  },
  lengthy_pipelines: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "pipeline"));
    barsOf("mean_min")(drawn, figure);
    const [means, p95] = [column(first(figure), "mean_min"), column(first(figure), "p95_min")];
    expect(drawn.errors.length).toBe(means.length);
    for (const [row, end] of drawn.errors.entries()) {
      expect(Math.abs(end - Math.max(means[row], p95[row])) / drawn.pixel, `the line of row ${row}`).toBeLessThan(1.5);
    }
  },
  shortest_functional_tests: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "pipeline"));
    barsOf("seconds")(drawn, figure);
    textsSay(drawn, column(first(figure), "seconds"));
  },
  duration: (drawn, figure) => {
    const [starts, ends] = [column(figure, "bin_start_min"), column(figure, "bin_end_min")];
    const stack = stackOf(figure, [["Success", "SUCCESS"], ["Failure", "FAILURE"], ["Aborted", "ABORTED"]], (row) => starts[row]);
    const width = ends[0] - starts[0];
    barsAre(drawn, stack.map((bar) => ({ ...bar, edges: [bar.position, bar.position + width] })));
  },
  duration_by_week: linesOf([
    ["Median", "p50_minutes"],
    ["95%", "p95_minutes"],
  ]),
  timeline: (drawn, figure) => {
    const weeks = weeksOf(figure);
    const counted = weeks.map(({ rows }) => figure.columns.map((_, index) => sum(rows.map((row) => Number(row[index]) || 0))));
    const weekly = { ...figure, rows: counted };
    segmentsAre(drawn, stackOf(weekly, RESULTS, (row) => weeks[row].position));
    const [failure, aborted, unstable, success] = RESULTS.slice(0, 4).map(([, id]) => column(weekly, id));
    const rates = weeks.flatMap((_, row) => {
      const decided = failure[row] + aborted[row] + unstable[row] + success[row];
      return decided ? [(100 * (failure[row] + aborted[row])) / decided] : [];
    });
    expect(drawn.points.length).toBe(rates.length);
    for (const [index, { value, at }] of drawn.points.entries()) {
      expect(Math.abs(value - rates[index]), `week ${index}`).toBeLessThan(0.01);
      expect(Math.abs(at - value) / drawn.pixel).toBeLessThan(1.5);
    }
  },
  failure_rate_by_week: (drawn, figure) => {
    linesOf([["This period", "failure_percent"]])(drawn, figure);
    expect(drawn.bars.map(({ size }) => size)).toEqual(column(figure, "builds"));
  },
  failure_classes: (drawn, figure) => segmentsAre(drawn, stackOf(figure, CLASSES, (row) => Date.parse(column<string>(figure, "date")[row]))),
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
        measures[row] === measure && sides[row] === trace && row < 2 * NAMES ? [{ trace, position: Math.floor(row / 2), size }] : [],
      );
    const expected = ["duration", "failure_rate"].flatMap((measure) => [...of(measure, "before"), ...of(measure, "after")]);
    barsAre(drawn, expected);
  },
  delivery: (drawn, figure) => {
    const shares = column<number | null>(figure, "reference_percent");
    const compared = shares.flatMap((size, row) => (size === null ? [] : [{ size, name: column<string>(figure, "measure")[row] }]));
    namesAre(drawn, compared.map(({ name }) => name));
    barsAre(drawn, compared.map(({ size }, position) => ({ position, size })));
  },
  slowest_steps: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "step"));
    barsOf("hours")(drawn, figure);
  },
  // Rows of the steps of a week, week after week.
  step_duration_by_week: (drawn, figure) => {
    for (const step of new Set(column<string>(figure, "step"))) {
      const rows = figure.rows.filter((_, row) => column<string>(figure, "step")[row] === step);
      linesOf([[step, "p50_minutes"]])(drawn, { ...figure, rows });
    }
  },
  start_delay: linesOf([
    ["First step, median", "first_step_p50_minutes"],
    ["Start, median", "delay_p50_minutes"],
  ]),
  security_due: (drawn, figure) => {
    const [due, kind] = [column<string>(figure, "due"), column<string>(figure, "kind")];
    const classes = ["now", "30-days", "90-days", "later", "no-end", "unknown"];
    const reached = classes.map(() => 0);
    const segments = [["Suppressions", "suppression"], ["Runtimes", "runtime"], ["Findings", "finding"]].flatMap(([trace, of]) =>
      classes.flatMap((known, position) => {
        const size = due.filter((one, row) => one === known && kind[row] === of).length;
        const from = reached[position];
        reached[position] += size;
        return size > 0 ? [{ trace, position, size, from }] : [];
      }),
    );
    segmentsAre(drawn, segments);
  },
  suppression_debt: (drawn, figure) => {
    const shown = first(figure);
    namesAre(drawn, column<string>(shown, "team"));
    const [rules, debt, unknown] = [column(shown, "rules"), column(shown, "debt"), column(shown, "unknown")];
    const segments = [
      ...debt.map((size, position) => ({ trace: "In debt", position, size })),
      ...unknown.map((size, position) => ({ trace: "Unknown", position, size, from: debt[position] })),
      ...rules.map((all, position) => {
        const from = debt[position]! + unknown[position]!;
        return { trace: "Not in debt", position, size: all - from, from };
      }),
    ];
    segmentsAre(drawn, segments.filter(({ size }) => size > 0));
  },
  security_calendar: (drawn, figure) => segmentsAre(drawn, stackOf(figure, DUE, weekOf(figure))),
  open_findings: (drawn, figure) => segmentsAre(drawn, stackOf(figure, AGES, (row) => row)),
  findings_by_week: (drawn, figure) => {
    linesOf([["Open", "open"]])(drawn, figure);
    // Its line is in the lower panel, which has a scale of its own.
    const resolved = drawn.points.filter(({ trace }) => trace === "Resolved");
    expect(resolved.map(({ value }) => value)).toEqual(column(figure, "resolved"));
    segmentsAre(drawn, stackOf(figure, [["Opened", "opened"]], weekOf(figure)));
  },
  runtime_support: (drawn, figure) => {
    const shown = first(figure);
    const versions = column<string>(shown, "version");
    namesAre(drawn, column<string>(shown, "product").map((product, row) => `${PRODUCTS[product] ?? product} ${versions[row]}`));
    const support = column<string>(shown, "support");
    const counts = column(shown, "repositories");
    const bars = ["Ended", "Due", "Unknown", "Supported"].flatMap((trace) =>
      counts.flatMap((size, position) => (support[position] === trace.toLowerCase() ? [{ trace, position, size }] : [])),
    );
    segmentsAre(drawn, bars);
  },
  security_trend: linesOf([
    ["In debt", "debt"],
    ["Runtimes ended", "runtimes_ended"],
    ["Overdue", "overdue"],
    ["No check", "unchecked"],
  ]),
  // The table ends with the most frequent one, the chart begins with it.
  cve_most_frequent: (drawn, figure) => {
    const rows = first({ ...figure, rows: [...figure.rows].reverse() });
    namesAre(drawn, column<string>(rows, "cve"));
    barsOf("teams")(drawn, rows);
  },
  cve_per_team: (drawn, figure) => {
    namesAre(drawn, column<string>(first(figure), "team"));
    barsOf("cves")(drawn, figure);
    textsSay(drawn, column(first(figure), "cves"));
  },
  js_checks: (drawn, figure) => {
    namesAre(drawn, column<string>(figure, "check"));
    barsOf("repositories")(drawn, figure);
    textsSay(drawn, column(figure, "repositories"));
  },
  node_versions: versionsOf("Node.js"),
  java_versions: versionsOf("Java"),
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
  ["build_status", ".barlayer .point"],
  ["heatmap", ".nsewdrag"],
  ["most_failing", ".barlayer .point"],
  ["failure_rate_by_week", ".scatterlayer .point"],
]) {
  test(`${id} shows details on hover`, async ({ page }) => {
    await page.goto(`/figures/${id}`);
    const chart = await drawn(page, id);
    await chart.locator(mark).first().hover({ force: true });
    await expect(chart.locator(".hoverlayer text, .hoverlayer .hovertext").first()).toBeVisible();
  });
}

test("the instant of a mark is shown in the other charts along time", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2400 });
  await page.goto("/pipelines?days=28");
  const [hovered, other] = [await drawn(page, "duration_by_week"), await drawn(page, "timeline_short")];
  const line = other.locator(".crosshair");
  await expect(line).toHaveCount(0);
  await hovered.locator(".scatterlayer .point").last().hover({ force: true });
  await expect(line).toHaveCount(1);
  await expect(hovered.locator(".crosshair")).toHaveCount(0);
  // Within the plane, which has the same time at another place.
  const [at, plane] = [await line.boundingBox(), await other.locator(".nsewdrag").first().boundingBox()];
  expect(at!.x).toBeGreaterThanOrEqual(plane!.x);
  expect(at!.x).toBeLessThanOrEqual(plane!.x + plane!.width);
  await page.mouse.move(0, 0);
  await expect(line).toHaveCount(0);
});

test("a chart has its width again after the window was narrow", async ({ page }) => {
  await page.goto("/figures/cve_per_team");
  const chart = await drawn(page, "cve_per_team");
  const width = () => chart.locator("svg.main-svg").first().getAttribute("width");
  const placed = () => chart.locator(".ytick text").evaluateAll((all) => all.map((one) => one.getAttribute("transform")));
  const [wide, before] = [await width(), await placed()];
  await page.setViewportSize({ width: 420, height: 900 });
  await expect.poll(width).not.toBe(wide);
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect.poll(width).toBe(wide);
  await expect.poll(placed).toEqual(before);
});

test("a picture stands in the place of a chart until a reader comes", async ({ page, request }) => {
  let asked = false;
  await page.route(/\/plotly\/plotly-.*\.js$/, (route) => {
    asked = true;
    return route.continue();
  });
  // An idle page would draw the charts.
  await page.addInitScript(() => Object.assign(window, { requestIdleCallback: () => 0 }));
  const wanted = await figure(request, "most_failing");
  await page.goto("/figures/most_failing");
  const picture = card(page, "most_failing").locator("svg.picture");
  await expect(picture).toBeVisible();
  expect(await picture.locator("rect[fill='var(--failure)']").count()).toBeGreaterThan(0);
  await expect(picture.locator("text.wide[text-anchor=end]")).toHaveCount(Math.min(wanted.rows.length, NAMES));
  expect(asked).toBe(false);
  await expect(page.getByRole("button", { name: "Keys" })).toBeVisible();
  const before = await card(page, "most_failing").boundingBox();
  await card(page, "most_failing").hover();
  await drawn(page, "most_failing");
  await expect(picture).toBeHidden();
  const after = await card(page, "most_failing").boundingBox();
  expect(Math.abs(after!.height - before!.height), "nothing shifts").toBeLessThan(2);
});

for (const id of ALL) {
  test(`${id} is a picture of its own`, async ({ request }) => {
    const answer = await request.get(`/figures/${id}.svg?days=28`);
    expect(answer.headers()["content-type"]).toContain("image/svg+xml");
    const text = await answer.text();
    expect(text).toMatch(/^<svg [^]*<\/svg>$/);
    expect(text).not.toMatch(/var\(--|="-?(NaN|inf)/);
  });
}

test("arrow keys walk over the marks of a chart, and Enter opens their builds", async ({ page, request }) => {
  const wanted = await figure(request, "failing_steps");
  await page.goto("/figures/failing_steps");
  const chart = await drawn(page, "failing_steps");
  await chart.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const [step, builds] = [column<string>(wanted, "step")[1], column(wanted, "builds")[1]];
  await expect(page.locator("footer [aria-live]")).toContainText(`${step}, ${builds}`);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/builds\\?.*failed_step=${encodeURIComponent(step).replace(/%20/g, "\\+")}`));
});
