// How a test tells the account what to hold and what to suffer, and asks what it was asked: plain
// HTTP on a port of its own.
import http from 'node:http';
import { limitPages } from './pages.mjs';

/** Listens on a port of 127.0.0.1, and says on which. */
export async function control(account, port) {
  const actions = {
    /** NDJSON in the body; makes the container where it is not there. */
    'POST /seed': (body, place) => ({
      documents: account.seed(place.get('database'), place.get('container'), body),
    }),
    'PUT /page': (body) => limitPages(Number(body)),
    'POST /faults': (body) => JSON.parse(body).forEach((fault) => account.faults.plan(fault)),
    'DELETE /faults': () => account.faults.clear(),
    /** The queries since it was asked last, in their order. */
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
