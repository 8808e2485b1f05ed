// The program as a command, and as one of several servers of the same store.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { until } from "./checks.mjs";

/** Seconds; short, so that the scenarios are. */
export const LEASE = 3;
const MOST_OUTPUT = 1 << 30;

/** A refresh follows the last at once, and reads everything that a scenario has put there. */
function configuration() {
  return readFileSync("dashboard.toml", "utf8")
    .replace('every = "10m"', 'every = "1s"')
    .replace('branches = "default"', 'branches = "all"');
}

/** A working directory of one scenario, with the program in it. */
export class Program {
  constructor(binary) {
    this.binary = binary;
    this.folder = mkdtempSync(path.join(tmpdir(), "dashboard-replicas-"));
    this.variables = { RSE_CONFIG: path.join(this.folder, "dashboard.toml"), LEPTOS_SITE_ROOT: path.resolve("target/site"), RSE_ADDR: "127.0.0.1", RSE_LEASE: String(LEASE), RUST_LOG: "warn,rse_dashboard=info", NO_COLOR: "1" };
    writeFileSync(this.variables.RSE_CONFIG, configuration());
  }

  environment(variables) {
    const { DATABASE_URL: _, ...outer } = process.env;
    return { ...outer, ...this.variables, ...variables };
  }

  /** Runs a command to its end. A store of its own stands in `RSE_DATA`, a shared one in `DATABASE_URL`. */
  run(args, variables = {}) {
    return execFileSync(this.binary, args, { cwd: this.folder, env: this.environment(variables), maxBuffer: MOST_OUTPUT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** The same, while everything else goes on. */
  async runBeside(args, variables = {}) {
    const child = spawn(this.binary, args, { cwd: this.folder, env: this.environment(variables), stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${said}`);
  }

  file(name, text) {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** A file with made-up events of so many days, up to now. */
  sample(days, scale) {
    const file = path.join(this.folder, "sample.ndjson");
    const out = openSync(file, "w");
    const args = ["sample", "--stdout", "--days", String(days), "--scale", String(scale), "--as-of", new Date().toISOString()];
    execFileSync(this.binary, args, { cwd: this.folder, env: this.environment({}), stdio: ["ignore", out, "pipe"] });
    closeSync(out);
    return file;
  }

  /** Everything that figures are made of, as text. */
  content(variables) {
    return this.run(["export", "builds"], variables) + this.run(["export", "events"], variables);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One server of several; it may be ended and started again on the same port. */
export class Replica {
  constructor(program, name, port, variables) {
    this.program = program;
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.variables = { ...variables, PORT: String(port), RSE_DATA: path.join(program.folder, name), RSE_TRUSTED_PROXIES: "127.0.0.1" };
    /** Of all its processes. */
    this.log = "";
  }

  start() {
    const directory = path.join(this.program.folder, this.name);
    mkdirSync(directory, { recursive: true });
    const env = this.program.environment(this.variables);
    const child = spawn(this.program.binary, ["serve"], { cwd: directory, env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (text) => (this.log += text));
    this.child = child;
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready() {
    await until(`${this.name} is ready`, async () => {
      if (!this.isRunning) throw new Error(`it ended: ${this.log}`);
      return (await this.ask("/health/ready")).status === 200;
    });
  }

  /** Asks it itself, past nginx. */
  async ask(place) {
    const answer = await fetch(this.url + place, { signal: AbortSignal.timeout(15_000) });
    return { status: answer.status, text: await answer.text() };
  }

  async freshness() {
    return JSON.parse((await this.ask("/api/freshness")).text);
  }

  signal(signal) {
    process.kill(this.child.pid, signal);
  }

  async kill() {
    if (!this.isRunning) return;
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }

  /** Whether a connection between these ports is its own: the system knows by the socket's number. */
  isConnected(from, to) {
    const ends = [from, to].map((port) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`);
    const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
    const row = rows.map((line) => line.trim().split(/\s+/)).find(([, local, remote]) => local?.endsWith(ends[0]) && remote.endsWith(ends[1]));
    const of = `/proc/${this.child.pid}/fd`;
    const opened = (file) => {
      try {
        return readlinkSync(path.join(of, file));
      } catch {
        return undefined;
      }
    };
    return row !== undefined && readdirSync(of).some((file) => opened(file) === `socket:[${row[9]}]`);
  }
}
