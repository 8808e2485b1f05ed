// Repeatedly kills the refreshing replica, or freezes it for longer than its lease.
import { setTimeout as pause } from "node:timers/promises";

import { Account } from "./account.mjs";
import { check, difference, times, until } from "./checks.mjs";
import { changeOf } from "./fleet.mjs";
import { LEASE } from "./program.mjs";

const KILLS = 20;
const FREEZES = 5;
/** One day of events is one page from the account, and one transaction of the refresh. */
const DAYS = 170;
const PAGE_MS = 400;
/** Not a speed limit: it only tests that another replica takes over at all. */
const GENEROUS_MS = LEASE * 1000 + 10_000;

/** Starts a slow account and replicas that refresh from it; returns the account. */
async function refreshFromAccount(fleet) {
  const account = fleet.guest(await Account.start(fleet.program.sample(DAYS, 0.03)));
  await account.slowDown(PAGE_MS);
  await fleet.start(account.variables);
  fleet.watchWriters();
  return account;
}

/** Waits until another replica refreshes; returns the time that took. */
async function takenOver(fleet, { token, replica }, since) {
  const next = await until("another replica refreshes", () => {
    const lease = fleet.lease();
    return lease?.replica && lease.token > token && lease;
  });
  return { took: Date.now() - since, byAnother: next.replica !== replica, token: next.token };
}

/** Lets the refresh finish, and compares with a store that was filled undisturbed. */
async function sameAsClean(fleet, account, what) {
  await account.hurry();
  const ended = "SELECT 1 FROM syncs WHERE succeeded_ms > started_ms AND started_ms >";
  const now = Date.now();
  await until("a whole refresh has ended", () => fleet.postgres.query(`${ended} ${now}`));
  const clean = { RSE_DATA: `${fleet.program.folder}/clean` };
  await fleet.program.runBeside(["sync"], { ...clean, ...account.variables });
  const expected = fleet.program.content(clean);
  const differs = difference(fleet.content(), expected);
  check(`${what}: the contents match a clean run`, differs === "", differs || `${expected.split("\n").length - 1} builds and events`);
  const trespassers = fleet.trespassers();
  check(`${what}: no replica wrote without the lease`, trespassers === "", trespassers);
  const change = fleet.change();
  await fleet.shows(change);
  check(`${what}: all replicas show the last change`, true, `change ${change}`);
}

export async function killed(fleet) {
  const account = await refreshFromAccount(fleet);
  const took = [];
  let [token, within, byAnother] = [0, 0, 0];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lease = await fleet.refreshing(token);
    // Wait for a random point within a page.
    await pause(Math.random() * PAGE_MS);
    within += Number(fleet.postgres.query("SELECT COUNT(*) FROM syncs WHERE finished_ms IS NULL"));
    const since = Date.now();
    await lease.replica.kill();
    lease.replica.start();
    const next = await takenOver(fleet, lease, since);
    took.push(next.took);
    byAnother += Number(next.byAnother);
    token = lease.token;
  }
  check(`${KILLS} replicas were killed while they refreshed`, within === KILLS, `${within} within a refresh`);
  check("another replica took over the refresh each time", Math.max(...took) < GENEROUS_MS, `${times(took)} (the lease is ${LEASE} s), ${byAnother} times by a different replica`);
  await sameAsClean(fleet, account, "after the kills");
}

export async function frozen(fleet) {
  const account = await refreshFromAccount(fleet);
  const took = [];
  let [token, told, serving] = [0, 0, 0];
  for (let freeze = 0; freeze < FREEZES; freeze += 1) {
    const lease = await fleet.refreshing(token);
    await pause(Math.random() * PAGE_MS);
    const { replica } = lease;
    const said = replica.log.length;
    replica.signal("SIGSTOP");
    try {
      const next = await takenOver(fleet, lease, Date.now());
      took.push(next.took);
      token = lease.token;
      await fleet.refreshing(token);
    } finally {
      replica.signal("SIGCONT");
    }
    const loss = /lost the (lease|right)/;
    await until("the one that was frozen knows what it lost", () => loss.test(replica.log.slice(said)));
    told += 1;
    const change = fleet.change();
    await until("it serves what came meanwhile", async () => changeOf(await replica.freshness()) >= change);
    serving += Number(replica.isRunning);
  }
  check(`${FREEZES} replicas were frozen while they refreshed, and each was replaced`, Math.max(...took) < GENEROUS_MS, times(took));
  check("each resumed replica reported that it had lost the lease", told === FREEZES);
  check("each resumed replica kept serving, with the data of the others", serving === FREEZES);
  await sameAsClean(fleet, account, "after the freezes");
}
