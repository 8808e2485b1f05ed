// Three replicas behind nginx, and the PostgreSQL that they share.
import { Postgres, freePort } from "../lib/postgres.mjs";
import { until } from "./checks.mjs";
import { Program, Replica } from "./program.mjs";
import { Proxy } from "./proxy.mjs";

const REPLICAS = 3;

/** Lines to print from each log when a scenario fails. */
const LINES = 30;

export class Fleet {
  replicas = [];
  #guests = [];

  /** Starts PostgreSQL and prepares the program; no replica runs yet. */
  static async create(binary) {
    const fleet = new Fleet();
    fleet.program = new Program(binary);
    fleet.postgres = await Postgres.create({ settings: { max_connections: 200 } });
    fleet.shared = { DATABASE_URL: fleet.postgres.url };
    return fleet;
  }

  /** Starts the replicas and nginx. `variables` configure a source. */
  async start(variables = {}) {
    for (let number = 1; number <= REPLICAS; number += 1) {
      const replica = new Replica(this.program, `replica-${number}`, await freePort(), { ...this.shared, ...variables });
      replica.start();
      this.replicas.push(replica);
    }
    await Promise.all(this.replicas.map((replica) => replica.ready()));
    this.proxy = await Proxy.start(this.program, this.replicas);
  }

  /** Registers a client or source to stop with the fleet. */
  guest(guest) {
    this.#guests.push(guest);
    return guest;
  }

  async importEvents(file) {
    await this.program.runBeside(["import", "events", file], this.shared);
  }

  content() {
    return this.program.content(this.shared);
  }

  /** Returns the number of the store's last change. */
  change() {
    return Number(this.postgres.query("SELECT value FROM meta WHERE key = 'version'"));
  }

  /** Waits until every replica shows this change or a later one. */
  async shows(change) {
    const shown = (replica) => async () => changeOf(await replica.freshness()) >= change;
    await Promise.all(this.replicas.map((replica) => until(`${replica.name} shows change ${change}`, shown(replica))));
  }

  /** Returns the refresh lease: its number, and its replica if it belongs to this fleet. */
  lease() {
    const row = this.postgres.query("SELECT token, holder FROM leases WHERE source = 'cosmos' AND until > clock_timestamp() AND holder <> ''");
    if (!row) return undefined;
    const [token, holder] = row.split("\t");
    const ports = this.postgres.query(`SELECT client_port FROM pg_stat_activity WHERE application_name = '${holder}'`).split("\n").filter(Boolean);
    const holds = (replica) => replica.isRunning && ports.some((port) => replica.isConnected(Number(port), this.postgres.port));
    return { token: Number(token), replica: this.replicas.find(holds) };
  }

  events() {
    return Number(this.postgres.query("SELECT COUNT(*) FROM events"));
  }

  /** Waits until a replica refreshes under a lease later than `after` and has written data. */
  async refreshing(after = 0) {
    const before = await until("a replica refreshes", () => {
      const lease = this.lease();
      return lease?.replica && lease.token > after && { ...lease, events: this.events() };
    });
    return until("it has brought something", () => {
      const lease = this.lease();
      if (lease?.token !== before.token) throw new Error("it is not at it any more");
      return this.events() > before.events && before;
    });
  }

  /**
   * Makes PostgreSQL record every writer of source data that does not hold the lease. The database
   * decides who writes, whatever a replica believes.
   */
  watchWriters() {
    const tables = ["builds", "events", "cursors", "coverage"];
    const triggers = tables.map((table) => `CREATE TRIGGER watched AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION watch();`);
    this.postgres.query(`CREATE TABLE trespassers (writer TEXT NOT NULL);
      CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO trespassers SELECT current_setting('application_name') WHERE NOT EXISTS
          (SELECT 1 FROM leases WHERE source = 'cosmos' AND holder = current_setting('application_name'));
        RETURN NULL; END $$; ${triggers.join(" ")}`);
  }

  trespassers() {
    return this.postgres.query("SELECT writer, COUNT(*) FROM trespassers GROUP BY writer");
  }

  /** Returns the ends of the logs. */
  get logs() {
    const logs = [...this.replicas, this.proxy].filter(Boolean);
    return logs.map(({ name, log }) => `${name}:\n${log.split("\n").slice(-LINES).join("\n")}`).join("\n");
  }

  async remove() {
    await Promise.all(this.#guests.map((guest) => guest.stop()));
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.proxy?.stop();
    await this.postgres.remove();
    this.program.remove();
  }
}

/** Parses the change from `1f0c-17-3a9b`: the store, its change, the configuration. */
export function changeOf(freshness) {
  return Number(freshness.live.version.split("-")[1]);
}
