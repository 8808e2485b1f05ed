// Sign-in to a closed dashboard, with a real provider and a real browser.
import type { BrowserContext, Page } from "@playwright/test";
import { PAGES } from "../support/api";
import { card, drawn, openMenu } from "../support/chart";
import { test as base, expect } from "../support/fixtures";
import { sampleData } from "../support/global-setup";
import { serve } from "../support/program";
import { Closed, environment, freePort, Provider, signInAs, TOKEN } from "../support/sign-in";

const SESSION = "rse-session";
const PENDING = "rse-sign-in";

// Server shared by the tests that do not change it; each test has its own browser context.
const test = base.extend<{}, { closed: Closed }>({
  closed: [
    async ({}, use) => {
      const closed = await Closed.of();
      await use(closed);
      await closed.end();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ closed }, use) => use(closed.url),
});

const cookie = async (context: BrowserContext, name: string) =>
  (await context.cookies()).find((cookie) => cookie.name === name);

async function signIn(page: Page, to = "/pipelines", account = "ada") {
  await page.goto(to);
  await signInAs(page, account);
}

/** Expects a working dashboard: hydrated, drawn and receiving updates. */
async function isOpen(page: Page, path = "/pipelines") {
  await expect.poll(() => new URL(page.url()).pathname).toBe(path);
  await expect(page.getByText("Ada Lovelace")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
}

test("an authorised user reaches the requested page and sees all of it", async ({ page, closed }) => {
  const live = page.waitForResponse((response) => response.url() === `${closed.url}/api/live`);
  await signIn(page, "/pipelines?days=28");
  await isOpen(page);
  expect(new URL(page.url()).search).toBe("?days=28");
  await drawn(page, "build_status");
  expect((await live).status()).toBe(200);
  await page.locator('select[name="days"]').selectOption("7");
  await expect(page).toHaveURL(/days=7/);
  await page.getByRole("link", { name: "Security" }).click();
  await isOpen(page, "/security");
  const download = page.waitForEvent("download");
  await openMenu(page, PAGES.security[0]);
  await card(page, PAGES.security[0]).getByRole("link", { name: "CSV", exact: true }).click();
  await (await download).path();
});

test("shared caches may not store pages", async ({ page, request, closed }) => {
  await signIn(page);
  await isOpen(page);
  for (const path of ["/pipelines", "/security", "/figures/heatmap", "/api/figure?id=heatmap", "/figures/heatmap.csv", "/api/freshness"]) {
    const { headers } = await page.evaluate(async (path) => {
      const answer = await fetch(path);
      return { headers: Object.fromEntries(answer.headers) };
    }, path);
    expect(headers["cache-control"], path).toMatch(/^private, no-(store|cache)$/);
  }
  const stranger = await request.get(`${closed.url}/pipelines`, { maxRedirects: 0 });
  expect(stranger.headers()["cache-control"]).toBe("no-store");
});

test("cookies are as strict as possible and reveal nothing", async ({ page, context }) => {
  await page.goto("/pipelines");
  await expect(page.getByLabel("Account")).toBeVisible();
  const pending = await cookie(context, PENDING);
  expect(pending).toMatchObject({ domain: "localhost", path: "/", httpOnly: true, sameSite: "Lax" });
  expect(pending!.expires * 1000).toBeLessThanOrEqual(Date.now() + 600_000);
  await signInAs(page, "ada");
  await isOpen(page);
  expect(await cookie(context, PENDING)).toBeUndefined();
  const session = await cookie(context, SESSION);
  expect(session).toMatchObject({ domain: "localhost", path: "/", httpOnly: true, sameSite: "Lax" });
  expect(session!.expires * 1000).toBeLessThanOrEqual(Date.now() + 8 * 3_600_000);
  expect(decodeURIComponent(session!.value)).not.toMatch(/Ada|until|example/);
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

for (const [account, reason] of [
  ["bob", "None of your groups has access."],
  ["eve", "The domain of your e-mail address has no access."],
  ["mallory", "The provider has not verified your e-mail address."],
  ["nobody", "The provider did not send your e-mail address."],
]) {
  test(`${account} sees what is missing and can sign in as another user`, async ({ page, context, faults }) => {
    faults.provoke(/status 403: .*\/sign-in\/callback|status of 403/);
    await signIn(page, "/security", account);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("You have no access");
    const text = await page.locator("main").innerText();
    expect(text).toContain(reason);
    expect(text).not.toMatch(/example\.org|\brse\b/i);
    expect(await cookie(context, SESSION)).toBeUndefined();
    // The provider still has a session; asked for another account, it shows its form.
    await page.getByRole("link", { name: "Use another account" }).click();
    await signInAs(page, "ada");
    await isOpen(page, "/security");
  });
}

test("a user who cancels at the provider is not signed in", async ({ page, context, faults }) => {
  faults.provoke(/status 403: .*\/sign-in\/callback|status of 403/);
  await page.goto("/pipelines");
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The provider refused your sign-in");
  await expect(page.locator("main")).not.toContainText("denied");
  expect(await cookie(context, SESSION)).toBeUndefined();
});

test("the audit log says who signed in, who was refused and from where", async ({ page, closed, faults }) => {
  faults.provoke(/status 403: .*\/sign-in\/callback|status of 403/);
  await signIn(page, "/pipelines", "bob");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You have no access");
  await page.getByRole("link", { name: "Use another account" }).click();
  await signInAs(page, "ada");
  await isOpen(page);
  const lines = () => closed.log.split("\n").filter((line) => line.includes(" audit: "));
  await expect.poll(lines).toContainEqual(expect.stringMatching(/action="sign-in" outcome="refused" reason="other groups" who="bob" client="127\.0\.0\.1"/));
  await expect.poll(lines).toContainEqual(expect.stringMatching(/action="sign-in" outcome="done" who="ada" client="127\.0\.0\.1"/));
  expect(closed.log).not.toMatch(/Lovelace|[?&]code=/);
});

test("sign-in pages have the dashboard's style and no scripts", async ({ page, faults }) => {
  const answer = await page.goto("/signed-out");
  expect(answer!.headers()["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
  await expect(page.locator(".site-header")).toHaveCSS("border-bottom-color", "rgb(23, 92, 168)");
  expect(await page.locator(".logo").evaluate((logo: HTMLImageElement) => logo.naturalWidth)).toBeGreaterThan(0);
  expect(faults.unexpected()).toEqual([]);
});

test("a tampered cookie is rejected", async ({ page, context, closed }) => {
  await signIn(page);
  await isOpen(page);
  const good = (await cookie(context, SESSION))!;
  const value = decodeURIComponent(good.value);
  const changed = (at: number) => value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
  for (const bad of [changed(0), changed(20), changed(value.length - 5), value.slice(0, -4), `${value}AAAA`, ""]) {
    const answer = await fetch(`${closed.url}/api/figures`, { headers: { cookie: `${SESSION}=${encodeURIComponent(bad)}` } });
    expect(answer.status, bad).toBe(401);
  }
  const answer = await fetch(`${closed.url}/api/figures`, { headers: { cookie: `${SESSION}=${good.value}` } });
  expect(answer.status).toBe(200);
});

test("a provider response can be used only once", async ({ page, context, faults }) => {
  faults.provoke(/status 400: .*\/sign-in\/callback|status of 400/);
  await page.goto("/pipelines");
  await expect(page.getByLabel("Account")).toBeVisible();
  const pending = (await cookie(context, PENDING))!;
  const answered = page.waitForRequest((request) => request.url().includes("/sign-in/callback?"));
  await signInAs(page, "ada");
  const callback = (await answered).url();
  await isOpen(page);
  // The open page would go on asking, and be refused without its session.
  await page.goto("about:blank");
  await context.clearCookies({ name: SESSION });

  await page.goto(callback);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in has ended");
  expect(await cookie(context, SESSION)).toBeUndefined();
  // Restoring the deleted cookies does not help: a sign-in comes back once.
  await context.addCookies([pending]);
  await page.goto(callback);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in has ended");
  expect(await cookie(context, SESSION)).toBeUndefined();
});

/** Starts a sign-in and returns its state. */
async function begin(page: Page): Promise<string> {
  const asked = page.waitForRequest((request) => request.url().includes("/auth?"));
  await page.goto("/pipelines");
  await expect(page.getByLabel("Account")).toBeVisible();
  return new URL((await asked).url()).searchParams.get("state")!;
}

test("a response to another user's sign-in is rejected", async ({ page, context, browser, closed, faults }) => {
  faults.provoke(/status 400: .*\/sign-in\/callback|status of 400/);
  // The provider's response to Ada, intercepted before she uses it.
  const other = await browser.newContext({ baseURL: closed.url });
  const ada = await other.newPage();
  await begin(ada);
  const chosen = await other.request.post(ada.url(), { form: { account: "ada" }, maxRedirects: 0 });
  const resumed = await other.request.get(chosen.headers().location, { maxRedirects: 0 });
  const callback = new URL(resumed.headers().location);
  expect(callback.searchParams.get("code")).toBeTruthy();
  await other.close();

  await begin(page);
  await page.goto(callback.href);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in has ended");
  // Even with the expected state, the code belongs to another verifier.
  callback.searchParams.set("state", await begin(page));
  await page.goto(callback.href);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in is not valid");
  expect(await cookie(context, SESSION)).toBeUndefined();
});

for (const to of ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example", "/\t/elsewhere.example", "javascript:alert(1)"]) {
  test(`sign-in does not redirect to ${JSON.stringify(to)}`, async ({ page, closed }) => {
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await signIn(page, `/sign-in?to=${encodeURIComponent(to)}`);
    await isOpen(page, "/");
    // Repeat with a session.
    await page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
    await isOpen(page, "/");
    expect([...hosts].filter((origin) => origin !== "null").sort()).toEqual([closed.provider.issuer, closed.url].sort());
  });
}

test("signing out ends the session here and at the provider", async ({ page, context }) => {
  await signIn(page);
  await isOpen(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  // The provider asks whether to sign out there too.
  await page.getByRole("button", { name: /yes/i }).click();
  await expect(page).toHaveURL(/\/signed-out/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are signed out");
  expect(await cookie(context, SESSION)).toBeUndefined();
  await page.goBack();
  await expect(page.getByText("Ada Lovelace")).toBeHidden();
  await page.goto("/pipelines");
  await expect(page.getByLabel("Account")).toBeVisible();
});

test("another site cannot sign a user out", async ({ page, context, closed, faults }) => {
  faults.provoke(/status 403: .*\/sign-out|status of 403/);
  await signIn(page);
  await isOpen(page);
  await page.route(`${closed.provider.issuer}/evil`, (route) =>
    route.fulfill({ contentType: "text/html", body: `<form method="post" action="${closed.url}/sign-out"><button>x</button></form>` }),
  );
  await page.goto(`${closed.provider.issuer}/evil`);
  await page.getByRole("button").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are still signed in");
  expect(await cookie(context, SESSION)).toBeDefined();
  await page.goto("/pipelines");
  await isOpen(page);
});

test("sign-in works without JavaScript, including a filter after the session ends", async ({ browser, closed }) => {
  const context = await browser.newContext({ baseURL: closed.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page);
  await isOpen(page);
  await context.clearCookies({ name: SESSION });
  await page.locator('select[name="days"]').selectOption("28");
  await page.getByRole("button", { name: "Apply" }).click();
  // The provider still has her session.
  await isOpen(page);
  await expect(page).toHaveURL(/days=28/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: /yes/i }).click();
  await expect(page).toHaveURL(/\/signed-out/);
  await context.close();
});

test("a page reports an expired session once and links to sign-in", async ({ page, context, faults, closed }) => {
  faults.provoke(/status 401|status of 401/);
  await signIn(page);
  await isOpen(page);
  await drawn(page, "build_status");
  await context.clearCookies();
  await page.locator('select[name="days"]').selectOption("28");
  const panel = page.locator(".error-panel:visible");
  await expect(panel).toContainText("You have to sign in to see this");
  await panel.getByRole("link", { name: "Sign in again" }).click();
  await expect(page).toHaveURL(new RegExp(closed.provider.issuer));
  await signInAs(page, "ada");
  await isOpen(page);
  await expect(page).toHaveURL(/days=28/);
});

test("scripts need only a token", async ({ request, closed }) => {
  for (const path of ["/api/figures", "/api/figure?id=heatmap", "/figures/heatmap.csv", "/api/live", "/metrics", "/api/nothing"]) {
    const stranger = await request.get(`${closed.url}${path}`);
    expect(stranger.status(), path).toBe(401);
    expect(stranger.headers()["www-authenticate"]).toBe("Bearer");
    expect(await stranger.json()).toMatchObject({ error: "sign_in_needed" });
    const wrong = await request.get(`${closed.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}!` } });
    expect(wrong.status(), path).toBe(401);
  }
  for (const path of ["/api/figures", "/api/figure?id=heatmap", "/figures/heatmap.csv"]) {
    const right = await request.get(`${closed.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(right.status(), path).toBe(200);
  }
  for (const path of ["/health/live", "/health/ready", "/favicon.svg"]) {
    expect((await request.get(`${closed.url}${path}`)).status(), path).toBe(200);
  }
});

test.describe("with their own dashboard", () => {
  // Tests that change the provider or the server.
  const own = base.extend<{ variables: NodeJS.ProcessEnv; closed: Closed }>({
    variables: [{}, { option: true }],
    closed: async ({ variables }, use) => {
      const closed = await Closed.of(variables);
      await use(closed);
      await closed.end();
    },
    baseURL: async ({ closed }, use) => use(closed.url),
  });

  own("the dashboard fetches a provider's new keys", async ({ page, context, closed }) => {
    await signIn(page);
    await isOpen(page);
    await closed.provider.change({ keys: "new" });
    await context.clearCookies();
    await signIn(page);
    await isOpen(page);
  });

  own("claims may be in the ID token", async ({ page, closed }) => {
    await closed.provider.change({ inToken: true });
    await signIn(page);
    await isOpen(page);
  });

  own.describe("with short sessions", () => {
    own.use({ variables: { RSE_SESSION_HOURS: "0.002" } });

    own("an expired session ends the stream, and the page signs in again while the provider's session lasts", async ({ page, faults }) => {
      faults.provoke(/status 401|status of 401|ERR_INCOMPLETE_CHUNKED_ENCODING/);
      await signIn(page);
      await isOpen(page);
      const callbacks: string[] = [];
      page.on("request", (request) => request.url().includes("/sign-in/callback?") && callbacks.push(request.url()));
      await expect.poll(() => callbacks.length, { timeout: 30_000 }).toBeGreaterThan(0);
      await isOpen(page);
    });

    own("an expired session grants no access, even with its cookie", async ({ page, context, closed }) => {
      await signIn(page);
      await expect.poll(() => cookie(context, SESSION)).toBeDefined();
      const { value } = (await cookie(context, SESSION))!;
      const status = async () => (await fetch(`${closed.url}/api/figures`, { headers: { cookie: `${SESSION}=${value}` } })).status;
      expect(await status()).toBe(200);
      await page.close();
      await expect.poll(status, { timeout: 30_000 }).toBe(401);
    });
  });
});

base("sign-in works once an unavailable provider recovers", async ({ page, faults }) => {
  faults.provoke(/status 503|status of 503/);
  const [port, providerPort] = [await freePort(), await freePort()];
  const url = `http://localhost:${port}`;
  const server = await serve(sampleData(), port, environment(url, `http://127.0.0.1:${providerPort}`));
  let provider: Provider | undefined;
  try {
    await page.goto(`${url}/security`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign-in is unavailable");
    expect((await page.request.get(`${url}/health/ready`)).status()).toBe(200);
    provider = await Provider.start(url, providerPort);
    await expect.poll(async () => (await page.request.get(`${url}/sign-in`)).status()).toBe(200);
    await page.getByRole("link", { name: "Try again" }).click();
    await signInAs(page, "ada");
    await isOpen(page, "/security");
  } finally {
    await page.close();
    await server.stop();
    await provider?.end();
  }
});
