// Configuration of the end-to-end tests (`make e2e`): a real browser, the release build and sample data.
import { defineConfig } from "@playwright/test";
import { browser } from "./support/browser";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // `make screenshots` takes them anew.
  snapshotPathTemplate: "pictures/{arg}{ext}",
  globalSetup: "./support/global-setup.ts",
  reporter: [["list"], ["./support/closing-line.ts"]],
  // Tells a flaky test from a broken one. The closing lines name it, with its error; a few are let pass.
  retries: 1,
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // Several times of what the slowest need on two cores.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  use: {
    launchOptions: browser(),
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Pacific/Auckland",
    colorScheme: "light",
    trace: "off",
    screenshot: "only-on-failure",
  },
});
