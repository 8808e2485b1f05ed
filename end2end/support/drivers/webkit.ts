// WebKit, by WebDriver: GTK's small browser on a screen that nobody sees.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Builder, By, Capabilities, Origin, type WebDriver } from "selenium-webdriver";
import { freePort } from "../sign-in";
import { type Driver, ENVIRONMENT, WINDOW } from "./driver";
import { program } from "./programs";

const START_MS = 30_000;

/** The programs, unless one is missing; the screen needs xauth. */
export function webkit() {
  const [driver, screen, xauth] = ["WebKitWebDriver", "xvfb-run", "xauth"].map((name) => program(name));
  return driver && screen && xauth ? { driver, screen } : undefined;
}

export async function startWebKit(): Promise<Driver> {
  const { driver, screen } = webkit()!;
  const port = await freePort();
  // A process group of its own, so that all of its processes end.
  const child = spawn(screen, ["-a", driver, `--port=${port}`], { env: ENVIRONMENT, stdio: "ignore", detached: true });
  const ended = once(child, "exit");
  const end = async () => {
    process.kill(-child.pid!, "SIGTERM");
    await ended;
  };
  try {
    const session = await sessionAt(`http://127.0.0.1:${port}`);
    await session.manage().window().setRect({ x: 0, y: 0, ...WINDOW });
    return await driven(session, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function sessionAt(server: string): Promise<WebDriver> {
  const deadline = Date.now() + START_MS;
  while (!(await fetch(`${server}/status`).then(({ ok }) => ok, () => false))) {
    if (Date.now() > deadline) throw new Error(`WebKit's driver did not start in ${START_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const wanted = new Capabilities({ browserName: "MiniBrowser" });
  return new Builder().disableEnvironmentOverrides().usingServer(server).withCapabilities(wanted).build();
}

async function driven(session: WebDriver, end: () => Promise<void>): Promise<Driver> {
  const known = await session.getCapabilities();
  const find = (selector: string) => session.findElement(By.css(selector));
  return {
    version: `${known.get("browserName")}/${known.get("browserVersion")}`,
    // Its driver tells none.
    faults: [],
    async open(address) {
      await session.get(address);
    },
    async evaluate(script, ...values) {
      return session.executeScript(script as any, ...values) as any;
    },
    async click(selector) {
      await find(selector).click();
    },
    async clickAt(x, y) {
      await session.actions().move({ x: Math.round(x), y: Math.round(y), origin: Origin.VIEWPORT }).click().perform();
    },
    async choose(selector, value) {
      await find(`${selector} option[value="${value}"]`).click();
    },
    async close() {
      await session.quit();
      await end();
    },
  };
}
