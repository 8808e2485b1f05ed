// The `test` of the tests in Firefox and WebKit, which fails when a page reports faults, as that of the tests in
// Chromium does (../fixtures.ts). A browser serves all tests of its worker, one after the other.
import { test as base, expect } from "@playwright/test";
import { sampleUrl } from "../global-setup";
import type { Driver } from "./driver";
import { firefox, startFirefox } from "./firefox";
import { startWebKit, webkit } from "./webkit";
import { Witness } from "./witness";

export { expect };

const BROWSERS = {
  firefox: { there: firefox, start: startFirefox, packages: "firefox-esr" },
  webkit: { there: webkit, start: startWebKit, packages: "webkit2gtk-driver xvfb xauth" },
};

export interface Drivers {
  browserOfDriver: keyof typeof BROWSERS;
  driver: Driver;
  witness: Witness;
}

/** A browser at the dashboard, as a test uses it. */
export class Tab {
  private readonly provoked: RegExp[] = [];

  constructor(
    readonly driver: Driver,
    readonly witness: Witness,
  ) {}

  /** Opens a page and waits until its client has started. */
  async open(path: string) {
    this.witness.expectAnother();
    await this.driver.open(this.witness.url + path);
    await expect.poll(() => this.witness.isAlive, `the client of ${path} starts`).toBe(true);
  }

  /** The path and the query of the current address. */
  async path(): Promise<string> {
    return this.driver.evaluate(() => location.pathname + location.search);
  }

  /** Declares faults that the test causes on purpose. */
  provoke(...patterns: RegExp[]) {
    this.provoked.push(...patterns);
  }

  faults(): string[] {
    return [...this.witness.faults, ...this.driver.faults];
  }

  unexpected(): string[] {
    return this.faults().filter((fault) => !this.provoked.some((pattern) => pattern.test(fault)));
  }
}

export const test = base.extend<{ tab: Tab }, Drivers>({
  browserOfDriver: ["firefox", { option: true, scope: "worker" }],
  baseURL: async ({}, use) => use(sampleUrl()),
  witness: [
    async ({}, use) => {
      const witness = await Witness.of(sampleUrl());
      await use(witness);
      await witness.close();
    },
    { scope: "worker" },
  ],
  driver: [
    async ({ browserOfDriver }, use) => {
      const driver = await BROWSERS[browserOfDriver].start();
      await use(driver);
      await driver.close();
    },
    { scope: "worker" },
  ],
  tab: async ({ driver, witness }, use) => {
    witness.forget();
    driver.faults.length = 0;
    const tab = new Tab(driver, witness);
    await use(tab);
    await driver.open("about:blank");
    expect(tab.unexpected(), "faults that the pages reported").toEqual([]);
  },
});

// A browser that is missing is a fault where continuous integration installs it.
test.beforeEach(({ browserOfDriver }) => {
  const { there, packages } = BROWSERS[browserOfDriver];
  const why = `${packages} could not be installed (Debian, Ubuntu: apt-get install ${packages})`;
  if (!there() && process.env.CI === "true") throw new Error(why);
  test.skip(!there(), why);
});
