// The suite's `test`, which fails when a page reports faults: console errors and warnings (including
// those of hydration), exceptions, failed requests and violations of the Content-Security-Policy.
// A test can declare in advance the faults that it provokes.
import { test as base, expect } from "@playwright/test";
import { emptyUrl, sampleUrl } from "./global-setup";

export { expect };

interface Fixtures {
  faults: Faults;
  /** Opens the server without data if true. */
  empty: boolean;
}

export class Faults {
  readonly seen: string[] = [];
  private readonly provoked: RegExp[] = [];

  /** Declares faults that the test causes on purpose. */
  provoke(...patterns: RegExp[]) {
    this.provoked.push(...patterns);
  }

  unexpected(): string[] {
    return this.seen.filter((fault) => !this.provoked.some((pattern) => pattern.test(fault)));
  }
}

export const test = base.extend<Fixtures>({
  empty: [false, { option: true }],
  baseURL: async ({ empty }, use) => use(empty ? emptyUrl() : sampleUrl()),
  faults: [
    async ({ context }, use) => {
      const faults = new Faults();
      await context.addInitScript(() => {
        addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy ${event.violatedDirective} blocked ${event.blockedURI || "inline"} ${event.sample}`);
        });
      });
      context.on("console", (message) => {
        if (!["error", "warning"].includes(message.type())) return;
        faults.seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => faults.seen.push(`exception: ${error.error()}`));
      context.on("requestfailed", (request) => {
        const reason = request.failure()?.errorText;
        // Navigating away interrupts requests; that is not a fault.
        if (reason !== "net::ERR_ABORTED") faults.seen.push(`request failed: ${request.url()} ${reason}`);
      });
      context.on("response", (response) => {
        if (response.status() >= 400) faults.seen.push(`status ${response.status()}: ${response.url()}`);
      });
      await use(faults);
      expect(faults.unexpected(), "faults that the pages reported").toEqual([]);
    },
    { auto: true },
  ],
});
