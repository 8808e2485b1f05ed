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
  repository("ccd-api", {
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
  }),
  repository("ccd-web", {
    Dockerfile:
      "FROM registry.example.org/base/node:20-alpine AS base\nFROM base AS build\nFROM base as runtime\n",
    ".nvmrc": "v22.17.1\n",
    "package.json": json({ engines: { node: ">=22" }, devDependencies: { snyk: "1.0.0" }, renovate: {} }),
  }),
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
  repository("docs", { "README.md": "# Documents\n", "suppressions.xml": "<suppressions/>" }),
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
