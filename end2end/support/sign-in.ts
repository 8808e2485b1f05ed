// A closed dashboard and its sign-in provider. The browser sees them on different hosts, as in
// production; otherwise SameSite cookies could not be tested.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "@playwright/test";
import { sampleData } from "./global-setup";
import { type Server, serve } from "./program";

const SCRIPT = path.resolve(__dirname, "../stand-ins/oidc.mjs");
/** Token that scripts send, and its hash as known to the server. */
export const TOKEN = "a token of the tests";
const TOKEN_HASH = "864c519db7f7a71adf8cd1ad238d9c3fc57e7e1f9fd6463afe1bd39e5617489f";

export class Provider {
  private constructor(
    readonly issuer: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(dashboard: string, port = "0"): Promise<Provider> {
    const arguments_ = [SCRIPT, "--child", "--dashboard", dashboard, "--port", port];
    const child = spawn("node", arguments_, { stdio: ["pipe", "pipe", "ignore"] });
    for await (const line of createInterface(child.stdout)) return new Provider(JSON.parse(line).ready, child);
    throw new Error("the provider's stand-in did not start: `make setup` installs what it needs");
  }

  /** Changes its behaviour; see stand-ins/oidc.mjs. */
  async change(change: object) {
    const answer = await fetch(`${this.issuer}/_stand-in/control`, { method: "POST", body: JSON.stringify(change) });
    if (!answer.ok) throw new Error(`the stand-in does not change: ${await answer.text()}`);
  }

  async end() {
    const ended = once(this.child, "exit");
    this.child.stdin!.end();
    await ended;
  }
}

export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return String(port);
}

/** A closed dashboard with sample data. */
export class Closed {
  private constructor(
    readonly url: string,
    readonly provider: Provider,
    private server: Server,
  ) {}

  static async of(variables: NodeJS.ProcessEnv = {}): Promise<Closed> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const provider = await Provider.start(url);
    return new Closed(url, provider, await serve(sampleData(), port, { ...environment(url, provider.issuer), ...variables }));
  }

  /** What the dashboard has logged so far. */
  get log() {
    return this.server.log();
  }

  async end() {
    await Promise.all([this.server.stop(), this.provider.end()]);
  }
}

export function environment(url: string, issuer: string): NodeJS.ProcessEnv {
  return {
    RSE_PUBLIC_URL: url,
    RSE_OIDC_ISSUER: issuer,
    RSE_OIDC_CLIENT_ID: "dashboard",
    RSE_OIDC_CLIENT_SECRET: "stand-in-secret",
    RSE_OIDC_SCOPES: "profile email groups",
    RSE_OIDC_ALLOWED_DOMAINS: "example.org",
    RSE_OIDC_ALLOWED_GROUPS: "rse",
    RSE_SESSION_KEY: Buffer.alloc(64, "only for tests").toString("base64"),
    RSE_API_TOKENS: TOKEN_HASH,
  };
}

/** Fills in the provider's form from any page of the dashboard. */
export async function signInAs(page: Page, account: string) {
  await page.getByLabel("Account").fill(account);
  await page.getByRole("button", { name: "Sign in" }).click();
}
