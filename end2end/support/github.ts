// A local stand-in for GitHub that tests collect from.
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";

const SCRIPT = path.resolve(__dirname, "../stand-ins/github.mjs");

export class GitHub {
  private constructor(
    private readonly url: string,
    /** Stops the stand-in. */
    readonly end: () => void,
  ) {}

  static async start(): Promise<GitHub> {
    const child = spawn("node", [SCRIPT, "--child"], { stdio: ["pipe", "pipe", "inherit"] });
    for await (const line of createInterface(child.stdout)) {
      return new GitHub(JSON.parse(line).ready, () => child.stdin.end());
    }
    throw new Error("GitHub's stand-in did not start: `make setup` installs what it needs");
  }

  /** Variables that point the program to the stand-in. */
  variables(token = "stand-in-token"): NodeJS.ProcessEnv {
    return { GITHUB_API_URL: this.url, GITHUB_TOKEN: token };
  }

  /** Changes its responses; see stand-ins/github/world.mjs. */
  async change(change: object) {
    const answer = await fetch(`${this.url}/_stand-in/control`, { method: "POST", body: JSON.stringify(change) });
    if (!answer.ok) throw new Error(`the stand-in does not change: ${await answer.text()}`);
  }
}
