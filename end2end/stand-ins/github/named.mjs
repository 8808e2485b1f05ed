// Invented files, owners and alerts of the repositories that build events name, in the forms that are read: some are
// up to date, others past the end of their support; some of their rules are expired, unused or without a reason.

import { kindOf } from "../organisation.mjs";

const DAY = 86_400_000;
const XMLNS = "https://jeremylong.github.io/DependencyCheck/dependency-suppression.1.3.xsd";

const pick = (values, number) => values[number % values.length];
const day = (now, days) => new Date(now + days * DAY).toISOString().slice(0, 10);

function javaFiles(number, now) {
  const until = pick([` until="${day(now, -40)}Z"`, ` until="${day(now, 20)}Z"`, ` until="${day(now, 200)}Z"`, ""], number);
  const notes = number % 3 === 0 ? "" : "<notes>Not reachable from the API</notes>";
  return {
    Dockerfile: `FROM eclipse-temurin:${pick([8, 11, 17, 21], number)}-jre\n`,
    "build.gradle": `java { toolchain { languageVersion = JavaLanguageVersion.of(${pick([8, 11, 17, 21], number)}) } }\n`,
    "config/owasp/suppressions.xml": `<?xml version="1.0" encoding="UTF-8"?>
<suppressions xmlns="${XMLNS}">
  <suppress${until}>
    ${notes}
    <packageUrl regex="true">^pkg:maven/com\\.fasterxml\\.jackson\\.core/jackson\\-databind@.*$</packageUrl>
    <cve>CVE-2022-42003</cve>
  </suppress>
  <suppress>
    <notes>Was in a library that is gone</notes>
    <packageUrl regex="true">^pkg:maven/commons\\-fileupload/.*$</packageUrl>
    <cve>CVE-2023-24998</cve>
  </suppress>
</suppressions>
`,
    ".github/renovate.json": "{}\n",
  };
}

function nodeFiles(number) {
  const version = pick([14, 18, 20, 22, 24], number);
  const snyk = number % 4 === 0 ? {} : { devDependencies: { snyk: "1.0.0" } };
  const issue = {
    value: "tough-cookie",
    children: { ID: 1097682, Issue: "x", URL: "https://github.com/advisories/GHSA-72xf-g2v4-qvf3", Severity: "moderate" },
  };
  return {
    Dockerfile: `FROM node:${version}-${pick(["alpine", "bookworm-slim", "bullseye"], number)}\n`,
    "package.json": `${JSON.stringify({ engines: { node: `>=${version}` }, ...snyk }, null, 2)}\n`,
    ".nvmrc": `v${version}.1.0\n`,
    "yarn-audit-known-issues": `${JSON.stringify(issue)}\n`,
  };
}

function pythonFiles(number, now) {
  return {
    Dockerfile: `FROM python:${pick(["3.8", "3.11", "3.13"], number)}-slim-bookworm\n`,
    ".python-version": `${pick(["3.8", "3.11", "3.13"], number)}.2\n`,
    "pyproject.toml": "[project]\nname = \"tool\"\n",
    ".trivyignore": `# No fix yet\nCVE-2024-22195 exp:${day(now, number % 2 === 0 ? -10 : 60)}\n`,
  };
}

const DEPENDABOT = [
  { id: "CVE-2022-25883", package: "semver", severity: "high", fixedIn: "7.5.2", daysAgo: 45 },
  { id: "CVE-2023-44487", package: "org.apache.tomcat.embed:tomcat-embed-core", severity: "critical", fixedIn: "9.0.81", daysAgo: 3 },
  { id: "CVE-2024-22195", package: "jinja2", severity: "medium", fixedIn: "3.1.3", daysAgo: 120 },
  { id: "GHSA-jf85-cpcp-j695", package: "lodash", severity: "low", daysAgo: 400 },
];

/** Returns the repositories of these names; `now` is in Unix ms. */
export function named(names, now) {
  return names.map((name, number) => {
    const kind = kindOf(name);
    const files = { java: javaFiles, node: nodeFiles, python: pythonFiles }[kind](number, now);
    const team = name.split("-")[0];
    if (number % 5 !== 0) files[".github/CODEOWNERS"] = `* @hmcts/${team}\n`;
    const alert = pick(DEPENDABOT, number);
    const opened = new Date(now - alert.daysAgo * DAY).toISOString();
    return {
      name,
      branch: "master",
      archived: number % 17 === 16,
      fork: false,
      private: false,
      empty: false,
      files: new Map(Object.entries(files)),
      isProtected: number % 2 === 0,
      topics: [kind, `team-${team}`],
      alerts: number % 3 === 0 ? { dependabot: [{ ...alert, opened }] } : {},
    };
  });
}
