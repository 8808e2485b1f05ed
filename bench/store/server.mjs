// A server on a separate store, measured from outside.

import { readFile } from "node:fs/promises";
import { serve } from "../lib.mjs";

export class Server {
  /** Starts a server on the store of these variables and waits until it is ready; `ready` is that time in seconds. */
  static async start({ binary, site, env: store }) {
    const env = { LEPTOS_SITE_ROOT: site, ...store };
    const served = await serve(binary, ["serve", "--port", "0"], { env });
    return Object.assign(new Server(), served);
  }

  /** Listens to the live events; `changed` resolves once they name a new data version. */
  async listen() {
    const stop = new AbortController();
    const answer = await fetch(`${this.url}/api/live`, { signal: stop.signal });
    const chunks = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const tell = async (versions) => {
      while (new Set(text.match(/"version":"[^"]+"/g)).size < versions) {
        text += (await chunks.read()).value;
      }
    };
    await tell(1);
    return { changed: tell(2).then(() => stop.abort()) };
  }

  /** Returns the resident memory and its peak so far, in MB. */
  async memory() {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    const of = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
    return { resident: of("VmRSS"), peak: of("VmHWM") };
  }

  /** Returns the number of builds loaded. */
  async builds() {
    const answer = await fetch(`${this.url}/metrics`);
    return Number((await answer.text()).match(/snapshot_builds (\d+)/)[1]);
  }
}

export function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)];
}
