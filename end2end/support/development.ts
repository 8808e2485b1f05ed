// Runs `make watch` on a copy of the clone that tests can edit.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { TARGET } from "./program";
import { freePort } from "./sign-in";

const ROOT = path.resolve(__dirname, "../..");
/** Separate from the developer's compiled code, which Cargo would confuse with that of a clone elsewhere. */
const COMPILED = path.join(TARGET, "watch");
// Variables of a developer's environment that would affect the program and its data.
const OURS = /^(PORT|RELOAD_PORT|DATA_DIR|MAKEFLAGS|MAKELEVEL|RSE_(?!CACHE).*|LEPTOS_.*|COSMOS_.*|DATABASE_URL|GITHUB_.*)$/;

export class Development {
  private log = "";

  private constructor(
    private readonly folder: string,
    readonly url: string,
    private readonly child: ReturnType<typeof spawn>,
  ) {}

  /** Starts `make watch` and returns when the dashboard answers. */
  static async start(): Promise<Development> {
    const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-watch-"));
    copy(folder);
    takeDependencies();
    const [port, reloadPort] = [await freePort(), await freePort()];
    const own = { CARGO_TARGET_DIR: COMPILED, PORT: port, RELOAD_PORT: reloadPort, DATA_DIR: path.join(folder, "data"), RUST_LOG: "info", NO_COLOR: "1" };
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
    // Use a separate process group so that all processes can be stopped.
    const child = spawn("make", ["watch"], { cwd: folder, env: { ...inherited, ...own }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const development = new Development(folder, `http://127.0.0.1:${port}`, child);
    try {
      await development.serving();
      return development;
    } catch (error) {
      await development.end();
      throw error;
    }
  }

  private serving() {
    return new Promise<void>((resolve, reject) => {
      this.child.on("exit", (code) => reject(new Error(`make watch ended with ${code}:\n${this.tail}`)));
      for (const output of [this.child.stdout!, this.child.stderr!]) {
        output.on("data", (text) => {
          this.log += text;
          if (/serving on http/.test(this.log)) resolve();
        });
      }
    });
  }

  /** Last lines of the output. */
  get tail(): string {
    return this.log.split("\n").slice(-40).join("\n");
  }

  /** Replaces a pattern's match in a file of the copy, as an editor would. */
  edit(file: string, pattern: RegExp, by: string) {
    const place = path.join(this.folder, file);
    const before = readFileSync(place, "utf8");
    const after = before.replace(pattern, by);
    if (after === before) throw new Error(`${file} has nothing that is like ${pattern}`);
    writeFileSync(place, after);
  }

  async end() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, "exit");
      process.kill(-this.child.pid!, "SIGINT");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Copies the files known to git in their current state, and the packages that `make setup` installed. */
function copy(folder: string) {
  const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  for (const file of tracked.split("\0").filter((file) => file && existsSync(path.join(ROOT, file)))) {
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  cpSync(path.join(ROOT, "public/plotly"), path.join(folder, "public/plotly"), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
}

/** Reuses dependencies already compiled for the unit tests. */
function takeDependencies() {
  const there = path.join(TARGET, "debug");
  if (existsSync(path.join(COMPILED, "debug")) || !existsSync(there)) return;
  const here = path.join(COMPILED, "debug");
  mkdirSync(here, { recursive: true });
  const parts = [".fingerprint", "build", "deps"].map((part) => path.join(there, part)).filter((part) => existsSync(part));
  // Use cp: Node.js does not preserve times as precisely as Cargo compares them.
  execFileSync("cp", ["--archive", "--reflink=auto", ...parts, here]);
  execFileSync("find", [here, "-name", "*rse_dashboard*", "-delete"]);
}
