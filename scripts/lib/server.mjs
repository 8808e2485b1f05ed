// Starts the dashboard for the checks: the release build on a free port, without the settings in the
// developer's environment.
import { execFile, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

// Longer than any start takes, even on a busy machine.
const START_MS = 120_000;
const LONGEST_OUTPUT = 1 << 30;
// Reference data is not read from the Internet.
const NOWHERE = "http://127.0.0.1:9/";
// Environment variables that configure the program, its data and its sources.
const SETTINGS = /^(PORT|DATABASE_URL|RSE_(?!CACHE$).*|OTEL_.*|COSMOS_.*|GITHUB_(TOKEN|API_URL)|endpoint|masterKey|databaseId|containerId|githubtoken)$/;

/** Returns the program under test: RSE_BINARY, or the release build. */
export function binary() {
  const { RSE_BINARY, CARGO_TARGET_DIR } = process.env;
  if (!RSE_BINARY && !CARGO_TARGET_DIR) throw new Error("CARGO_TARGET_DIR is not set: start this with make, or name a program in RSE_BINARY");
  return path.resolve(RSE_BINARY ?? path.join(CARGO_TARGET_DIR, "release", "rse-dashboard"));
}

export function environment(variables = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name));
  const site = process.env.LEPTOS_SITE_ROOT ?? path.resolve("target/site");
  return { ...Object.fromEntries(inherited), LEPTOS_SITE_ROOT: site, ENDOFLIFE_URL: NOWHERE, RUST_LOG: "warn,rse_dashboard=info", NO_COLOR: "1", ...variables };
}

/** Runs a command to its end, away from any .env in this folder; returns its output. */
export async function run(args, variables = {}) {
  const { stdout } = await promisify(execFile)(binary(), args, { cwd: tmpdir(), env: environment(variables), maxBuffer: LONGEST_OUTPUT });
  return stdout;
}

export class Server {
  #ended;
  #probe;
  log = "";

  /** Starts a server and returns it once it is ready; see the constructor. */
  static async start(options) {
    const server = new Server(options);
    try {
      await server.ready();
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  /**
   * `variables` are the server's settings; without a PORT it takes a free one. `probe` is an address that
   * shows readiness, for programs other than the dashboard.
   */
  constructor({ program = binary(), args = ["serve"], cwd = tmpdir(), variables = {}, probe } = {}) {
    this.#probe = probe;
    this.child = spawn(program, args, { cwd, env: environment({ PORT: "0", ...variables }), stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr.on("data", (text) => (this.log += text));
    this.#ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  /** The server's address, once the server has logged it. */
  get url() {
    return /serving on (http:\/\/[\d.]+:\d+)/.exec(this.log)?.[1];
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready() {
    const deadline = Date.now() + START_MS;
    while (!(await this.#answers())) {
      if (!this.isRunning) throw new Error(`the server ended:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`the server was not ready in ${START_MS / 1000} s:\n${this.log}`);
      await pause(2);
    }
  }

  async #answers() {
    const probe = this.#probe ?? (this.url && `${this.url}/health/ready`);
    const answer = probe && (await fetch(probe).catch(() => undefined));
    await answer?.arrayBuffer();
    return answer?.status === 200;
  }

  /** Stops the server as an orchestrator does; returns its exit code. */
  async stop() {
    this.child.kill("SIGTERM");
    return this.#ended;
  }

  /** Kills the server, as in a crash. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.#ended;
  }
}
