// A dashboard under a base path: every URL stays below it, in the document and after hydration.
import { PAGES } from "../support/api";
import { drawn, openMenu } from "../support/chart";
import { test as base, expect } from "../support/fixtures";
import { sampleData } from "../support/global-setup";
import { serve } from "../support/program";

const BASE = "/rse/dashboard";

const test = base.extend<{ below: string }>({
  below: async ({}, use) => {
    const server = await serve(sampleData(), "0", { RSE_PUBLIC_URL: `http://localhost${BASE}/` });
    await use(server.url + BASE);
    await server.stop();
  },
  baseURL: async ({ below }, use) => use(below),
});

test("pages, figures, filters and the event stream stay under the base path", async ({ page, below }) => {
  const paths: string[] = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  const live = page.waitForRequest(`${below}/api/live`);
  await page.goto(below);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Today");
  await page.getByRole("navigation").first().getByRole("link", { name: "Pipelines" }).click();
  await expect(page).toHaveURL(`${below}/pipelines`);
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await live;
  for (const id of PAGES.pipelines.slice(0, 3)) await drawn(page, id);

  const asked = page.waitForResponse((response) => response.url().includes("/api/figure?"));
  await page.getByLabel("Range").selectOption("7");
  await expect(page).toHaveURL(`${below}/pipelines?days=7`);
  expect((await asked).status()).toBe(200);

  await page.getByRole("navigation").first().getByRole("link", { name: "Security" }).click();
  await expect(page).toHaveURL(`${below}/security?days=7`);
  await drawn(page, PAGES.security[0]);
  await page.getByRole("link", { name: "Disclaimer" }).click();
  await expect(page).toHaveURL(`${below}/disclaimer`);
  await page.goBack();
  await expect(page).toHaveURL(`${below}/security?days=7`);

  await page.goto(`${below}/figures/${PAGES.security[0]}`);
  await drawn(page, PAGES.security[0]);
  const file = page.waitForEvent("download");
  await openMenu(page, PAGES.security[0]);
  await page.getByRole("link", { name: "CSV", exact: true }).click();
  expect((await file).suggestedFilename()).toMatch(new RegExp(`^${PAGES.security[0]}-\\d{4}-\\d\\d-\\d\\d\\.csv$`));

  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => path !== BASE && !path.startsWith(`${BASE}/`))).toEqual([]);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the filter form stays under the base path", async ({ page, below, faults }) => {
    // Without JavaScript, the browser blocks scripts and warns about unused preloads.
    faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/);
    await page.goto(`${below}/pipelines`);
    await page.getByLabel("Range").selectOption("7");
    await page.getByRole("button", { name: "Apply" }).click();
    await expect(page).toHaveURL(new RegExp(`^${below}/pipelines\\?.*days=7`));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  });
});
