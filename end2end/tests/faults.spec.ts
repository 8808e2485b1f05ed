// The suite hears what pages report: a test whose page is not quiet fails.
import { expect, test } from "../support/fixtures";

const REPORTED = /^(console (error|warning): (said|policy)|exception: .*thrown|status 404: .*nothing-here|console error: .*404)/;

test("whatever a page reports is heard, once as unexpected and once as provoked", async ({ page, faults }) => {
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
