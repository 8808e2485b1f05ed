// Runs a command against a release server with two months of sample data. {url} in the arguments stands
// for its address: node scripts/with-server.mjs COMMAND [ARGUMENT…]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { run, Server } from "./lib/server.mjs";

const [command, ...args] = process.argv.slice(2);
if (!command) throw new Error("usage: with-server.mjs COMMAND [ARGUMENT…]");
const folder = mkdtempSync(path.join(tmpdir(), "rse-dashboard-server-"));
const variables = { RSE_DATA: path.join(folder, "data") };
let status = 1;
try {
  await run(["sample", "--days", "60"], variables);
  const server = await Server.start({ variables });
  const child = spawn(command, args.map((arg) => arg.replaceAll("{url}", server.url)), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  status = await new Promise((resolve, reject) => child.on("error", reject).on("exit", (code) => resolve(code ?? 1)));
  const ended = await server.stop();
  if (ended !== 0) throw new Error(`the server ended with ${ended}:\n${server.log}`);
  if (/panicked/.test(server.log)) throw new Error(`the server panicked:\n${server.log}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status;
