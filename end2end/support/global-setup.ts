// Set-up before all tests: sample data in a separate directory, a server for it and an empty server.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run, serve } from "./program";

export default async function globalSetup() {
  const folder = await mkdtemp(path.join(tmpdir(), "rse-dashboard-e2e-"));
  const data = path.join(folder, "sample");
  const nothing = path.join(folder, "nothing");
  await Promise.all([mkdir(data), mkdir(nothing)]);
  await run("sample", "--seed", "1", "--as-of", "2019-10-25T17:15:00Z", "--days", "180", "--data", data);
  const servers = await Promise.all([serve(data), serve(nothing)]);
  process.env.E2E_DATA = data;
  process.env.E2E_URL = servers[0].url;
  process.env.E2E_EMPTY_URL = servers[1].url;
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(folder, { recursive: true });
  };
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the global setup did not run`);
  return value;
}

export const sampleUrl = () => given("E2E_URL");
export const emptyUrl = () => given("E2E_EMPTY_URL");
export const sampleData = () => given("E2E_DATA");
