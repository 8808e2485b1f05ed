// Requests paths in turn, fifty times a second, until told to stop; reports the time of each in ms.
// Runs in a separate thread, so that other work of the bench, such as starting a program, delays no answer.
import { Agent } from "node:http";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { sleep, status } from "../lib.mjs";

const PAUSE_MS = 20;

/** Starts asking; `stop` resolves to the time of each answer. */
export function asking(url, paths) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, paths } });
  const said = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return {
    stop: () => {
      worker.postMessage("stop");
      return said;
    },
  };
}

async function ask({ url, paths }) {
  const agent = new Agent({ keepAlive: true });
  const one = async (path) => {
    const asked = performance.now();
    const answer = await status(url + path, { agent });
    if (answer !== 200) throw new Error(`${path} was answered with ${answer}`);
    return performance.now() - asked;
  };
  // Warm up: a thread's first run and its connection cost client time, not the server's.
  for (const path of paths) await one(path);
  const took = [];
  let stopped = false;
  parentPort.once("message", () => (stopped = true));
  for (let turn = 0; !stopped; turn++) {
    took.push(await one(paths[turn % paths.length]));
    await sleep(Math.max(0, PAUSE_MS - took.at(-1)));
  }
  agent.destroy();
  parentPort.postMessage(took);
}

if (!isMainThread) await ask(workerData);
