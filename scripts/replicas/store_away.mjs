// Stops PostgreSQL under load, and starts replicas without it.
import { check, times, until } from "./checks.mjs";
import { Clients } from "./clients.mjs";
import { events } from "./events.mjs";

/** Two shutdowns by an administrator, then a crash. */
const STOPS = ["SIGINT", "SIGINT", "SIGQUIT"];
/** Number of answers to collect without a store, each time. */
const ANSWERS = 300;
const GENEROUS_MS = 10_000;

const areAll = (fleet, lost) => async () => {
  const states = await Promise.all(fleet.replicas.map((replica) => replica.freshness()));
  return states.every((state) => (state.store_lost !== null) === lost);
};

export async function stopped(fleet) {
  await fleet.importEvents(fleet.program.sample(30, 0.1));
  await fleet.start();
  const before = fleet.replicas.map((replica) => replica.pid);
  const clients = fleet.guest(new Clients(fleet.proxy.url));
  const [noticed, recovered, shown] = [[], [], []];
  for (const [round, signal] of STOPS.entries()) {
    const stopping = Date.now();
    await fleet.postgres.stop(signal);
    await until("every replica says that the store is lost", areAll(fleet, true));
    noticed.push(Date.now() - stopping);
    const { answers } = clients;
    await until("many were answered without a store", () => clients.answers > answers + ANSWERS);
    await fleet.postgres.start();
    const started = Date.now();
    await until("every replica has the store again", areAll(fleet, false));
    recovered.push(Date.now() - started);
    await fleet.importEvents(fleet.program.file("after.ndjson", events(`after-${round}`, 50)));
    const imported = Date.now();
    await fleet.shows(fleet.change());
    shown.push(Date.now() - imported);
  }
  await clients.stop();
  check("PostgreSQL was stopped under load: every request was answered", clients.bad.length === 0, clients.faults);
  check("every replica reported that the store was lost", true, times(noticed));
  check("every replica reconnected without help", true, times(recovered));
  check("every replica shows data imported afterwards", Math.max(...shown) < GENEROUS_MS, times(shown));
  check("no replica exited", fleet.replicas.every((replica, number) => replica.isRunning && replica.pid === before[number]));
  const panic = fleet.replicas.map((replica) => /.*panicked.*/.exec(replica.log)?.[0]).find(Boolean);
  check("nothing panicked", !panic, panic ?? "");
}

export async function missing(fleet) {
  await fleet.importEvents(fleet.program.file("events.ndjson", events("first", 100)));
  await fleet.postgres.stop();
  const starting = fleet.start();
  // Awaited below; avoids an unhandled rejection until then.
  starting.catch(() => {});
  const says = async (replica) => {
    const answer = await replica.ask("/health/ready");
    return replica.log.includes("cannot use the store") && answer;
  };
  const [first] = await until("there are replicas", () => fleet.replicas.length > 0 && fleet.replicas);
  const answer = await until("the log of a replica says why it is not ready", () => says(first));
  const isSilent = answer.text === "not ready: store\n" && !first.log.includes("secret");
  check("a replica without a store is not ready, and only its log says why", answer.status === 503 && isSilent, answer.text.trim());
  check("it is alive", (await first.ask("/health/live")).status === 200);
  await fleet.postgres.start();
  const started = Date.now();
  await starting;
  check("all become ready when the store starts", fleet.replicas.every((replica) => replica.isRunning), `after ${((Date.now() - started) / 1000).toFixed(2)} s`);
}
