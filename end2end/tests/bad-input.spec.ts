// Bad input gets a clear answer with the right status; nothing is executed or leaked.
import { allDrawn, card, drawn, openTable, table } from "../support/chart";
import { expect, test } from "../support/fixtures";
import { Own } from "../support/own";
import { run } from "../support/program";
import { raw } from "../support/raw";

const INJECTION = "<script>document.title='run'</script><img src=x onerror=alert(1)>";
/** As long as versions can be. */
const VERSION = "<script>run()</script><img src=x>";

for (const { path, status, says } of [
  { path: "/pipelines?project=nobody", status: 400, says: ["nobody", "cmc", "fees-and-pay", "unowned"] },
  { path: "/pipelines?type=weekly", status: 400, says: ["weekly", "nightly", "non-nightly"] },
  { path: "/pipelines?days=15", status: 400, says: ["15", "180"] },
  { path: "/security?project=nobody", status: 400, says: ["nobody", "cmc"] },
  { path: "/figures/pie_of_doom", status: 404, says: ["pie_of_doom"] },
  { path: "/figures/heatmap?days=2", status: 400, says: ["days", "180"] },
  { path: "/nowhere", status: 404, says: ["not found"] },
  { path: "/figures", status: 404, says: ["not found"] },
]) {
  test(`${path} returns ${status}, lists valid choices and links onwards`, async ({ page, faults }) => {
    faults.provoke(new RegExp(String(status)));
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(status);
    for (const text of says) await expect(page.getByRole("main")).toContainText(new RegExp(text, "i"));
    await page.getByRole("navigation").first().getByRole("link", { name: "Pipelines" }).click();
    await expect(page).toHaveURL(/\/pipelines$/);
    await expect(page.locator('article[data-figure="build_status"]')).toBeVisible();
  });
}

for (const path of ["/pipelines?project=", "/pipelines?type=", "/pipelines?days=", "/figures/", "/nowhere/"]) {
  test(`markup in ${path} is shown as text`, async ({ page, faults }) => {
    faults.provoke(/40[04]/);
    await page.goto(path + encodeURIComponent(INJECTION));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page).not.toHaveTitle("run");
    await expect(page.locator("img[onerror], img[src=x]")).toHaveCount(0);
    expect(await page.content()).not.toContain("<script>document.title");
  });
}

test("markup in data is shown as text in tables, charts and hover labels", async ({ page }) => {
  const own = await Own.of((data) => run("sample", "--seed", "2", "--days", "1", "--data", data));
  try {
    const events = (await run("sample", "--seed", "3", "--days", "1", "--stdout")).split("\n").filter(Boolean);
    const hostile = (event: { job_name: string }) => JSON.stringify({ ...event, job_name: INJECTION + event.job_name, current_step_name: INJECTION });
    await own.import("events", events.map((line) => hostile(JSON.parse(line))));
    const fact = { suppressions: [], javascript: true, checks: [], node_version: VERSION, java_version: VERSION };
    await own.import("security", [JSON.stringify({ repository: "a-markup", ...fact }), JSON.stringify({ repository: INJECTION, ...fact })]);
    const first = async (id: string, cell: number) => (await (await page.request.get(`${own.url}/api/figure?id=${id}`)).json()).rows[0]?.[cell];
    await expect.poll(() => first("most_failing", 0)).toContain(INJECTION);
    await expect.poll(() => first("node_versions", 1)).toBe(VERSION);
    await page.goto(`${own.url}/pipelines`);
    for (const id of ["most_failing", "lengthy_pipelines", "failing_steps"]) await expect((await openTable(page, id)).locator("tbody")).toContainText(INJECTION);
    await expect(page.getByRole("region", { name: "At a glance" })).toContainText(INJECTION);
    await allDrawn(page, ["build_status", "most_failing", "lengthy_pipelines", "failing_steps", "duration_by_week"]);
    await expect(card(page, "failing_steps").locator(".ytick text").first()).toContainText("<script>");
    const chart = await drawn(page, "most_failing");
    await chart.locator(".barlayer .point").first().hover({ force: true });
    await expect(chart.locator(".hoverlayer")).toContainText("onerror=alert");
    await expect(page.locator("img[onerror], img[src=x]")).toHaveCount(0);

    await page.goto(`${own.url}/security`);
    await allDrawn(page, ["node_versions", "java_versions"]);
    await expect(table(page, "node_versions").locator("tbody")).toContainText(VERSION);
    await expect(page.locator("img[onerror], img[src=x]")).toHaveCount(0);
    await expect(page).not.toHaveTitle("run");
  } finally {
    // An open page would ask for the server that ends.
    await page.close();
    await own.end();
  }
});

test("API errors name the parameter, the value and the valid choices", async ({ request }) => {
  const answer = await request.get("/api/figure?id=heatmap&days=3");
  expect(answer.status()).toBe(400);
  const error = await answer.json();
  expect(error).toMatchObject({ error: "unknown_value", parameter: "days", value: "3" });
  expect(error.known).toEqual(["1", "7", "14", "28", "90", "180"]);
  for (const [query, status] of [
    ["id=none", 404],
    ["", 404],
    ["id=heatmap&type=x", 400],
    ["id=heatmap&project=x", 400],
    ["id=heatmap&project=%ff%fe", 400],
    ["id=heatmap&days=014", 400],
    ["id=heatmap&days=-1", 400],
    ["id=heatmap&days=99999999999999999999", 400],
  ] as const) {
    const answer = await raw(`/api/figure?${query}`);
    expect(answer.status, query).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.body.toString())).toHaveProperty("message");
  }
  expect((await raw("/api/overview?page=none")).status).toBe(404);
  expect((await raw("/api/nothing")).status).toBe(404);
  expect((await raw("/figures/none.csv")).status).toBe(404);
  expect((await raw("/figures/heatmap.csv?days=3")).status).toBe(400);
});

test("overlong URLs are rejected", async () => {
  expect((await raw(`/pipelines?project=${"a".repeat(10_000)}`)).status).toBe(414);
  expect((await raw(`/api/figure?id=heatmap&project=${"a".repeat(10_000)}`)).status).toBe(414);
  expect((await raw(`/${"a/".repeat(3_000)}`)).status).toBe(414);
});

test("only read methods are allowed", async () => {
  for (const path of ["/pipelines", "/security", "/api/figure?id=heatmap", "/api/figures", "/figures/heatmap.csv", "/health/live", "/"]) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      expect((await raw(path, { method })).status, `${method} ${path}`).toBe(405);
    }
    const head = await raw(path, { method: "HEAD" });
    expect([200, 307], `HEAD ${path}`).toContain(head.status);
    expect(head.body.length).toBe(0);
  }
});

test("old and untidy URLs redirect to the pages and keep their query", async () => {
  // Browsers keep a 308.
  for (const [path, location, status] of [
    ["/problems", "/", 307],
    ["/problems?project=cmc", "/?project=cmc", 307],
    ["/repositories", "/security", 307],
    ["/dash", "/pipelines", 307],
    ["/dash/", "/pipelines", 307],
    ["/dash?project=cmc", "/pipelines?project=cmc", 307],
    ["/pipelines/", "/pipelines", 308],
    ["/pipelines/?days=28", "/pipelines?days=28", 308],
    ["/security/", "/security", 308],
  ] as const) {
    const answer = await raw(path);
    expect(answer.status, path).toBe(status);
    expect(answer.headers.location, path).toBe(location);
  }
  for (const path of ["//example.org/", "//example.org//", "/\\example.org/", "/%2fexample.org/"]) {
    const { status, headers } = await raw(path);
    expect([301, 308], path).toContain(status);
    expect(new URL(headers.location!, "http://here").host, `${path} → ${headers.location}`).toBe("here");
  }
});

test("files outside the site cannot be read", async () => {
  const climbs = ["..", "%2e%2e", ".%2e", "%2e.", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "%252e%252e"];
  for (const folder of ["", "/pkg", "/plotly"]) {
    for (const climb of climbs) {
      for (const target of ["Cargo.toml", "etc/passwd", "dashboard.toml"]) {
        for (const times of [1, 2, 6]) {
          const path = `${folder}/${`${climb}/`.repeat(times)}${target}`;
          const answer = await raw(path);
          expect(answer.status, path).not.toBe(200);
          expect(answer.body.toString()).not.toMatch(/root:|\[package\]|time_zone =/);
        }
      }
    }
  }
  for (const path of ["/pkg/", "/pkg", "/plotly/", "/plotly", "/.env", "/data/", "/%00", "/pkg/%00.js", "/%ff"]) {
    expect([400, 404], path).toContain((await raw(path.replace(/\/$/, "") || path)).status);
  }
});
