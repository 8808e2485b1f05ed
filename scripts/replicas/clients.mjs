// Clients that send requests through nginx while the servers behind it are disturbed.
import { setTimeout as pause } from "node:timers/promises";

const CLIENTS = 6;
const PLACES = ["/api/freshness", "/api/headline?days=7", "/api/figure?id=heatmap", "/pipelines", "/api/figure?id=timeline"];

/** Clients that send requests continuously and record the answers. */
export class Clients {
  #on = true;
  answers = 0;
  bad = [];

  constructor(url) {
    this.running = Array.from({ length: CLIENTS }, (_, number) => this.#ask(url, number));
  }

  async #ask(url, number) {
    for (let turn = number; this.#on; turn += 1) {
      const place = PLACES[turn % PLACES.length];
      try {
        const answer = await fetch(url + place, { signal: AbortSignal.timeout(30_000) });
        const text = await answer.text();
        if (answer.status !== 200) this.bad.push(`${place}: ${answer.status} ${text.slice(0, 200)}`);
        else if (place.startsWith("/api/")) JSON.parse(text);
      } catch (error) {
        this.bad.push(`${place}: ${error.cause?.message ?? error.message}`);
      }
      this.answers += 1;
      await pause(5);
    }
  }

  /** The failed requests: how many, and the first. */
  get faults() {
    return this.bad.length ? `${this.bad.length} of ${this.answers}, first ${this.bad[0]}` : `${this.answers} answers`;
  }

  async stop() {
    this.#on = false;
    await Promise.all(this.running);
  }
}

/** A reader that keeps cookies as a browser does. */
export class Reader {
  #cookies = new Map();

  constructor(url) {
    this.url = url;
  }

  async get(place) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(this.url + place, { headers: cookie ? { cookie } : {}, signal: AbortSignal.timeout(30_000) });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      this.#cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text() };
  }
}
