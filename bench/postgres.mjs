// A shared store: how fast PostgreSQL takes in events, how much space they need, how soon a replica is
// ready, and how soon three replicas show new events. 100x is slow and measured only with BENCH_FULL=1.

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Postgres, programs } from "../scripts/lib/postgres.mjs";
import { isFull, row as line } from "./lib.mjs";
import { NEW_EVENTS, importEvents, newEvents, writeSample } from "./store/events.mjs";
import { Server } from "./store/server.mjs";

const REPLICAS = 3;
const TURNS = 5;
/** Settings of a dedicated server: a quarter of a small machine's memory, and few checkpoints. */
const SETTINGS = { shared_buffers: "1GB", max_wal_size: "4GB", checkpoint_timeout: "15min" };

export async function measure({ binary, site, scratch, say }) {
  if (!programs()) {
    say("PostgreSQL is missing, so the shared store is left out (Debian, Ubuntu: apt-get install postgresql)");
    return { rows: [], tables: [], bounds: ["PostgreSQL was not installed where this was measured."] };
  }
  const results = [];
  for (const scale of isFull("postgres") ? [1, 10, 100] : [1, 10]) {
    const folder = path.join(scratch, `${scale}x`);
    await mkdir(folder);
    results.push(await measureScale({ binary, site, folder, scale, say }));
    await rm(folder, { recursive: true });
  }
  return { rows: results.flatMap(rows), tables: [], bounds: BOUNDS };
}

async function measureScale({ binary, site, folder, scale, say }) {
  const result = { scale, imports: [], starts: [], shown: [] };
  const file = scale === 100 ? undefined : await writeSample(binary, scale, path.join(folder, "events.ndjson"));
  const runs = { 1: 3, 10: 2, 100: 1 }[scale];
  for (let turn = 1; turn <= runs; turn++) {
    const database = await Postgres.create({ durable: true, settings: SETTINGS });
    const store = { DATABASE_URL: database.url };
    try {
      say(`PostgreSQL ${scale}x: importing, ${turn} of ${runs}`);
      const began = performance.now();
      const { count, peak } = await importEvents(binary, store, file, scale);
      result.imports.push({ rate: count / ((performance.now() - began) / 1000), peak });
      result.count = count;
      if (turn === runs) {
        result.size = Number(database.query("SELECT pg_database_size(current_database())"));
        await measureReplicas({ binary, site, folder, store, scale, say, result });
      }
    } finally {
      await database.remove();
    }
  }
  return result;
}

async function measureReplicas({ binary, site, folder, store, scale, say, result }) {
  say(`PostgreSQL ${scale}x: starting ${REPLICAS} replicas and adding ${NEW_EVENTS} events ${TURNS} times`);
  const replicas = [];
  try {
    for (let number = 0; number < REPLICAS; number++) {
      const replica = await Server.start({ binary, site, env: store });
      replicas.push(replica);
      result.starts.push({ ready: replica.ready, ...(await replica.memory()) });
    }
    for (let turn = 1; turn <= TURNS; turn++) {
      const news = path.join(folder, "new.ndjson");
      await writeFile(news, await newEvents(binary, scale, turn));
      const told = await Promise.all(replicas.map((replica) => replica.listen()));
      const began = performance.now();
      const all = Promise.all(told.map(({ changed }) => changed));
      await importEvents(binary, store, news);
      const stored = performance.now();
      await all;
      const shown = performance.now();
      result.shown.push({ all: (shown - began) / 1000, afterwards: Math.max(0, shown - stored) / 1000 });
    }
    result.memory = (await Promise.all(replicas.map((replica) => replica.memory()))).map(({ resident }) => resident);
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
}

function rows({ scale, imports, count, size, starts, shown, memory }) {
  const row = (what, ...rest) => line(`PostgreSQL: ${what}, ${scale}x`, ...rest);
  const all = (list, key) => list.map((one) => one[key]);
  return [
    row("import of NDJSON", 50_000, all(imports, "rate"), "events/s", "more"),
    row("bytes per event, with indexes", null, [size / count], "B"),
    row("size of the database", null, [size / 2 ** 20], "MB"),
    row("start of a replica until ready", null, all(starts, "ready"), "s"),
    row("resident memory of a replica", null, all(starts, "resident"), "MB"),
    row(`the same after ${TURNS} batches of new events`, null, memory, "MB"),
    row("1,000 new events, from file to all three replicas", 2, all(shown, "all"), "s"),
    row("of which after they are stored", null, all(shown, "afterwards"), "s"),
  ];
}

const BOUNDS = [
  "The database shares two cores with the import and the replicas, and waits for its disk in every transaction.",
  "With more data, an event costs more. The likely reason, which has not been profiled, is that a build's key is derived from its tag: writes are spread over the indexes, and after a checkpoint PostgreSQL logs each of their pages in full.",
];
