// Alerts of the organisation: Dependabot by cursor, the others by page.

import { failed, paged, simpleRepository } from "./rest.mjs";

const DATE = "2026-01-01T00:00:00Z";

// Fields of every alert. A stand-in's alert has `id`, `opened`, `state`, and `package` or `path`.
function common(base, world, repository, list, number, alert) {
  const path = `${world.organisation}/${repository.name}`;
  return {
    number,
    created_at: alert.opened ?? DATE,
    updated_at: DATE,
    url: `${base}/repos/${path}/${list}/alerts/${number}`,
    html_url: `${base}/${path}/security/${list}/${number}`,
    state: alert.state ?? "open",
    repository: simpleRepository(world, base, repository),
  };
}

function dependabot({ id, package: name, severity, fixedIn }) {
  const parts = { ecosystem: name.includes(":") ? "maven" : "npm", name };
  const vulnerability = {
    package: parts,
    severity,
    vulnerable_version_range: "< 99",
    first_patched_version: fixedIn ? { identifier: fixedIn } : null,
  };
  const isCve = id.startsWith("CVE-");
  return {
    dependency: {
      package: parts,
      manifest_path: parts.ecosystem === "npm" ? "yarn.lock" : "build.gradle",
      scope: "runtime",
    },
    security_advisory: {
      ghsa_id: isCve ? "GHSA-0000-0000-0000" : id,
      cve_id: isCve ? id : null,
      summary: "Synthesised",
      description: "Synthesised",
      vulnerabilities: [vulnerability],
      severity,
      cvss: { score: 5, vector_string: null },
      cwes: [],
      identifiers: [{ type: isCve ? "CVE" : "GHSA", value: id }],
      references: [],
      published_at: DATE,
      updated_at: DATE,
      withdrawn_at: null,
    },
    security_vulnerability: vulnerability,
    dismissed_at: null,
    dismissed_by: null,
    dismissed_reason: null,
    dismissed_comment: null,
    fixed_at: null,
  };
}

function codeScanning({ id, path, severity }, url) {
  return {
    instances_url: `${url}/instances`,
    fixed_at: null,
    dismissed_by: null,
    dismissed_at: null,
    dismissed_reason: null,
    rule: { id, name: id, severity: "error", security_severity_level: severity, description: "Synthesised" },
    tool: { name: "CodeQL", version: "2.0.0", guid: null },
    most_recent_instance: {
      ref: "refs/heads/master",
      state: "open",
      location: { path, start_line: 7, end_line: 7, start_column: 1, end_column: 2 },
    },
  };
}

function secretScanning({ id, path }, url, isHidden) {
  const sha = "0".repeat(40);
  return {
    locations_url: `${url}/locations`,
    resolution: null,
    resolved_at: null,
    resolved_by: null,
    secret_type: id,
    secret_type_display_name: id,
    ...(isHidden ? {} : { secret: "planted-s3cret" }),
    first_location_detected: {
      path,
      start_line: 1,
      end_line: 1,
      start_column: 1,
      end_column: 2,
      blob_sha: sha,
      blob_url: `${url}/blob`,
      commit_sha: sha,
      commit_url: `${url}/commit`,
    },
  };
}

export function alerts(world, url, list) {
  if (!["dependabot", "code-scanning", "secret-scanning"].includes(list)) return failed(404, "Not Found");
  if (world.withoutAlerts.has(list)) return failed(403, "Resource not accessible by personal access token");
  const state = url.searchParams.get("state");
  const all = world.visible().flatMap((repository) =>
    (repository.alerts?.[list] ?? []).map((alert, place) => {
      const shared = common(url.origin, world, repository, list, place + 1, alert);
      const isHidden = url.searchParams.get("hide_secret") === "true";
      const rest = {
        dependabot: () => dependabot(alert),
        "code-scanning": () => codeScanning(alert, shared.url),
        "secret-scanning": () => secretScanning(alert, shared.url, isHidden),
      }[list]();
      return { ...shared, ...rest };
    }),
  );
  const asked = all.filter((alert) => !state || alert.state === state);
  if (list !== "dependabot") return paged(world, url, asked, (alert) => alert);
  if (url.searchParams.has("page"))
    return failed(400, "Pagination using the `page` parameter is not supported.");
  const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100, world.pageSize);
  const after = url.searchParams.get("after");
  const from = after === null ? 0 : Number(Buffer.from(after, "base64url").toString());
  const headers = {};
  if (from + size < asked.length) {
    const next = new URL(url);
    next.searchParams.set("after", Buffer.from(String(from + size)).toString("base64url"));
    headers.link = `<${next}>; rel="next"`;
  }
  return { status: 200, headers, body: asked.slice(from, from + size) };
}
