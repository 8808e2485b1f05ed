// Firefox, by WebDriver BiDi.
import puppeteer from "puppeteer-core";
import { type Driver, ENVIRONMENT, WINDOW } from "./driver";
import { program } from "./programs";

/** The program, unless it is missing. */
export const firefox = () => process.env.FIREFOX || program("firefox-esr", "firefox");

export async function startFirefox(): Promise<Driver> {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox(), headless: true, defaultViewport: WINDOW, env: ENVIRONMENT });
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => {
    // Firefox says of each page that its connection for news ends with it.
    if (!/\/api\/live was interrupted while the page was loading/.test(String(error))) faults.push(`exception: ${error}`);
  });
  return {
    version: await browser.version(),
    faults,
    async open(address) {
      await page.goto(address);
    },
    async evaluate(script, ...values) {
      return page.evaluate(script as any, ...values) as any;
    },
    async click(selector) {
      await page.click(selector);
    },
    async clickAt(x, y) {
      await page.mouse.move(x, y);
      await page.mouse.click(x, y);
    },
    async choose(selector, value) {
      await page.select(selector, value);
    },
    async close() {
      await browser.close();
    },
  };
}
