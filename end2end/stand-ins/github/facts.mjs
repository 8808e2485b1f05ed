// Generates repository files from facts: the facts are real, the text is synthetic.

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function dockerfile({ from, arg_defaults_used_in_from: defaults }) {
  const lines = Object.entries(defaults).map(([name, value]) =>
    value === null ? `ARG ${name}` : `ARG ${name}=${value}`,
  );
  for (const { image, alias, as_keyword: as, stage_ref: isStage } of from) {
    lines.push(alias ? `FROM ${image} ${as ?? "AS"} ${alias}` : `FROM ${image}`);
    if (!isStage) lines.push("RUN true");
  }
  return `${lines.join("\n")}\n`;
}

function suppress(entry) {
  const attributes = ["until", "base"]
    .filter((name) => entry[name] !== undefined)
    .map((name) => ` ${name}="${escaped(entry[name])}"`);
  const children = [];
  const counts = entry.other_counts ?? {};
  const named = [...(entry.ids_in_vulnerabilityName ?? [])];
  for (const [name, count] of Object.entries(counts)) {
    for (let place = 0; place < count; place += 1) {
      const text =
        name === "vulnerabilityName"
          ? (named.shift() ?? "a name in prose")
          : name === "notes"
            ? "<![CDATA[ not affected ]]>"
            : "x";
      children.push(`      <${name}>${text}</${name}>`);
    }
  }
  for (const id of entry.cve_ids) children.push(`      <cve>${escaped(id)}</cve>`);
  return `   <suppress${attributes.join("")}>\n${children.join("\n")}\n   </suppress>`;
}

function suppressions(file) {
  const comments = file.cve_ids_inside_comments ?? [];
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(file.xmlns ? `<suppressions xmlns="${file.xmlns}">` : "<suppressions>");
  for (let place = 0; place < (file.xml_comments ?? 0); place += 1) {
    const ids =
      place === 0 ? comments.map((id) => `<suppress><cve>${id}</cve></suppress>`).join("\n") : "CVE-2026";
    lines.push(`   <!-- ${ids} -->`);
  }
  lines.push(...file.suppress.map(suppress), "</suppressions>");
  return `${lines.join("\n")}\n`;
}

function lookAlike(file) {
  const entry = '  <suppress checks=".*" files=".*"/>\n';
  return `<?xml version="1.0"?>\n<!DOCTYPE suppressions PUBLIC "${file.doctype_public_id}" "suppressions.dtd">\n<suppressions>\n${entry.repeat(file.suppress_count)}</suppressions>\n`;
}

function packageJson(facts) {
  const json = { name: "synthesised", version: "1.0.0" };
  if (facts.engines_node) json.engines = { node: facts.engines_node };
  for (const tool of ["snyk", "nsp", "nodemon"]) {
    for (const where of facts[`${tool}_where`] ?? []) {
      if (where === "scripts") json.scripts = { ...json.scripts, [`run:${tool}`]: `${tool} check` };
      else if (where === "top-level key") json[tool] = true;
      else json[where] = { ...json[where], [tool]: "1.0.0" };
    }
  }
  return `${JSON.stringify(json, null, 2)}\n`;
}

const STATEMENTS = {
  "JavaLanguageVersion.of": (value) =>
    `java {\n  toolchain {\n    languageVersion = JavaLanguageVersion.of(${value})\n  }\n}`,
  sourceCompatibility: (value) =>
    `sourceCompatibility = ${value.startsWith("VERSION") ? `JavaVersion.${value}` : value}`,
  targetCompatibility: (value) =>
    `targetCompatibility = ${value.startsWith("VERSION") ? `JavaVersion.${value}` : value}`,
};

function buildFile(name, java) {
  if (name === "pom.xml")
    return '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion></project>\n';
  const stated = java.stated.filter(({ file }) => file === name);
  const lines = stated.map(({ form, value }) =>
    (STATEMENTS[form] ?? ((text) => `// ${form} ${text}`))(value),
  );
  return `plugins { id 'java' }\n${lines.join("\n")}\n`;
}

// Lines of yarn-audit-known-issues; a file that holds none of them is left out.
const ISSUES = {
  "ndjson-tree": (number) => ({
    value: `package-${number}`,
    children: {
      ID: number,
      Issue: "Synthesised",
      URL: `https://github.com/advisories/GHSA-0000-0000-${1000 + number}`,
    },
  }),
  "ndjson-auditAdvisory": (number) => ({
    type: "auditAdvisory",
    data: { resolution: { id: number }, advisory: { module_name: `package-${number}`, cves: [], url: "" } },
  }),
  "advisories-object": () => ({ actions: [], advisories: {}, muted: [], metadata: {} }),
};

function knownIssues({ lines, format }) {
  const line = ISSUES[format];
  return Array.from({ length: lines }, (_, place) => `${JSON.stringify(line(place + 1))}\n`).join("");
}

function files(state) {
  const made = new Map([["README.md", "# Synthesised\n"]]);
  for (const one of state.dockerfiles) made.set(one.path, dockerfile(one));
  for (const name of state.other_root_dockerfiles) made.set(name, "FROM scratch\n");
  for (const file of state.suppression_files) made.set(file.path, suppressions(file));
  for (const file of state.look_alike_suppression_files ?? []) made.set(file.path, lookAlike(file));
  for (const name of state.build_files)
    if (name !== "package.json") made.set(name, buildFile(name, state.java));
  if (state.package_json.present) made.set("package.json", packageJson(state.package_json));
  if (state.nvmrc !== null) made.set(".nvmrc", state.nvmrc);
  const issues = state.yarn_audit_known_issues;
  if (issues && ISSUES[issues.format]) made.set("yarn-audit-known-issues", knownIssues(issues));
  if (state.nsprc) made.set(".nsprc", "{}\n");
  if (state.snyk_policy) made.set(".snyk", "version: v1.13.5\n");
  for (const path of state.dependabot) made.set(path, "version: 2\n");
  for (const path of state.renovate) made.set(path, "{}\n");
  return made;
}

export function synthesise(facts, state) {
  const field = state === "head" ? "head" : "as_of_2019_10_25";
  return facts
    .filter((one) => one[field])
    .map((one) => ({
      name: one.name,
      branch: one.default_branch,
      archived: false,
      fork: false,
      private: false,
      empty: false,
      files: files(one[field]),
    }));
}
