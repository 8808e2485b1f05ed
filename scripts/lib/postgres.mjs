// Starts a temporary PostgreSQL server for tests and measurements: on a free port, in a directory that is
// deleted afterwards. It uses the system's installation and leaves running servers alone.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const USER = "dashboard";
const PASSWORD = "not a secret";
const PATIENCE_MS = 60_000;

/** Finds the folder of the server's programs; undefined if it is not installed. */
export function programs() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => path.join(debian, version, "bin"));
  const { status, stdout } = spawnSync("pg_config", ["--bindir"], { encoding: "utf8" });
  if (status === 0) found.push(stdout.trim());
  return found.find((directory) => existsSync(path.join(directory, "initdb")));
}

/** Finds an unused port. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Picks another user when run by root, because the server refuses to run as root. */
function owner() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const [uid, gid] = [id("-u"), id("-g")];
  if (!uid || !gid) throw new Error("PostgreSQL does not run as root, and there is no user named postgres");
  return { uid, gid };
}

export class Postgres {
  #bin;
  #directory;
  #owner;
  #settings;
  #child;
  #log = "";

  /** `settings` go to postgresql.conf; `durable` keeps data safe even if the machine crashes. */
  static async create({ durable = false, settings = {} } = {}) {
    const server = new Postgres();
    server.#bin = programs();
    if (!server.#bin) throw new Error("PostgreSQL is missing (Debian, Ubuntu: apt-get install postgresql)");
    server.#owner = owner();
    server.#directory = mkdtempSync(path.join(tmpdir(), "dashboard-postgres-"));
    server.port = await freePort();
    server.#settings = { ...(durable ? {} : { fsync: "off", full_page_writes: "off" }), ...settings };
    const password = path.join(server.#directory, "password");
    writeFileSync(password, PASSWORD);
    if (server.#owner.uid) for (const file of [server.#directory, password]) chownSync(file, server.#owner.uid, server.#owner.gid);
    const args = ["-D", server.#data, "-U", USER, `--pwfile=${password}`, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
    server.#run("initdb", args);
    await server.start();
    server.#run("createdb", ["-h", "127.0.0.1", "-p", String(server.port), "-U", USER, "dashboard"]);
    return server;
  }

  get #data() {
    return path.join(this.#directory, "data");
  }

  get url() {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/dashboard`;
  }

  #run(program, args) {
    const env = { ...process.env, PGPASSWORD: PASSWORD };
    const { status, stderr, stdout, error } = spawnSync(path.join(this.#bin, program), args, { ...this.#owner, cwd: this.#directory, env, encoding: "utf8" });
    if (error || status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
    return stdout;
  }

  /** Runs a statement; returns its rows as lines of tab-separated values. */
  query(sql) {
    const where = ["-h", "127.0.0.1", "-p", String(this.port), "-U", USER, "-d", "dashboard"];
    return this.#run("psql", [...where, "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql]).trim();
  }

  async start() {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const args = ["-D", this.#data, "-p", String(this.port), "-k", this.#directory, "-c", "listen_addresses=127.0.0.1", ...settings];
    this.#child = spawn(path.join(this.#bin, "postgres"), args, { ...this.#owner, cwd: this.#directory, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr.on("data", (text) => (this.#log = (this.#log + text).slice(-10_000)));
    const ready = ["-h", "127.0.0.1", "-p", String(this.port), "-q"];
    const until = Date.now() + PATIENCE_MS;
    while (spawnSync(path.join(this.#bin, "pg_isready"), ready).status !== 0) {
      if (this.#child.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL did not start:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Stops the server and its connections: SIGINT for a fast shutdown, SIGQUIT for a crash. */
  async stop(signal = "SIGINT") {
    if (!this.#child || this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.on("exit", resolve));
    this.#child.kill(signal);
    await ended;
  }

  async remove() {
    await this.stop("SIGQUIT");
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
