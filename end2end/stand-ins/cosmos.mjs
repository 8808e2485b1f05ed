// A local Cosmos DB account: an independent server from npm, @vercel/cosmosdb-server, over TLS,
// extended with keys, pages, a time index and faults on demand.
//
//   node end2end/stand-ins/cosmos.mjs [--port N] [--control-port N] [--seed FILE] [--reports] [--partitions N] [--child]
//
// FILE holds events as NDJSON, such as the output of `rse-dashboard sample --stdout`; it fills the
// container pipeline-metrics of the database jenkins. --reports fills cve-reports with invented reports of scans
// of the repositories of FILE. With --child, the first line of output is JSON and the process exits when its
// standard input closes, so that it never outlives its test.
import fs from 'node:fs';
import { control } from './cosmos/control.mjs';
import { reports } from './cosmos/reports.mjs';
import { createAccount, KEY } from './cosmos/server.mjs';
import { repositoriesOf } from './organisation.mjs';

/** Settings that let the official SDK connect to a local server. */
const ENVIRONMENT = {
  AZURE_COSMOS_CONNECTION_POOL_IS_HTTP2_ALLOWED: 'false',
  AZURE_COSMOS_EMULATOR_SERVER_CERT_VALIDATION_DISABLED: 'true',
};

const options = { port: 0, 'control-port': 0, seed: undefined, reports: false, partitions: 1, child: false };
for (let rest = process.argv.slice(2); rest.length > 0; ) {
  const name = rest.shift().replace(/^--/, '');
  if (!(name in options)) {
    console.error(`--${name} is not known: see the first lines of ${process.argv[1]}`);
    process.exit(2);
  }
  options[name] = typeof options[name] === 'boolean' ? true : rest.shift();
}

const account = await createAccount(Number(options.port), Number(options.partitions));
const events = options.seed ? fs.readFileSync(options.seed, 'utf8') : '';
if (events) account.seed('jenkins', 'pipeline-metrics', events);
if (options.reports) account.seed('jenkins', 'cve-reports', reports(repositoriesOf(events), Math.floor(Date.now() / 1000)));
const controlPort = await control(account, Number(options['control-port']));
const endpoint = `https://127.0.0.1:${account.port}/`;
const controlled = `http://127.0.0.1:${controlPort}`;

if (options.child) {
  console.log(JSON.stringify({ endpoint, control: controlled, key: KEY, environment: ENVIRONMENT }));
  process.stdin.resume().on('end', () => process.exit(0));
} else {
  console.log(`Cosmos DB stand-in at ${endpoint}, controlled at ${controlled}`);
  console.log('The dashboard reads it with this environment:');
  const variables = {
    COSMOS_ENDPOINT: endpoint,
    COSMOS_KEY: KEY,
    COSMOS_DATABASES: 'jenkins',
    ...ENVIRONMENT,
  };
  for (const [name, value] of Object.entries(variables)) console.log(`  ${name}=${value}`);
}
