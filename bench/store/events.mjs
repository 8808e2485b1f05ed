// Makes events for the measured stores, and imports them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

/** The sample's last instant, fixed so that every run has the same events. */
const AS_OF = "2019-10-25T17:15:00Z";
export const NEW_EVENTS = 1000;

export async function writeSample(binary, scale, file) {
  const sample = spawn(binary, sampleToStdout(scale), { stdio: ["ignore", "pipe", "inherit"] });
  await pipeline(sample.stdout, createWriteStream(file));
  return file;
}

/** Makes events of new builds in the sample's pipelines, just before its end. */
export async function newEvents(binary, scale, turn) {
  const sample = spawn(binary, sampleToStdout(scale), { stdio: ["ignore", "pipe", "ignore"] });
  const lines = [];
  for await (const line of createInterface({ input: sample.stdout })) {
    const event = JSON.parse(line);
    const number = 900_000 + turn * NEW_EVENTS + lines.length;
    const at = new Date(Date.parse(AS_OF) - 1000 * (NEW_EVENTS - lines.length)).toISOString();
    Object.assign(event, {
      id: `new-${number}`,
      build_tag: `jenkins-new-${Math.floor(number / 5)}`,
      build_id: String(number),
      stage_timestamp: at,
      current_build_scheduled_time: at,
    });
    lines.push(JSON.stringify(event));
    if (lines.length === NEW_EVENTS) break;
  }
  sample.kill();
  return `${lines.join("\n")}\n`;
}

/**
 * Imports a file, or the sample while it is generated; returns the number of events and the peak memory in
 * MB. The variables in `store` name the store. */
export async function importEvents(binary, store, file, scale) {
  const time = "/usr/bin/time";
  const timed = await stat(time).then(() => ["-f", "%M", binary], () => undefined);
  const words = ["import", "events", "--json", file ?? "-"];
  const program = timed ? [time, ...timed] : [binary];
  const importing = spawn(program[0], [...program.slice(1), ...words], { env: { ...process.env, ...store } });
  if (file) {
    importing.stdin.end();
  } else {
    const sample = spawn(binary, sampleToStdout(scale), { stdio: ["ignore", "pipe", "inherit"] });
    sample.stdout.pipe(importing.stdin);
  }
  const [report, said, [status]] = await Promise.all([
    text(importing.stdout),
    text(importing.stderr),
    once(importing, "close"),
  ]);
  if (status !== 0) throw new Error(`the import failed: ${said}`);
  const peak = timed ? Number(said.trim().split("\n").at(-1)) / 1024 : undefined;
  return { count: JSON.parse(report).read, peak };
}

function sampleToStdout(scale) {
  return ["sample", "--scale", scale, "--as-of", AS_OF, "--stdout"].map(String);
}
