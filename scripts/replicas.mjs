// Tests several replicas behind nginx on one PostgreSQL while a replica or the store is killed, frozen or
// stopped. Prints one line per check and ends like the other test runners. Times are printed but, within
// generous limits, never a reason to fail.
//
//   node scripts/replicas.mjs [--quick] [SCENARIO…]
//
//   RSE_BINARY    the program, if it is not the release build
import { programs } from "./lib/postgres.mjs";
import { binary } from "./lib/server.mjs";
import { anyKilled } from "./replicas/any_killed.mjs";
import { check, counted } from "./replicas/checks.mjs";
import { Fleet } from "./replicas/fleet.mjs";
import { isInstalled } from "./replicas/proxy.mjs";
import { frozen, killed } from "./replicas/refreshing.mjs";
import { missing, stopped } from "./replicas/store_away.mjs";
import { newData, twoImporters, twoVersions } from "./replicas/writing.mjs";

const quick = { "two-versions": twoVersions, "two-importers": twoImporters, "new-data": newData, "no-store-at-start": missing };
const slow = { "refreshing-killed": killed, "refreshing-frozen": frozen, "store-stopped": stopped, "any-killed": anyKilled };
const all = { ...quick, ...slow };

const args = process.argv.slice(2);
const named = args.filter((arg) => arg !== "--quick");
const unknown = named.find((name) => !(name in all));
if (unknown) {
  console.error(`no scenario is named ${unknown}; there are ${Object.keys(all).join(", ")}`);
  process.exit(2);
}
const absent = [programs() ? "" : "postgresql", isInstalled() ? "" : "nginx-light"].filter(Boolean);
if (absent.length) {
  console.log(`skipped: ${absent.join(" and ")} could not be installed (Debian, Ubuntu: apt-get install ${absent.join(" ")})`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const scenarios = named.length ? named : Object.keys(args.includes("--quick") ? quick : all);
for (const name of scenarios) {
  const began = Date.now();
  const { failed } = counted;
  console.log(`  ${name}`);
  const fleet = await Fleet.create(binary());
  try {
    await all[name](fleet);
  } catch (error) {
    check(`${name} ran to its end`, false, error.stack);
  } finally {
    if (counted.failed > failed) console.log(fleet.logs);
    await fleet.remove();
  }
  console.log(`          ${((Date.now() - began) / 1000).toFixed(0)} s`);
}
console.log(`${counted.passed} passed, ${counted.failed} failed`);
process.exitCode = counted.failed ? 1 : 0;
