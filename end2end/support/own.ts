// A server with its own data directory, for tests that change the data or stop the server.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run, runWith, type Server, serve } from "./program";

export class Own {
  private files = 0;

  private constructor(
    private readonly folder: string,
    private server: Server,
    private running = true,
  ) {}

  /** Serves a data directory filled by `fill`. */
  static async of(fill: (data: string) => Promise<unknown>): Promise<Own> {
    const folder = await mkdtemp(path.join(tmpdir(), "rse-dashboard-own-"));
    const data = path.join(folder, "data");
    await fill(data);
    return new Own(folder, await serve(data));
  }

  get url() {
    return this.server.url;
  }

  /** Imports records while the server runs, as an operator does. */
  async import(kind: "events" | "security", lines: string[]) {
    const file = path.join(this.folder, `${(this.files += 1)}.ndjson`);
    await writeFile(file, `${lines.join("\n")}\n`);
    await run("import", kind, file, "--data", path.join(this.folder, "data"));
  }

  /** Collects from sources with a separate command; returns true if it succeeds. */
  async sync(variables: NodeJS.ProcessEnv): Promise<boolean> {
    return runWith(variables, "sync", "--data", path.join(this.folder, "data")).then(
      () => true,
      () => false,
    );
  }

  async kill() {
    await this.server.kill();
    this.running = false;
  }

  /** Restarts the server at the same address. */
  async restart() {
    this.server = await serve(path.join(this.folder, "data"), new URL(this.url).port);
    this.running = true;
  }

  async end() {
    if (this.running) await this.server.stop();
    await rm(this.folder, { recursive: true });
  }
}
