// The search: a page without JavaScript, a combobox in the header with it.
import { expect, test } from "../support/fixtures";

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("the box in the header finds pipelines and builds", async ({ page, request }) => {
    const { page: pipelines } = await (await request.get("/api/pipelines")).json();
    const { name, short_name, project } = pipelines[0];
    await page.goto("/security");
    await page.locator("#search").fill(short_name);
    await page.locator("#search").press("Enter");
    await expect(page).toHaveURL(/\/search\?q=/);
    await expect(page.getByRole("heading", { level: 2, name: "Pipelines" })).toBeVisible();
    await page.locator(`a[href="/pipeline?${new URLSearchParams({ name })}"]`).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${short_name} ${project}`);
  });

  test("nothing found is said, and too long a text is refused", async ({ page, faults }) => {
    await page.goto("/search?q=nothing-of-this-name");
    await expect(page.getByText("Nothing found for “nothing-of-this-name”.")).toBeVisible();
    faults.provoke(/400/);
    const answer = await page.goto(`/search?q=${"a".repeat(201)}`);
    expect(answer!.status()).toBe(400);
  });
});

test("the API ranks and bounds what it finds", async ({ request }) => {
  const answer = await request.get("/api/search?q=heat");
  expect(answer.headers().etag).toBeTruthy();
  const { results } = await answer.json();
  expect(results).toContainEqual(expect.objectContaining({ kind: "figure", address: "/figures/heatmap" }));
  const { results: all } = await (await request.get("/api/search?q=a")).json();
  const counts: Record<string, number> = {};
  for (const { kind } of all) counts[kind] = (counts[kind] ?? 0) + 1;
  for (const count of Object.values(counts)) expect(count).toBeLessThanOrEqual(10);
  expect((await request.get(`/api/search?q=${"a".repeat(201)}`)).status()).toBe(400);
});

test("the combobox lists results, and Enter opens the chosen one without a document load", async ({ page }) => {
  await page.goto("/pipelines");
  await expect(page.getByRole("button", { name: "Apply" })).toBeHidden();
  await page.evaluate(() => ((window as any).sameDocument = true));
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox", { name: /^Search/ });
  await expect(box).toBeFocused();
  await box.pressSequentially("heatm");
  const options = page.getByRole("listbox", { name: "Results" }).getByRole("option");
  // Results of the first letters come before.
  await expect(options.first()).toHaveAttribute("data-address", /\/figures\/heatmap$/);
  await expect(box).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await expect(box).toHaveAttribute("aria-activedescendant", (await options.first().getAttribute("id"))!);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/figures\/heatmap$/);
  await expect(options).toHaveCount(0);
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
});

test("Escape closes the list, and Enter without a choice opens the page of results", async ({ page }) => {
  await page.goto("/builds");
  await expect(page.getByRole("button", { name: "Keys" })).toBeVisible();
  await page.locator("#search").pressSequentially("claim");
  const results = page.getByRole("listbox", { name: "Results" });
  await expect(results).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(results).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/search\?q=claim$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Search");
});
