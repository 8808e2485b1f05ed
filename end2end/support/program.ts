// The program under test: the release binary, as a command and as a server.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const ROOT = path.resolve(__dirname, "../..");
/** Directory of compiled code, set by `make` and `scripts/e2e`. */
export const TARGET = process.env.CARGO_TARGET_DIR ?? "";
const BINARY = process.env.RSE_BINARY ?? path.join(TARGET, "release", "rse-dashboard");
// Longer than any start, even on a busy machine.
const START_MS = 30_000;
// Variables of a developer's environment that would affect the program, its data and sources.
const OURS = /^(PORT|RSE_(ADDR|OPEN|STYLE_PAGE|DATA|CONFIG|PUBLIC_URL|HOSTS|TRUSTED_PROXIES|OIDC_.*|SESSIONS?_.*|API_TOKENS)|COSMOS_.*|GITHUB_(TOKEN|API_URL)|endpoint|masterKey|databaseId|containerId|githubtoken)$/;
// Reference data is not read from the Internet.
const NOWHERE = "http://127.0.0.1:9/";
// A directory without a developer's .env and dashboard.toml.
const ELSEWHERE = tmpdir();
const LARGEST_EXPORT = 1024 ** 3;

export interface Server {
  url: string;
  /** What the server has logged so far. */
  log(): string;
  /** Stops the server as an orchestrator would, and waits for it to exit. */
  stop(): Promise<void>;
  /** Kills the server, as in a crash. */
  kill(): Promise<void>;
}

/** Runs a command to completion and returns its standard output. */
export async function run(...args: string[]): Promise<string> {
  return runWith({}, ...args);
}

/** Runs a command as `run` does, with additional variables. */
export async function runWith(variables: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(BINARY, args, {
    cwd: ELSEWHERE,
    env: { ...environment(), ...variables },
    maxBuffer: LARGEST_EXPORT,
  });
  return stdout;
}

/** Serves a data directory, on a free port by default, and returns when the server is ready. */
export async function serve(data: string, port = "0", variables: NodeJS.ProcessEnv = {}): Promise<Server> {
  const child = spawn(BINARY, ["serve", "--data", data, "--port", port], {
    cwd: ELSEWHERE,
    env: { ...environment(), ...variables },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const ended = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Error(`the server did not start:\n${log}`)), START_MS);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    child.stderr.on("data", (text) => {
      log += text;
      const serving = /serving on (http:\/\/[\d.]+:\d+)/.exec(log);
      if (!serving) return;
      clearTimeout(overdue);
      resolve(serving[1]);
    });
  });
  const live = await fetch(`${url}/health/live`);
  if (!live.ok) throw new Error(`the server says it serves but does not answer: ${await live.text()}`);
  return {
    url,
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      const [code] = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${log}`);
      if (/panicked/.test(log)) throw new Error(`the server panicked:\n${log}`);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function environment(): NodeJS.ProcessEnv {
  const site = process.env.LEPTOS_SITE_ROOT ?? path.join(ROOT, "target", "site");
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
  return { ...inherited, LEPTOS_SITE_ROOT: site, ENDOFLIFE_URL: NOWHERE, RUST_LOG: "info", NO_COLOR: "1" };
}
