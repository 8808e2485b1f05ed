// Kills replicas at random moments, while readers send requests and data arrives.
import { check, difference } from "./checks.mjs";
import { Clients } from "./clients.mjs";
import { events } from "./events.mjs";

const KILLS = 12;

export async function anyKilled(fleet) {
  const { program } = fleet;
  const clean = { RSE_DATA: `${program.folder}/clean` };
  const sample = program.sample(30, 0.1);
  await fleet.importEvents(sample);
  await program.runBeside(["import", "events", sample], clean);
  await fleet.start();
  const clients = fleet.guest(new Clients(fleet.proxy.url));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const replica = fleet.replicas[kill % fleet.replicas.length];
    const file = program.file("new.ndjson", events(`kill-${kill}`, 50));
    const importing = fleet.importEvents(file);
    await replica.kill();
    replica.start();
    await importing;
    await program.runBeside(["import", "events", file], clean);
    await replica.ready();
  }
  await clients.stop();
  check(`${KILLS} replicas were killed under load: no request was lost`, clients.bad.length === 0, clients.faults);
  await fleet.shows(fleet.change());
  const differs = difference(fleet.content(), program.content(clean));
  check("no data was lost", differs === "", differs);
}
