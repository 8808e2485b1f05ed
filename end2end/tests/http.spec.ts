// HTTP behaviour: caching, compression, security headers and the Content-Security-Policy.
import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { raw } from "../support/raw";

const FIGURE = "/api/figure?id=heatmap";

test("an unchanged figure is not sent again", async () => {
  const first = await raw(FIGURE);
  expect(first.headers.etag).toMatch(/^(W\/)?".+"$/);
  expect(first.headers["cache-control"]).toBe("no-cache");
  expect(first.headers.vary).toMatch(/accept-encoding/i);
  for (const known of [first.headers.etag!, `W/${first.headers.etag}`, `"other", ${first.headers.etag}`]) {
    const again = await raw(FIGURE, { headers: { "if-none-match": known } });
    expect(again.status, known).toBe(304);
    expect(again.body.length).toBe(0);
    expect(again.headers.etag).toBe(first.headers.etag);
  }
  expect((await raw(FIGURE, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
});

test("a figure is the same in every requested encoding", async () => {
  const plain = await raw(FIGURE);
  const brotli = await raw(FIGURE, { headers: { "accept-encoding": "gzip, deflate, br" } });
  const gzip = await raw(FIGURE, { headers: { "accept-encoding": "gzip" } });
  const refused = await raw(FIGURE, { headers: { "accept-encoding": "br;q=0, gzip;q=0" } });
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(refused.headers["content-encoding"]).toBeUndefined();
  expect(brotli.headers["content-encoding"]).toBe("br");
  expect(gzip.headers["content-encoding"]).toBe("gzip");
  expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
  expect(new Set([plain, brotli, gzip].map((answer) => answer.headers.etag)).size).toBe(3);
  expect(brotli.body.length).toBeLessThan(plain.body.length / 2);
});

async function assets(page: Page): Promise<string[]> {
  const paths = new Set<string>();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(pkg|plotly)\//.test(pathname)) paths.add(pathname);
  });
  await page.goto("/pipelines");
  await expect(page.locator("[data-drawn=true]").first()).toBeVisible();
  return [...paths];
}

test("assets have hashed names, are immutable and are compressed", async ({ page }) => {
  const paths = await assets(page);
  for (const kind of [/\.wasm$/, /^\/pkg\/.*\.js$/, /^\/pkg\/.*\.css$/, /^\/plotly\/.*\.js$/]) {
    expect(paths.filter((path) => kind.test(path)).length, String(kind)).toBeGreaterThan(0);
  }
  for (const path of paths) {
    const plain = await raw(path);
    const brotli = await raw(path, { headers: { "accept-encoding": "br" } });
    const gzip = await raw(path, { headers: { "accept-encoding": "gzip" } });
    expect(plain.headers["cache-control"], path).toContain("immutable");
    expect(plain.headers.vary, path).toMatch(/accept-encoding/i);
    expect(brotli.headers["content-encoding"], path).toBe("br");
    expect(gzip.headers["content-encoding"], path).toBe("gzip");
    expect(brotliDecompressSync(brotli.body).equals(plain.body), path).toBe(true);
    expect(plain.headers["x-content-type-options"]).toBe("nosniff");
  }
  const type = async (suffix: string) => (await raw(paths.find((path) => path.endsWith(suffix))!)).headers["content-type"];
  expect(await type(".wasm")).toBe("application/wasm");
  expect(await type(".js")).toMatch(/javascript/);
  expect(await type(".css")).toMatch(/^text\/css/);
});

test("a missing asset is not cached permanently", async () => {
  for (const path of ["/pkg/rse-dashboard.nothere.js", "/plotly/plotly-0000.js"]) {
    const answer = await raw(path);
    expect(answer.status, path).toBe(404);
    expect(answer.headers["cache-control"] ?? "", path).not.toContain("immutable");
  }
});

for (const path of ["/pipelines", "/security", "/disclaimer", "/nowhere", "/pipelines?days=15", FIGURE, "/figures/heatmap.csv", "/health/live", "/api/nothing"]) {
  test(`${path} has the security headers`, async () => {
    const { headers } = await raw(path);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("same-origin");
    expect(headers["permissions-policy"]).toContain("camera=()");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
    expect(headers["server"] ?? headers["x-powered-by"]).toBeUndefined();
  });
}

test("the policy allows a page's inline scripts by hash", async () => {
  for (const path of ["/pipelines", "/security", "/disclaimer", "/nowhere"]) {
    const answer = await raw(path);
    const policy = answer.headers["content-security-policy"] as string;
    const allowed = [...policy.matchAll(/'sha256-[^']+'/g)].map(([hash]) => hash);
    const inline = answer.body.toString().matchAll(/<script(?![^>]* src=)[^>]*>(.+?)<\/script>/gs);
    const scripts = [...inline].map(([, script]) => createHash("sha256").update(script!).digest("base64"));
    expect(scripts.length, path).toBeGreaterThan(1);
    for (const hash of scripts) expect(allowed, path).toContain(`'sha256-${hash}'`);
    expect(policy, path).not.toContain("nonce");
  }
});

test("injected scripts and handlers do not run", async ({ page, faults }) => {
  faults.provoke(/policy|Content.Security.Policy|far\.js|Trusted/i);
  await page.goto("/pipelines");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = 'inline'";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="window.injected = 'handler'">`);
    const far = document.createElement("script");
    far.src = "https://example.org/far.js";
    document.body.append(far);
  });
  await expect.poll(() => faults.seen.filter((fault) => /policy script-src/.test(fault)).length).toBeGreaterThanOrEqual(3);
  expect(await page.evaluate(() => (window as any).injected)).toBeUndefined();
});

test("text may become HTML, and a browser reports where it becomes code", async ({ page, faults }) => {
  faults.provoke(/policy require-trusted-types-for|TrustedScript/);
  const reports = async () => {
    const metrics = await (await page.request.get("/metrics")).text();
    return Number(/csp_reports_total\{directive="require-trusted-types-for"\} (\d+)/.exec(metrics)?.[1] ?? 0);
  };
  await page.goto("/pipelines");
  await expect(page.locator("[data-drawn=true]").first()).toBeVisible();
  await page.evaluate(() => (document.createElement("div").innerHTML = "<b>text</b>"));
  expect(faults.seen).toEqual([]);
  const before = await reports();
  await page.evaluate(() => (document.createElement("script").text = "1"));
  await expect.poll(reports).toBeGreaterThan(before);
});

test("pages make no requests to other hosts", async ({ page, baseURL }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await page.goto("/pipelines");
  await expect(page.locator("[data-drawn=true]").first()).toBeVisible();
  expect([...hosts].filter((origin) => origin !== "null")).toEqual([baseURL]);
});

test("the first load stays within its size budget", async ({ page }) => {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  let [requests, bytes] = [0, 0];
  client.on("Network.responseReceived", ({ response }) => (requests += response.url.startsWith("http") ? 1 : 0));
  client.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto("/pipelines", { waitUntil: "networkidle" });
  await expect(page.locator("[data-drawn=true]").first()).toBeVisible();
  expect(requests).toBeLessThanOrEqual(14);
  // The target is 560 kB. Rust's client library differs by a few kB depending on whether it was downloaded or built.
  expect(bytes).toBeLessThanOrEqual(565_000);
});

test("valid byte ranges of an asset are served and invalid ones rejected", async ({ page }) => {
  const script = (await assets(page)).find((path) => path.endsWith(".wasm"))!;
  const whole = await raw(script);
  const part = await raw(script, { headers: { range: "bytes=10-19" } });
  expect(part.status).toBe(206);
  expect(part.body.equals(whole.body.subarray(10, 20))).toBe(true);
  expect(part.headers["content-range"]).toBe(`bytes 10-19/${whole.body.length}`);
  expect((await raw(script, { headers: { range: `bytes=${whole.body.length}-` } })).status).toBe(416);
  expect((await raw(script, { headers: { range: "nonsense" } })).status).toBeLessThan(500);
});
