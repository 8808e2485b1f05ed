// Figures from the API, the reference for pages, downloads and the tests' own computations.
import { type APIRequestContext, expect } from "@playwright/test";

export type Cell = number | string | null;

export interface Figure {
  id: string;
  title: string;
  summary: string;
  as_of: string;
  version: string;
  builds: number;
  columns: { id: string; title: string; kind: string }[];
  rows: Cell[][];
  plot: { data: Record<string, unknown>[]; layout: Record<string, unknown> };
}

export interface Filter {
  project?: string;
  type?: string;
  days?: number;
}

export const PAGES = {
  pipelines: [
    "build_status_day",
    "build_status",
    "nightly_vs_non_nightly",
    "heatmap",
    "timeline_short",
    "most_failing",
    "failing_steps",
    "lengthy_pipelines",
    "shortest_functional_tests",
    "duration_by_week",
    "timeline",
  ],
  platform: [
    "failure_rate_by_week",
    "failure_calendar",
    "failing_steps_by_project",
    "failure_classes",
    "incidents",
    "flaky_pipelines",
    "minutes_lost",
    "minutes_lost_by_team",
    "domains_by_team",
    "failure_rate_by_agent",
    "failure_rate_by_node",
    "failure_rate_by_library",
    "time_to_green",
    "change_points",
    "delivery",
    "slowest_steps",
    "step_duration_by_week",
    "start_delay",
  ],
  security: [
    "suppression_debt",
    "security_calendar",
    "open_findings",
    "findings_by_week",
    "runtime_support",
    "security_trend",
    "cve_most_frequent",
    "cve_per_team",
    "js_checks",
    "node_versions",
    "java_versions",
  ],
};
/** Figures that stand on no page but their own. */
const DETAILS = ["duration", "security_due"];
export const ALL = [...Object.values(PAGES).flat(), ...DETAILS];

export function pageOf(id: string): string {
  const page = Object.entries(PAGES).find(([, ids]) => ids.includes(id));
  return page ? `/${page[0]}` : `/figures/${id}`;
}

export function query(filter: Filter): string {
  const given = Object.entries(filter).map(([name, value]) => [name, String(value)]);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export async function figure(request: APIRequestContext, id: string, filter: Filter = {}): Promise<Figure> {
  const response = await request.get(`/api/figure${query({ id, ...filter } as Filter)}`);
  expect(response.status(), `${id} ${query(filter)}`).toBe(200);
  return response.json();
}

/** The number of rows of a figure's table on a page, which has 120 at most. */
export const rowsOnPage = ({ rows }: Figure) => Math.min(rows.length, 120);

/** Cells of a column. */
export function column<T extends Cell = number>(figure: Figure, id: string): T[] {
  const index = figure.columns.findIndex((known) => known.id === id);
  expect(index, `${figure.id} has the column ${id} among ${figure.columns.map((known) => known.id)}`).not.toBe(-1);
  return figure.rows.map((row) => row[index] as T);
}
