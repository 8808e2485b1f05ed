// Configuration of the tests in Firefox and WebKit (`make test-browsers`): the release build and sample data. Playwright
// only runs the tests here; the browsers are those of the system, each with the driver that it speaks to.
import { defineConfig } from "@playwright/test";
import type { Drivers } from "./support/drivers/fixtures";

export default defineConfig<object, Drivers>({
  testDir: "browsers",
  outputDir: "test-results/browsers",
  globalSetup: "./support/global-setup.ts",
  reporter: [["list"], ["./support/closing-line.ts"]],
  // Tells a flaky test from a broken one. The closing lines name it, with its error; a few are let pass.
  retries: 1,
  // One for each browser.
  workers: 2,
  forbidOnly: true,
  // Without a graphics card, WebKit takes a second for a chart.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  projects: [
    { name: "Firefox", use: { browserOfDriver: "firefox" } },
    { name: "WebKit", use: { browserOfDriver: "webkit" } },
  ],
});
