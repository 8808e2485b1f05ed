// Two programs of the same or different versions write at once; readers see new data at once and in order.
import { readFileSync } from "node:fs";

import { check, difference, times, until } from "./checks.mjs";
import { Reader } from "./clients.mjs";
import { events } from "./events.mjs";
import { changeOf } from "./fleet.mjs";
import { Replica } from "./program.mjs";
import { freePort } from "../lib/postgres.mjs";

const EVENTS = 100_000;
const IMPORTS = 10;
const GENEROUS_MS = 10_000;

/** Both importers write the middle fifth; the second begins where the first ends. */
export async function twoImporters(fleet) {
  const { program } = fleet;
  const lines = readFileSync(program.sample(180, 0.6), "utf8").trim().split("\n").slice(0, EVENTS);
  const ascending = program.file("ascending.ndjson", lines.slice(0, EVENTS * 0.6).join("\n"));
  const descending = program.file("descending.ndjson", lines.slice(EVENTS * 0.4).reverse().join("\n"));
  const began = Date.now();
  await Promise.all([ascending, descending].map((file) => fleet.importEvents(file)));
  const seconds = (Date.now() - began) / 1000;
  const clean = { RSE_DATA: `${program.folder}/clean` };
  await program.runBeside(["import", "events", program.file("all.ndjson", lines.join("\n"))], clean);
  const kept = fleet.events();
  check(`${EVENTS} events from two importers at once: each is stored once`, lines.length === EVENTS && kept === EVENTS, `${kept} in ${seconds.toFixed(1)} s`);
  const differs = difference(fleet.content(), program.content(clean));
  check("the contents match those of one importer", differs === "", differs);
}

export async function newData(fleet) {
  const { program } = fleet;
  await fleet.importEvents(program.sample(30, 0.1));
  await fleet.start();
  const reader = fleet.guest(watch(fleet.proxy.url));
  const took = [];
  for (let round = 0; round < IMPORTS; round += 1) {
    await fleet.importEvents(program.file("new.ndjson", events(`new-${round}`, 20)));
    const imported = Date.now();
    await fleet.shows(fleet.change());
    took.push(Date.now() - imported);
  }
  check(`${IMPORTS} imports reached all replicas`, Math.max(...took) < GENEROUS_MS, times(took));
  const { asked, versions, back, bad } = await reader.stop();
  check("a reader answered by each replica in turn never sees an older version", back.length === 0 && versions > IMPORTS / 2, `${asked} answers, ${versions} versions${back.length ? `, ${back[0]}` : ""}`);
  check("each of the reader's requests was answered", bad.length === 0, bad[0] ?? "");
}

/** Follows the data version through nginx, with a browser's cookies. */
function watch(url) {
  const reader = new Reader(url);
  const seen = { asked: 0, versions: 0, back: [], bad: [] };
  let on = true;
  const running = (async () => {
    for (let last = 0; on; seen.asked += 1) {
      const { status, text } = await reader.get("/api/freshness").catch((error) => ({ status: "none", text: error.message }));
      if (status !== 200) {
        seen.bad.push(`${status} ${text}`);
        continue;
      }
      const change = changeOf(JSON.parse(text));
      if (change < last) seen.back.push(`${change} after ${last}`);
      if (change > last) seen.versions += 1;
      last = change;
    }
  })();
  return {
    stop: async () => {
      on = false;
      await running;
      return seen;
    },
  };
}

const PLACES = ["/api/headline?days=7", "/api/figure?id=heatmap", "/api/figure?id=most_failing&days=28", "/api/figure?id=timeline"];

/** The newer program changes the schema within the same generation, and both programs serve. */
export async function twoVersions(fleet) {
  const { program, postgres } = fleet;
  await fleet.importEvents(program.sample(30, 0.1));
  await fleet.start();
  postgres.query(`ALTER TABLE builds ADD COLUMN owner TEXT; ALTER TABLE events ADD COLUMN colour TEXT;
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'from the future', TRUE, '', 0)`);
  const newer = new Replica(program, "newer", await freePort(), fleet.shared);
  newer.start();
  fleet.replicas.push(newer);
  await newer.ready();
  await fleet.importEvents(program.file("new.ndjson", events("after", 200)));
  await fleet.shows(fleet.change());
  check("after a schema change, running and new replicas take in new data", true, `change ${fleet.change()}`);
  const differing = [];
  for (const place of PLACES) {
    const answers = await Promise.all(fleet.replicas.map((replica) => replica.ask(place)));
    const isGood = answers.every(({ status, text }) => status === 200 && text === answers[0].text);
    if (!isGood) differing.push(place);
  }
  check("old and new replicas serve the same numbers", differing.length === 0, differing.join(", "));

  postgres.query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (100, 'another generation', TRUE, '', 0)");
  await newer.kill();
  newer.start();
  const answer = await until("its log says why it is not ready", async () => {
    const answer = await newer.ask("/health/ready");
    return newer.log.includes("newer version") && answer;
  });
  check("a program of an older generation is not ready, and its log says why", answer.status === 503, answer.text.trim());
}
