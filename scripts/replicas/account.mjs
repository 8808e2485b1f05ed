// A Cosmos DB account to refresh from: the stand-in of the source tests, over TLS, in a separate process.
// It answers slowly on request, so that a refresh lasts long enough to be interrupted.
import { spawn } from "node:child_process";
import { once } from "node:events";

export class Account {
  static async start(seed) {
    const account = new Account();
    account.child = spawn("node", ["end2end/stand-ins/cosmos.mjs", "--child", "--seed", seed], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(account.child.stdout, "data");
    const { endpoint, control, key, environment } = JSON.parse(line);
    account.control = control;
    account.variables = { ...environment, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASES: "jenkins" };
    return account;
  }

  /** Delays each page by this many milliseconds. */
  async slowDown(wait) {
    await this.#ask("POST", [{ fault: "slow", times: -1, wait }]);
  }

  async hurry() {
    await this.#ask("DELETE");
  }

  async #ask(method, faults) {
    const answer = await fetch(`${this.control}/faults`, { method, body: faults && JSON.stringify(faults) });
    if (!answer.ok) throw new Error(`the account refuses: ${await answer.text()}`);
  }

  stop() {
    this.child.kill();
  }
}
