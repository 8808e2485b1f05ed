// State of the stand-in: repositories and their files, limits and requested faults.

import { named } from "./named.mjs";
import { own } from "./own.mjs";
import { synthesise } from "./facts.mjs";

export class World {
  constructor(facts, state, names = []) {
    this.facts = facts;
    this.names = names;
    this.organisation = "hmcts";
    this.reset();
    this.enter(state);
  }

  reset() {
    this.faults = [];
    // Listed, but with unreadable files.
    this.forbidden = new Set();
    // Treated as deleted.
    this.gone = new Set();
    // Missing from the list, but available.
    this.unlisted = new Set();
    // Moved to another owner: missing from the list, with a redirect from the old address.
    this.transferred = new Set();
    // Type of the GraphQL error, by repository.
    this.graphqlErrors = {};
    // GraphQL errors omit the path of the failing part of the query.
    this.withoutPath = false;
    // Most repositories allowed in one query.
    this.maxRepositories = Infinity;
    this.pageSize = 100;
    this.isUser = false;
    // Lists of alerts that the token may not read.
    this.withoutAlerts = new Set();
    // The token belongs to an administrator, who is told that a branch is not protected.
    this.isAdmin = false;
    // Repositories whose settings the token may not read.
    this.withoutSettings = new Set();
    this.limits = {};
    for (const resource of ["core", "graphql"]) {
      this.limits[resource] = { limit: 5000, remaining: 5000, reset: Math.floor(Date.now() / 1000) + 3600 };
    }
  }

  enter(state) {
    if (!["2019", "head"].includes(state)) throw new Error(`no state ${state}: 2019 or head`);
    const repositories = this.facts ? synthesise(this.facts, state) : own(state);
    this.repositories = [...repositories, ...named(this.names, Date.now())];
  }

  // Applies a change: an object with any of these fields.
  change(change) {
    if (change.reset) this.reset();
    if (change.state) this.enter(change.state);
    // [{method, path (regular expression), times, and one of: status + headers + body, truncate, reset, delayMs}]
    if (change.faults)
      this.faults = change.faults.map((fault) => ({
        times: Infinity,
        ...fault,
        path: new RegExp(fault.path ?? ""),
      }));
    for (const name of ["forbidden", "gone", "unlisted", "transferred", "withoutAlerts", "withoutSettings"]) {
      if (change[name]) this[name] = new Set(change[name]);
    }
    if (change.graphqlErrors) this.graphqlErrors = change.graphqlErrors;
    for (const name of ["maxRepositories", "pageSize", "isUser", "isAdmin", "withoutPath"]) {
      if (name in change) this[name] = change[name];
    }
    // {"core":{"remaining":0,"resetIn":2}}, in seconds
    for (const [resource, { remaining, resetIn }] of Object.entries(change.limits ?? {})) {
      Object.assign(this.limits[resource], { remaining, reset: Math.ceil(Date.now() / 1000) + resetIn });
    }
    // Number of repositories to add.
    for (let place = 1; place <= (change.many ?? 0); place += 1) {
      const name = `many-${String(this.repositories.length).padStart(4, "0")}`;
      const files = new Map([
        ["Dockerfile", `FROM node:${place}\n`],
        ["package.json", "{}"],
      ]);
      this.repositories.push({
        name,
        branch: "main",
        archived: false,
        fork: false,
        private: false,
        empty: false,
        files,
      });
    }
    // {"repository":{"dependabot":[alert, …]}}, with the fields of github/alerts.mjs
    for (const [name, alerts] of Object.entries(change.alerts ?? {})) {
      const repository = this.repositories.find((one) => one.name === name);
      repository.alerts = { ...repository.alerts, ...alerts };
    }
    // Repositories whose default branch is protected.
    if (change.protected)
      for (const one of this.repositories) one.isProtected = change.protected.includes(one.name);
    // {"repository":{"path":"text", "other path":null}}
    for (const [name, files] of Object.entries(change.files ?? {})) {
      const repository = this.repositories.find((one) => one.name === name);
      for (const [path, text] of Object.entries(files)) {
        if (text === null) repository.files.delete(path);
        else repository.files.set(path, text);
      }
    }
  }

  faultFor(method, path) {
    const fault = this.faults.find(
      (one) => one.times > 0 && (one.method ?? method) === method && one.path.test(path),
    );
    if (fault) fault.times -= 1;
    return fault;
  }

  visible() {
    return this.repositories.filter((one) => !this.gone.has(one.name));
  }

  listed() {
    return this.visible().filter((one) => !this.unlisted.has(one.name) && !this.transferred.has(one.name));
  }

  find(owner, name) {
    if (owner.toLowerCase() !== this.organisation) return undefined;
    return this.visible().find((one) => one.name.toLowerCase() === name.toLowerCase());
  }

  // Over the limit, GitHub sends the time of the reset.
  overLimit(resource) {
    const limit = this.limits[resource];
    if (limit.reset * 1000 <= Date.now())
      Object.assign(limit, { remaining: limit.limit, reset: Math.floor(Date.now() / 1000) + 3600 });
    if (limit.remaining > 0) return null;
    const headers = this.limitHeaders(resource);
    const message = "API rate limit exceeded for user ID 1.";
    if (resource === "graphql")
      return { status: 200, headers, body: { errors: [{ type: "RATE_LIMITED", message }] } };
    return { status: 403, headers, body: { message, documentation_url: "https://docs.github.com/rest" } };
  }

  // Unchanged responses do not count towards the limit.
  count(resource, status) {
    if (status !== 304) this.limits[resource].remaining -= 1;
  }

  limitHeaders(resource) {
    const { limit, remaining, reset } = this.limits[resource];
    return {
      "x-ratelimit-limit": limit,
      "x-ratelimit-remaining": remaining,
      "x-ratelimit-used": limit - remaining,
      "x-ratelimit-reset": reset,
      "x-ratelimit-resource": resource,
    };
  }
}

// Direct children of a folder as [name, is it a folder], sorted.
export function entries(files, folder) {
  const below = folder === "" ? "" : `${folder}/`;
  const found = new Map();
  for (const path of files.keys()) {
    if (!path.startsWith(below)) continue;
    const [name, ...rest] = path.slice(below.length).split("/");
    found.set(name, rest.length > 0);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
