// The fixture that records faults: a test fails when its page reports any.
import { expect, test } from "../support/fixtures";

const REPORTED = /^(console (error|warning): (said|policy)|exception: .*thrown|status 404: .*nothing-here|console error: .*404)/;

test("every fault a page reports is recorded as unexpected or provoked", async ({ page, faults }) => {
  await page.goto("/disclaimer");
  expect(faults.seen).toEqual([]);
  await page.evaluate(async () => {
    console.error("said aloud");
    console.warn("said quietly");
    setTimeout(() => {
      throw new Error("thrown");
    });
    await fetch("/nothing-here");
    document.body.insertAdjacentHTML("beforeend", '<img src="https://example.org/picture.png">');
  });
  for (const kind of [/^console error: said aloud/, /^console warning: said quietly/, /^exception: .*thrown/, /^status 404: .*nothing-here/, /policy img-src/]) {
    await expect.poll(() => faults.unexpected().filter((fault) => kind.test(fault)), String(kind)).toHaveLength(1);
  }
  faults.provoke(REPORTED, /example\.org/);
  expect(faults.unexpected()).toEqual([]);
});
