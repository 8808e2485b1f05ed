// Configuration of the `make watch` test (`make test-watch`): a real browser and a development build.
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
  // With empty caches, everything compiles first; each edit then recompiles the dashboard.
  timeout: 40 * MINUTES,
  expect: { timeout: 10 * MINUTES },
  use: { launchOptions: browser(), locale: "en-GB", trace: "off", screenshot: "only-on-failure" },
});
