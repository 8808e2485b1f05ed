// The account: the wrapped server with keys, pages and faults.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { Faults } from './faults.mjs';
import { addPages } from './pages.mjs';

/** Key of the account, not valid for any real one. */
export const KEY = Buffer.from('a key of the stand-in and of nothing else').toString('base64');

const require = createRequire(import.meta.url);
let wrapped;
try {
  wrapped = require('@vercel/cosmosdb-server');
} catch {
  console.error('@vercel/cosmosdb-server is not installed: run `make setup`');
  process.exit(1);
}

/** Starts an account on a port of 127.0.0.1 with a number of partitions per container. */
export async function createAccount(port, partitions) {
  addPages(require('@vercel/cosmosdb-server/lib/account/documents').default, partitions);
  // The server does not expose its account, so capture it on construction.
  const accounts = require('@vercel/cosmosdb-server/lib/account');
  const Account = accounts.default;
  let inner;
  accounts.default = class extends Account {
    constructor(...place) {
      super(...place);
      inner = this;
    }
  };
  const server = wrapped.createHttpsServer({ keepAlive: true });
  const [answer] = server.listeners('request');
  const account = {
    answer,
    partitions,
    faults: new Faults(),
    log: [],
    seed: (database, container, ndjson) => seed(inner, database, container, ndjson),
    missing: (place) => missing(inner, place),
  };
  server.removeAllListeners('request');
  server.on('request', (request, response) => handle(account, request, response));
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  account.port = server.address().port;
  return account;
}

function handle(account, request, response) {
  const { headers } = request;
  const path = new URL(request.url, 'https://here').pathname.split('/').filter(Boolean);
  const place = { database: path[1], container: path[3] };
  const missing = account.missing(place);
  if (!isSigned(request, path)) {
    refuse(response, 401, 'the signature does not fit');
  } else if (missing) {
    refuse(response, 404, missing.message, { 'x-ms-substatus': missing.detail });
  } else if (headers['content-type'] === 'application/query+json') {
    query(account, place, request, response);
  } else if (!refuseByFault(account, account.faults.next('metadata', place), response)) {
    if (path[4] === 'pkranges') intercept(response, (body) => split(body, account.partitions));
    account.answer(request, response);
  }
}

/** Requests a page from the server, or applies the planned fault. */
async function query(account, place, request, response) {
  const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const value = (name) => body.parameters?.find((parameter) => parameter.name === name)?.value;
  const entry = {
    ...place,
    query: body.query,
    from: value('@from'),
    to: value('@to'),
    partition: request.headers['x-ms-documentdb-partitionkeyrangeid'],
    continued: Boolean(request.headers['x-ms-continuation']),
    at: Date.now(),
  };
  account.log.push(entry);
  const fault = account.faults.next('queries', entry);
  entry.fault = fault?.fault;
  if (refuseByFault(account, fault, response)) return;
  if (fault?.fault === 'slow') await new Promise((done) => setTimeout(done, fault.wait));
  intercept(response, (page) => {
    entry.documents = JSON.parse(page)._count;
    return account.faults.alter(fault, response, page);
  });
  // Send the values that paging needs along with the query.
  const text = JSON.stringify({ ...body, partition: entry.partition, fault: fault?.fault });
  // The server requires this header; the SDK, which queries by partition, does not send it.
  const headers = { ...request.headers, 'x-ms-documentdb-query-enablecrosspartition': 'true' };
  headers['content-length'] = String(Buffer.byteLength(text));
  const again = Readable.from([Buffer.from(text)]);
  account.answer(Object.assign(again, { headers, method: request.method, url: request.url }), response);
}

/** Checks the signature as the service does: HMAC-SHA256 of verb, type, link and date. */
function isSigned(request, path) {
  const given = new URLSearchParams(decodeURIComponent(request.headers.authorization ?? ''));
  const isList = path.length % 2 === 1;
  const type = (isList ? path.at(-1) : path.at(-2)) ?? '';
  const link = (isList ? path.slice(0, -1) : path).join('/');
  const date = (request.headers['x-ms-date'] ?? '').toLowerCase();
  const text = `${request.method.toLowerCase()}\n${type}\n${link}\n${date}\n\n`;
  const expected = crypto.createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest();
  // A Base64 plus sign is decoded as a space here.
  const signature = Buffer.from((given.get('sig') ?? '').replaceAll(' ', '+'), 'base64');
  return signature.length === expected.length && crypto.timingSafeEqual(signature, expected);
}

/** Distinguishes a missing database from a missing container by substatus, as the service does. */
function missing(account, { database, container }) {
  if (database && !account.database(database).read()) {
    return { message: 'no such database', detail: '1003' };
  }
  if (container && !account.database(database).collection(container).read()) {
    return { message: 'no such container', detail: '0' };
  }
  return undefined;
}

/** Sends the fault if it is a refusal, and returns true in that case. */
function refuseByFault(account, fault, response) {
  const refusal = account.faults.refusal(fault);
  if (refusal) refuse(response, refusal.status, refusal.message, refusal.headers);
  return refusal !== undefined;
}

function refuse(response, status, message, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ code: String(status), message }));
}

/** Changes a body before it is sent; if no body is returned, sends nothing more. */
function intercept(response, change) {
  const end = response.end.bind(response);
  response.end = (body) => {
    const changed = change(body);
    if (changed !== undefined) end(changed);
  };
}

/** Partition ids as text, which the SDK expects; the server has one numbered partition. */
function split(body, partitions) {
  const answer = JSON.parse(body);
  const bound = (number) => Math.round((number * 0xff) / partitions).toString(16).toUpperCase();
  answer.PartitionKeyRanges = answer.PartitionKeyRanges?.flatMap((range) =>
    Array.from({ length: partitions }, (_, number) => ({
      ...range,
      id: String(number),
      _rid: number === 0 ? range._rid : `${range._rid}-${number}`,
      minInclusive: number === 0 ? '' : bound(number),
      maxExclusive: bound(number + 1),
    })),
  );
  return JSON.stringify(answer);
}

/** Stores documents in a container, creating it if it is missing. */
function seed(account, database, container, ndjson) {
  if (!account.database(database).read()) account.databases.create({ id: database });
  const { collections } = account.database(database);
  if (!account.database(database).collection(container).read()) {
    collections.create({ id: container, partitionKey: { paths: ['/id'], kind: 'Hash' } });
  }
  const { documents } = account.database(database).collection(container);
  let count = 0;
  for (const line of ndjson.split('\n')) {
    if (!line.trim()) continue;
    const document = JSON.parse(line);
    const stored = documents.upsert(document);
    // The server sets the current time; restore the time of each event.
    if (document._ts !== undefined) stored._ts = document._ts;
    count += 1;
  }
  documents.byTime = undefined;
  return count;
}
