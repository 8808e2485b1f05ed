// The stand-in's built-in organisation: small, with the unusual repositories that tests need.

const XMLNS = "https://jeremylong.github.io/DependencyCheck/dependency-suppression";

const suppressions = (version, entries) => `<?xml version="1.0" encoding="UTF-8"?>
<suppressions xmlns="${XMLNS}.${version}.xsd">
${entries}
</suppressions>
`;

const cve = (...ids) => `<suppress>${ids.map((id) => `<cve>${id}</cve>`).join("")}</suppress>`;
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

function repository(name, files, more = {}) {
  return {
    name,
    branch: "master",
    archived: false,
    fork: false,
    private: false,
    empty: false,
    files: new Map(Object.entries(files)),
    ...more,
  };
}

const always = () => [
  repository(
    "ccd-api",
    {
      "config/owasp/suppressions.xml": suppressions(
        "1.3",
        `<!-- ${cve("CVE-2000-0001")} -->
${cve("CVE-2019-10001", " cve-2019-10002 ", "CVE-2019-10003,\n CVE-2019-10004")}
<suppress until="2099-01-31Z"><notes><![CDATA[ CVE-2000-0002 ]]></notes><cve>CVE-2019-10005</cve></suppress>
<suppress until = "2019-06-30"><vulnerabilityName>CVE-2019-10006</vulnerabilityName><vulnerabilityName>prose</vulnerabilityName></suppress>
<suppress><cpe>cpe:/a:b:c</cpe></suppress>`,
      ),
      Dockerfile:
        'ARG PLATFORM=""\nFROM gradle:8-jdk17 AS build\nFROM registry.example.org:5000/base/java${PLATFORM}:17-distroless\n',
      "build.gradle": "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n",
      ".github/renovate.json": "{}\n",
      ".github/dependabot.yml": "version: 2\n",
      ".github/CODEOWNERS": "# Owners\n*.md @hmcts/docs\n* @hmcts/ccd @hmcts/platform\n",
      CODEOWNERS: "* @nobody\n",
    },
    {
      topics: ["java", "team-ccd"],
      alerts: {
        dependabot: [
          {
            id: "CVE-2019-10744",
            package: "org.yaml:snakeyaml",
            severity: "critical",
            opened: "2019-07-01T00:00:00Z",
            fixedIn: "1.31",
          },
          {
            id: "GHSA-jf85-cpcp-j695",
            package: "lodash",
            severity: "medium",
            opened: "2019-10-01T00:00:00Z",
          },
          {
            id: "CVE-2018-0001",
            package: "old",
            severity: "low",
            opened: "2018-10-01T00:00:00Z",
            state: "dismissed",
          },
        ],
        "code-scanning": [
          { id: "java/sql-injection", path: "src/A.java", severity: "high", opened: "2019-09-01T00:00:00Z" },
        ],
      },
    },
  ),
  repository(
    "ccd-web",
    {
      Dockerfile:
        "FROM registry.example.org/base/node:20-alpine AS base\nFROM base AS build\nFROM base as runtime\n",
      ".nvmrc": "v22.17.1\n",
      "package.json": json({ engines: { node: ">=22" }, devDependencies: { snyk: "1.0.0" }, renovate: {} }),
      ".snyk":
        "version: v1.25.0\nignore:\n  SNYK-JS-LODASH-567746:\n    - '*':\n        reason: No fix yet\n        expires: 2020-01-01T00:00:00.000Z\n",
      "yarn-audit-known-issues":
        '{"value":"ip","children":{"ID":1101851,"Issue":"x","URL":"https://github.com/advisories/GHSA-2p57-rm9w-gvfp","Severity":"high"}}\n',
      "docs/CODEOWNERS": "* @hmcts/web\n",
    },
    {
      alerts: {
        dependabot: [
          { id: "GHSA-2p57-rm9w-gvfp", package: "ip", severity: "high", opened: "2019-08-01T00:00:00Z" },
        ],
        "secret-scanning": [{ id: "aws_access_key_id", path: "config/.env", opened: "2019-10-20T00:00:00Z" }],
      },
    },
  ),
  repository("cmc-both", {
    Dockerfile: "FROM eclipse-temurin:11\n",
    "package.json": json({ engines: { node: "^18.17.0" }, scripts: { check: "nsp check" } }),
    "pom.xml": "<project><properties><java.version>1.8</java.version></properties></project>",
    "dependency-check-suppressions.xml": suppressions("1.1", cve("CVE-2019-10001")),
  }),
  repository("cmc-left-over", {
    ".nvmrc": "lts/hydrogen",
    ".snyk": "version: v1.13.5\n",
    ".nsprc": "{}\n",
    "package.json": json({ scripts: { prepare: "snyk protect" }, snyk: true }),
  }),
  repository(
    "div-unknown",
    { "build.gradle.kts": "plugins { java }\n", "hub.Dockerfile": "FROM busybox\n" },
    { branch: "main" },
  ),
  repository("div-hub", { "hub.Dockerfile": "FROM node:lts\n", "package.json": "{}" }, { branch: "trunk" }),
  repository("docs", {
    "README.md": "# Documents\n",
    "suppressions.xml": "<suppressions/>",
    ".python-version": "3.8.2\n",
    ".trivyignore": "# Not reachable\nCVE-2019-10010 exp:2020-01-01\n",
  }),
  repository(
    "em-archived",
    { Dockerfile: "FROM node:8.12.0-slim\n", "package.json": "{}" },
    { archived: true },
  ),
  repository("em-empty", {}, { empty: true }),
  repository("em-fork", { Dockerfile: "FROM node:12\n" }, { fork: true }),
  repository("em-great", {
    "config/owasp/suppressions.xml": suppressions(
      "1.3",
      `<!-- ${"x".repeat(600_000)} -->${cve("CVE-2019-10007")}`,
    ),
  }),
  repository("em-none", {
    "config/owasp/suppressions.xml": "",
    "config/owasp/dependency-check-suppressions.xml": suppressions("1.2", ""),
  }),
  repository(
    "em-private",
    { "dependency-check-suppressions.xml": suppressions("1.3", cve("CVE-2019-10001")) },
    { private: true },
  ),
  repository("rd-malformed", {
    "config/owasp/suppressions.xml": `<suppressions>${cve("CVE-2019-10008")}<suppress><cve>CVE-2019-10009</suppress></suppressions>`,
    Dockerfile: "FROM openjdk:8u191-jre\n",
  }),
];

// The 2019 state has fewer repositories, and the oldest uses another version.
export function own(state) {
  const repositories = always();
  if (state === "head") return repositories;
  repositories[0].files.set("Dockerfile", "FROM openjdk:11\n");
  return repositories.filter(({ name }) => name !== "div-hub");
}
