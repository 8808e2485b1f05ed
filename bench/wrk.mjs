// Measures the most requests per second that a server answers, with wrk on a separate core.
import { onOneCore, run } from "./lib.mjs";

export const CONNECTIONS = 16;
const SECONDS = 3;

/** Requests one address continuously; returns answers per second, and the median and 99th percentile in ms. */
export function wrk(url) {
  const script = ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "--latency", "-H", "Accept-Encoding: br", url];
  const said = run(...onOneCore(1, "wrk", script));
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`not every answer of ${url} was good:\n${said}`);
  const of = (pattern) => pattern.exec(said);
  const ms = (share) => {
    const [, value, unit] = of(new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`));
    return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit];
  };
  return { rate: Number(of(/Requests\/sec:\s+([\d.]+)/)[1]), p50: ms(50), p99: ms(99) };
}
