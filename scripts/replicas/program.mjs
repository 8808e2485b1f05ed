// The program as a command, and as one of several servers on the same store.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { environment, Server } from "../lib/server.mjs";

/** Seconds; short, to keep the scenarios short. */
export const LEASE = 3;
const MOST_OUTPUT = 1 << 30;

/** Refreshes follow each other at once and read everything that a scenario provides. */
function configuration() {
  return readFileSync("dashboard.toml", "utf8")
    .replace('every = "10m"', 'every = "1s"')
    .replace('branches = "default"', 'branches = "all"');
}

/** A scenario's working directory, with the program in it. */
export class Program {
  constructor(binary) {
    this.binary = binary;
    this.folder = mkdtempSync(path.join(tmpdir(), "dashboard-replicas-"));
    this.variables = { RSE_CONFIG: path.join(this.folder, "dashboard.toml"), RSE_ADDR: "127.0.0.1", RSE_LEASE: String(LEASE) };
    writeFileSync(this.variables.RSE_CONFIG, configuration());
  }

  environment(variables) {
    return environment({ ...this.variables, ...variables });
  }

  /** Runs a command to its end. `RSE_DATA` names a local store, `DATABASE_URL` a shared one. */
  run(args, variables = {}) {
    return execFileSync(this.binary, args, { cwd: this.folder, env: this.environment(variables), maxBuffer: MOST_OUTPUT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs a command without blocking. */
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

  /** Writes a file with made-up events for this many days, up to now. */
  sample(days, scale) {
    const file = path.join(this.folder, "sample.ndjson");
    const out = openSync(file, "w");
    const args = ["sample", "--stdout", "--days", String(days), "--scale", String(scale), "--as-of", new Date().toISOString()];
    execFileSync(this.binary, args, { cwd: this.folder, env: this.environment({}), stdio: ["ignore", out, "pipe"] });
    closeSync(out);
    return file;
  }

  /** Returns everything that figures are made from, as text. */
  content(variables) {
    return this.run(["export", "builds"], variables) + this.run(["export", "events"], variables);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One of several servers; it can be stopped and restarted on the same port. */
export class Replica {
  #server;
  #ended = "";

  constructor(program, name, port, variables) {
    this.program = program;
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.variables = { ...variables, PORT: String(port), RSE_DATA: path.join(program.folder, name), RSE_TRUSTED_PROXIES: "127.0.0.1" };
  }

  start() {
    const directory = path.join(this.program.folder, this.name);
    mkdirSync(directory, { recursive: true });
    this.#ended += this.#server?.log ?? "";
    this.#server = new Server({ program: this.program.binary, cwd: directory, variables: { ...this.program.variables, ...this.variables } });
  }

  /** The log of all its processes so far. */
  get log() {
    return this.#ended + (this.#server?.log ?? "");
  }

  get pid() {
    return this.#server.child.pid;
  }

  get isRunning() {
    return this.#server.isRunning;
  }

  ready() {
    return this.#server.ready();
  }

  /** Sends a request directly, bypassing nginx. */
  async ask(place) {
    const answer = await fetch(this.url + place, { signal: AbortSignal.timeout(15_000) });
    return { status: answer.status, text: await answer.text() };
  }

  async freshness() {
    return JSON.parse((await this.ask("/api/freshness")).text);
  }

  signal(signal) {
    process.kill(this.pid, signal);
  }

  async kill() {
    if (this.isRunning) await this.#server.kill();
  }

  /** Whether a connection between these ports belongs to this process, by the socket's inode. */
  isConnected(from, to) {
    const ends = [from, to].map((port) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`);
    const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
    const row = rows.map((line) => line.trim().split(/\s+/)).find(([, local, remote]) => local?.endsWith(ends[0]) && remote.endsWith(ends[1]));
    const of = `/proc/${this.pid}/fd`;
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
