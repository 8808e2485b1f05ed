// The part of the REST API that the dashboard uses. github.check.mjs checks these responses against
// GitHub's OpenAPI description.

import { createHash } from "node:crypto";
import { alerts } from "./alerts.mjs";
import { entries } from "./world.mjs";

const DOCUMENTATION = "https://docs.github.com/rest";

export function failed(status, message) {
  return { status, headers: {}, body: { message, documentation_url: DOCUMENTATION, status: String(status) } };
}

const id = (text) => createHash("sha256").update(text).digest().readUInt32BE() >>> 1;
const sha = (content) => createHash("sha1").update(content).digest("hex");

function owner(world, base) {
  const login = world.organisation;
  const url = `${base}/users/${login}`;
  return {
    login,
    id: id(login),
    node_id: `O_${id(login)}`,
    avatar_url: `${base}/avatars/${login}`,
    gravatar_id: "",
    url,
    html_url: `${base}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: world.isUser ? "User" : "Organization",
    site_admin: false,
  };
}

const LINKS = [
  "archive",
  "assignees",
  "blobs",
  "branches",
  "collaborators",
  "comments",
  "commits",
  "compare",
  "contents",
  "contributors",
  "deployments",
  "downloads",
  "events",
  "forks",
  "git_commits",
  "git_refs",
  "git_tags",
  "issue_comment",
  "issue_events",
  "issues",
  "keys",
  "labels",
  "languages",
  "merges",
  "milestones",
  "notifications",
  "pulls",
  "releases",
  "stargazers",
  "statuses",
  "subscribers",
  "subscription",
  "tags",
  "teams",
  "trees",
  "hooks",
];

export function simpleRepository(world, base, one) {
  const url = `${base}/repos/${world.organisation}/${one.name}`;
  return {
    id: id(one.name),
    node_id: `R_${id(one.name)}`,
    name: one.name,
    full_name: `${world.organisation}/${one.name}`,
    owner: owner(world, base),
    private: one.private,
    html_url: `${base}/${world.organisation}/${one.name}`,
    description: null,
    fork: one.fork,
    url,
    ...Object.fromEntries(LINKS.map((link) => [`${link}_url`, `${url}/${link}`])),
  };
}

function repository(world, base, one) {
  return {
    ...simpleRepository(world, base, one),
    topics: one.topics ?? [],
    default_branch: one.branch,
    archived: one.archived,
    disabled: false,
    size: one.empty ? 0 : one.files.size,
    visibility: one.private ? "private" : "public",
    pushed_at: "2026-01-01T00:00:00Z",
    created_at: "2019-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
  };
}

// A single repository has more fields than one in a list.
function wholeRepository(world, base, one) {
  const url = `${base}/${world.organisation}/${one.name}.git`;
  return {
    ...repository(world, base, one),
    git_url: url,
    ssh_url: url,
    clone_url: url,
    svn_url: url,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    forks_count: 0,
    forks: 0,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    open_issues_count: 0,
    open_issues: 0,
    subscribers_count: 0,
    network_count: 0,
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    has_downloads: true,
  };
}

function account(world, base) {
  const { type, ...rest } = owner(world, base);
  const url = `${base}/orgs/${world.organisation}`;
  const counts = { public_repos: world.visible().length, public_gists: 0, followers: 0, following: 0 };
  const dates = { created_at: "2019-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" };
  if (world.isUser)
    return {
      ...rest,
      type,
      name: null,
      company: null,
      blog: null,
      location: null,
      email: null,
      hireable: null,
      bio: null,
      ...counts,
      ...dates,
    };
  return {
    login: rest.login,
    id: rest.id,
    node_id: rest.node_id,
    avatar_url: rest.avatar_url,
    html_url: rest.html_url,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    description: null,
    has_organization_projects: true,
    has_repository_projects: true,
    type,
    archived_at: null,
    ...counts,
    ...dates,
  };
}

// Part of a list by page, with links to others.
export function paged(world, url, all, shape) {
  const asked = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100, world.pageSize);
  const number = Number(url.searchParams.get("page") ?? 1);
  if (!Number.isInteger(number) || number < 1) return failed(422, "Validation Failed");
  const last = Math.max(1, Math.ceil(all.length / asked));
  const link = (rel, to) => {
    const target = new URL(url);
    target.searchParams.set("page", to);
    return `<${target}>; rel="${rel}"`;
  };
  const links = [];
  if (number > 1) links.push(link("prev", number - 1));
  if (number < last) links.push(link("next", number + 1), link("last", last));
  if (number > 1) links.push(link("first", 1));
  const headers = links.length > 0 ? { link: links.join(", ") } : {};
  const shown = all.slice((number - 1) * asked, number * asked);
  return { status: 200, headers, body: shown.map(shape) };
}

function contents(world, base, one, path, accept) {
  if (one.empty) return failed(404, "This repository is empty.");
  const links = (at) => {
    const url = `${base}/repos/${world.organisation}/${one.name}/contents/${at}`;
    return {
      url,
      git_url: null,
      html_url: null,
      download_url: null,
      _links: { self: url, git: null, html: null },
    };
  };
  if (one.files.has(path)) {
    const content = Buffer.from(one.files.get(path));
    if (accept.includes("raw"))
      return { status: 200, headers: { "content-type": "application/vnd.github.raw+json" }, body: content };
    return {
      status: 200,
      headers: {},
      body: {
        type: "file",
        encoding: "base64",
        size: content.length,
        name: path.split("/").pop(),
        path,
        content: content.toString("base64"),
        sha: sha(content),
        ...links(path),
      },
    };
  }
  const found = entries(one.files, path);
  if (found.length === 0) return failed(404, "Not Found");
  const body = found.map(([name, isFolder]) => {
    const at = path === "" ? name : `${path}/${name}`;
    const inside = [...one.files].filter(([file]) => file === at || file.startsWith(`${at}/`));
    // As in git, a folder's id is the hash of its contents.
    const hash = sha(inside.map(([file, content]) => `${file}\0${sha(content)}`).join("\n"));
    return {
      type: isFolder ? "dir" : "file",
      size: isFolder ? 0 : Buffer.byteLength(one.files.get(at)),
      name,
      path: at,
      sha: hash,
      ...links(at),
    };
  });
  return { status: 200, headers: {}, body };
}

function route(world, request, url) {
  const base = url.origin;
  const [kind, ownerName, name, what, ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  if (kind === "rate_limit") {
    const overview = (resource) => {
      const { limit, remaining, reset } = world.limits[resource];
      return { limit, remaining, reset, used: limit - remaining };
    };
    const search = { limit: 30, remaining: 30, reset: world.limits.core.reset, used: 0 };
    return {
      status: 200,
      headers: {},
      body: {
        resources: { core: overview("core"), graphql: overview("graphql"), search },
        rate: overview("core"),
      },
    };
  }
  const isAccount = kind === "orgs" || kind === "users";
  if (isAccount) {
    const known = ownerName?.toLowerCase() === world.organisation && !(kind === "orgs" && world.isUser);
    if (!known) return failed(404, "Not Found");
    if (name === undefined) return { status: 200, headers: {}, body: account(world, base) };
    if (name === "repos") return paged(world, url, world.listed(), (one) => repository(world, base, one));
    if (kind === "orgs" && what === "alerts") return alerts(world, url, name);
  }
  if (kind === "repositories") {
    const one = world.visible().find((one) => String(id(one.name)) === ownerName);
    if (!one) return failed(404, "Not Found");
    const organisation = world.transferred.has(one.name) ? "another-owner" : world.organisation;
    return { status: 200, headers: {}, body: wholeRepository({ organisation }, base, one) };
  }
  if (kind === "repos" && name) {
    const one = world.find(ownerName, name);
    if (!one) return failed(404, "Not Found");
    if (world.transferred.has(one.name)) {
      const location = `${base}/repositories/${id(one.name)}`;
      return { ...failed(301, "Moved Permanently"), headers: { location } };
    }
    if (what === undefined) return { status: 200, headers: {}, body: wholeRepository(world, base, one) };
    if (world.forbidden.has(one.name)) return failed(404, "Not Found");
    if (what === "contents")
      return contents(
        world,
        base,
        one,
        rest.filter((part) => part !== "").join("/"),
        request.headers.accept ?? "",
      );
  }
  return failed(404, "Not Found");
}

export function answer(world, request, url) {
  if (request.method !== "GET") return failed(404, "Not Found");
  const result = route(world, request, url);
  if (result.status !== 200) return result;
  const body = Buffer.isBuffer(result.body) ? result.body : Buffer.from(JSON.stringify(result.body));
  const etag = `W/"${createHash("sha256").update(body).digest("hex")}"`;
  result.headers.etag = etag;
  if (request.headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
  return result;
}
