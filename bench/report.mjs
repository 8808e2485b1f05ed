// Reports the measurements: one line each in the terminal, and docs/performance.md.

const TITLES = { figures: "Figures", store: "Import and store", postgres: "Shared store", http: "HTTP", browser: "Browser" };

const digits = (number) => (Number.isInteger(number) ? 0 : number >= 100 ? 0 : number >= 10 ? 1 : 2);
const number = (value) => value.toLocaleString("en", { minimumFractionDigits: digits(value), maximumFractionDigits: digits(value) });
const quantity = (value, unit) => (value === null || value === undefined ? "–" : `${number(value)}${unit && unit !== "×" && !unit.startsWith("×") ? " " : ""}${unit}`);
const limit = ({ target, unit, better }) => (target === null ? "–" : `${better === "less" ? "at most" : "at least"} ${quantity(target, unit)}`);

/** Says whether the target was reached; empty without a target. */
function verdict({ target, reached, better }) {
  if (target === null) return "";
  return (better === "less" ? reached <= target : reached >= target) ? "yes" : "**no**";
}

/** Formats one line per number. */
export function shown(rows) {
  return rows.map((row) => `  ${verdict(row).replaceAll("*", "").padEnd(3)}  ${row.what}: ${quantity(row.reached, row.unit)} (${limit(row)})${row.detail ? `; ${row.detail}` : ""}`).join("\n");
}

/** Returns docs/performance.md as text. */
export function document(results, machine, versions) {
  const parts = Object.entries(results);
  const all = parts.flatMap(([, { rows }]) => rows);
  const date = new Date().toISOString().slice(0, 10);
  return [
    "# Performance",
    "`make bench` takes these measurements and writes this page. Absolute times depend on the machine. The ratios are more reliable, because both sides are measured in the same run. Values are medians, with their spread in the last column.",
    `${date}, ${versions.program}, ${versions.rust}, ${versions.node}; ${machine.cores} cores (${machine.cpu}), ${number(machine.memory / 2 ** 30)} GiB; load ${machine.load.toFixed(2)} at the start. The run took ${number(machine.minutes)} minutes.`,
    "## Targets",
    table(["measurement", "target", "result", "passed", "details"], all.map((row) => [row.what, limit(row), quantity(row.reached, row.unit), verdict(row), row.detail ?? ""])),
    ...parts.flatMap(([name, { tables = [], bounds = [] }]) => [
      `## ${TITLES[name]}`,
      ...bounds,
      ...tables.flatMap(({ title, head, rows }) => [`${title}:`, table(head, rows)]),
    ]),
  ].join("\n\n") + "\n";
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
