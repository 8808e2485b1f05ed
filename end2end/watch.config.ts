// The test of `make watch`: a real browser and a build for development. `make test-watch` runs it.
import { defineConfig } from "@playwright/test";
import { browser } from "./support/browser";

const MINUTES = 60_000;

export default defineConfig({
  testDir: "watch",
  outputDir: "test-results/watch",
  reporter: [["list"], ["./support/closing-line.ts"]],
  retries: 0,
  workers: 1,
  forbidOnly: true,
  // On empty caches everything is compiled first, and after each edit the dashboard.
  timeout: 40 * MINUTES,
  expect: { timeout: 10 * MINUTES },
  use: { launchOptions: browser(), locale: "en-GB", trace: "off", screenshot: "only-on-failure" },
});
