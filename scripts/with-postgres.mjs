// Runs a command with a temporary PostgreSQL server in RSE_TEST_DATABASE_URL:
// node scripts/with-postgres.mjs COMMAND [ARGUMENT…]
import { spawn } from "node:child_process";

import { Postgres, programs } from "./lib/postgres.mjs";

const [command, ...args] = process.argv.slice(2);
if (!programs()) {
  console.log("skipped: PostgreSQL is missing and could not be installed (Debian, Ubuntu: apt-get install postgresql)");
  process.exit(process.env.CI === "true" ? 1 : 0);
}
const server = await Postgres.create({ settings: { max_connections: 200 } });
let status = 1;
try {
  console.log(`PostgreSQL of these tests: port ${server.port}`);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, RSE_TEST_DATABASE_URL: server.url } });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  status = await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
} finally {
  await server.remove();
}
process.exit(status);
