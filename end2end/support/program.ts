// The program under test: the release binary, as a command and as a server.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const ROOT = path.resolve(__dirname, "../..");
/** Where compiled code is: `make` says it, and `scripts/e2e`. */
export const TARGET = process.env.CARGO_TARGET_DIR ?? "";
const BINARY = process.env.RSE_BINARY ?? path.join(TARGET, "release", "rse-dashboard");
// Longer than any start takes, even on a loaded machine.
const START_MS = 30_000;
// What a developer's environment may say of the program, its data and their sources.
const OURS = /^(PORT|RSE_(ADDR|DATA|CONFIG|PUBLIC_URL|TRUSTED_PROXIES|OIDC_.*|SESSION_.*|API_TOKENS)|COSMOS_.*|GITHUB_(TOKEN|API_URL)|endpoint|masterKey|databaseId|containerId|githubtoken)$/;
// Not where a developer's .env and dashboard.toml are.
const ELSEWHERE = tmpdir();
const LARGEST_EXPORT = 1024 ** 3;

export interface Server {
  url: string;
  /** Ends it as an orchestrator would, and waits until it has ended. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Runs a command to its end and returns what it wrote to standard output. */
export async function run(...args: string[]): Promise<string> {
  return runWith({}, ...args);
}

/** The same with some variables of its own. */
export async function runWith(variables: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(BINARY, args, {
    cwd: ELSEWHERE,
    env: { ...environment(), ...variables },
    maxBuffer: LARGEST_EXPORT,
  });
  return stdout;
}

/** Serves a data directory, on a free port unless one is given, and returns when it is ready. */
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
  return { ...inherited, LEPTOS_SITE_ROOT: site, RUST_LOG: "info", NO_COLOR: "1" };
}
