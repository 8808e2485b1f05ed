// What is different about failures, and two selections side by side.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";

const NIGHTLY = "a.type=nightly&b.type=non-nightly&days=28";

const differences = (page: Page) => page.getByRole("region", { name: "Differences" });

async function api(page: Page, path: string) {
  const answer = await page.request.get(path);
  expect(answer.status(), path).toBe(200);
  return answer.json();
}

/** The number of builds on the page of builds that is shown. */
async function builds(page: Page) {
  await expect(page).toHaveURL(/\/builds/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Builds");
  return (await api(page, `/api/builds${new URL(page.url()).search}`)).builds;
}

test("the failures of a range lead to what is different about them, and on to the builds with a value", async ({ page }) => {
  const query = "?days=180&result=ABORTED&result=FAILURE";
  const wanted = await api(page, `/api/difference${query}`);
  expect(wanted.found).toBeGreaterThan(0);
  await page.goto(`/builds${query}`);
  await expect(differences(page)).toHaveCount(0);
  await page.getByRole("link", { name: "What is different about the failures?" }).click();
  await expect(page).toHaveURL(/difference=1/);
  await expect(page.getByRole("heading", { name: "What is different about the failures" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText(wanted.summary);
  await expect(differences(page)).toContainText("Association, not cause");
  const rows = differences(page).locator("tbody tr");
  await expect(rows).toHaveCount(wanted.values.length);
  await expect(rows.locator("th")).toHaveText(wanted.values.map(({ value }: { value: string }) => value));
  const index = wanted.values.findIndex(({ condition, b }: { condition: string | null; b: number }) => condition !== null && b > 0);
  const good = rows.nth(index).locator("td.number").nth(2).getByRole("link");
  await good.click();
  expect(await builds(page)).toBe(wanted.values[index].b);
});

test("numbers of a comparison open the builds that they count", async ({ page }) => {
  const wanted = await api(page, `/api/compare?${NIGHTLY}`);
  expect(wanted.a.builds).toBeGreaterThan(0);
  expect(wanted.common).toBe(0);
  for (const side of ["a", "b"] as const) {
    for (const of of ["measures", "failing_steps", "slow_steps"] as const) {
      for (const measure of wanted[of]) {
        const { opens, builds } = measure[side];
        if (opens === null) continue;
        const list = await api(page, `/api/builds?${opens}`);
        expect(list.builds, `${measure.id} of ${side}: ${opens}`).toBe(builds);
      }
    }
  }
  await page.goto(`/compare?${NIGHTLY}`);
  const failed = page.getByRole("row", { name: /^Failed of the decided/ });
  await failed.getByRole("link").first().click();
  const { a } = wanted.measures.find(({ id }: { id: string }) => id === "failed_percent");
  expect(await builds(page)).toBe(a.builds);
});

test("a difference is judged in words only where chance is excluded", async ({ page }) => {
  const wanted = await api(page, `/api/compare?${NIGHTLY}`);
  await page.goto(`/compare?${NIGHTLY}`);
  for (const { label, change } of wanted.measures) {
    const row = page.getByRole("region", { name: "Numbers" }).getByRole("row", { name: new RegExp(`^${label}`) });
    const words = { better: /better/, worse: /worse/, unclear: /no clear change/ }[change as string];
    if (words) await expect(row.locator("td").last()).toHaveText(words);
    else await expect(row.locator(".better, .worse")).toHaveCount(0);
  }
});

test("swapped selections have the opposite differences", async ({ page }) => {
  await page.goto(`/compare?${NIGHTLY}`);
  await page.getByRole("link", { name: "Swap A and B" }).click();
  await expect(page).toHaveURL(/a\.type=non-nightly&b\.type=nightly&days=28/);
  const [one, other] = [await api(page, `/api/compare?${NIGHTLY}`), await api(page, `/api/compare${new URL(page.url()).search}`)];
  const opposite: Record<string, string> = { better: "worse", worse: "better", unclear: "unclear" };
  for (const [index, { change }] of one.measures.entries()) expect(other.measures[index].change).toBe(change && opposite[change]);
});

test("a page of builds leads to comparisons by clicking", async ({ page }) => {
  await page.goto("/builds?days=28&project=cmc");
  for (const [name, address] of [
    ["Compare with the time before", /\/compare\?a\.days=28&b\.from=.*&b\.to=.*&project=cmc/],
    ["Compare nightly and other builds", /\/compare\?a\.type=nightly&b\.type=non-nightly&days=28&project=cmc/],
    ["Compare with all projects", /\/compare\?a\.project=cmc&days=28/],
  ] as const) {
    await page.getByRole("link", { name }).click();
    await expect(page).toHaveURL(address);
    await expect(page.getByRole("heading", { name: "What is different about A" })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL(/\/builds/);
  }
});

test("builds of both selections are named", async ({ page }) => {
  const wanted = await api(page, "/api/compare?a.project=cmc&days=28");
  expect(wanted.common).toBe(wanted.a.builds);
  await page.goto("/compare?a.project=cmc&days=28");
  await expect(page.getByRole("main")).toContainText("in both. Differences are those between A and the other builds of B.");
});

for (const [path, words] of [
  ["/compare?a.days=15", "days"],
  ["/compare?b.project=nothing", "project"],
  ["/builds?difference=yes", "difference"],
] as const) {
  test(`${path} says what is wrong`, async ({ page, faults }) => {
    faults.provoke(/400/);
    const response = await page.goto(path);
    expect(response?.status()).toBe(400);
    await expect(page.getByRole("alert")).toContainText(words);
  });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(({ faults }) => faults.provoke(/\.js csp$/, /\.wasm was preloaded using link preload but not used/));

  test("a form chooses what to compare", async ({ page }) => {
    await page.goto("/compare");
    await expect(page.getByRole("main")).toContainText("A and B are the same builds.");
    await page.getByText("Change the selections").click();
    await page.getByLabel("Kind of A").selectOption("nightly");
    await page.getByLabel("Range of B").selectOption("28");
    await page.getByRole("main").getByRole("button", { name: "Apply" }).click();
    await expect(page).toHaveURL(/\/compare\?a\.type=nightly&b\.days=28$/);
    await expect(page.getByRole("region", { name: "Numbers" })).toBeVisible();
  });

  test("what is different is one link away", async ({ page }) => {
    await page.goto("/builds?days=180");
    await page.getByRole("link", { name: "What is different about the failures?" }).click();
    await expect(differences(page)).toBeVisible();
    await page.getByRole("link", { name: "Hide the differences" }).click();
    await expect(page).toHaveURL(/\/builds\?days=180$/);
  });
});
