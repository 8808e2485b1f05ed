// `test` of this suite: whatever page a test opens must stay quiet. Console errors and warnings
// (hydration's among them), exceptions, failed requests and breaches of the Content-Security-Policy
// fail the test, unless it says beforehand that it provokes them.
import { test as base, expect } from "@playwright/test";
import { emptyUrl, sampleUrl } from "./global-setup";

export { expect };

interface Fixtures {
  faults: Faults;
  /** Whether to open the server without data. */
  empty: boolean;
}

export class Faults {
  readonly seen: string[] = [];
  private readonly provoked: RegExp[] = [];

  /** This test makes such faults happen on purpose. */
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
        // A reader who moves on interrupts what is being loaded; that is no fault.
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
