// Control interface for tests: sets the account's documents and faults and lists its queries, over
// plain HTTP on a separate port.
import http from 'node:http';
import { limitPages } from './pages.mjs';

/** Listens on a port of 127.0.0.1 and returns the port. */
export async function control(account, port) {
  const actions = {
    /** Stores the body's NDJSON, creating the container if it is missing. */
    'POST /seed': (body, place) => ({
      documents: account.seed(place.get('database'), place.get('container'), body),
    }),
    'PUT /page': (body) => limitPages(Number(body)),
    'POST /faults': (body) => JSON.parse(body).forEach((fault) => account.faults.plan(fault)),
    'DELETE /faults': () => account.faults.clear(),
    /** Queries since the last call, in order. */
    'DELETE /log': () => account.log.splice(0),
  };
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://here');
    const action = actions[`${request.method} ${pathname}`];
    try {
      const body = Buffer.concat(await request.toArray()).toString();
      const answer = action(body, searchParams) ?? {};
      response.end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(400).end(String(action ? error : Object.keys(actions).join(', ')));
    }
  });
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  return server.address().port;
}
