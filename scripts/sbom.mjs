// Writes the dashboard's bill of materials as CycloneDX: every crate and npm package in the program or
// in the files that the browser loads, and SQLite, whose source is part of a crate. The same sources
// give the same file. A bill that violates the schema is not written.
//
//   scripts/sbom.mjs FILE
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { crates, crateSums, npmPackages } from "./dependencies.mjs";

const [file] = process.argv.slice(2);
if (!file) throw new Error("usage: scripts/sbom.mjs FILE");

const { self, crates: compiled } = crates();
const sums = crateSums();
const linked = [...compiled.entries()].filter(([, crate]) => crate.inProduct);
const refs = new Map(linked.map(([key, { name, version }]) => [key, `pkg:cargo/${name}@${version}`]));

const fromCrates = linked.map(([key, crate]) => ({
  type: "library",
  "bom-ref": refs.get(key),
  name: crate.name,
  version: crate.version,
  ...(crate.description && { description: crate.description.trim().replace(/\s+/g, " ") }),
  ...(sums.get(key) && { hashes: [{ alg: "SHA-256", content: sums.get(key) }] }),
  ...licences(crate),
  purl: refs.get(key),
}));

const fromNpm = npmPackages()
  .filter(({ inProduct }) => inProduct)
  .map((module) => {
    const purl = `pkg:npm/${module.name.replace("@", "%40")}@${module.version}`;
    return {
      type: "library",
      "bom-ref": purl,
      name: module.name,
      version: module.version,
      hashes: [{ alg: "SHA-512", content: Buffer.from(module.integrity.split("-")[1], "base64").toString("hex") }],
      ...licences(module),
      purl,
    };
  });

const sqlite = sqliteOf(linked.find(([, { name }]) => name === "libsqlite3-sys")[1]);
const components = [...fromCrates, ...fromNpm, sqlite].sort((a, b) => (a["bom-ref"] < b["bom-ref"] ? -1 : 1));

const known = (keys) => [...keys].map((key) => refs.get(key)).filter(Boolean).sort();
const ownRef = `pkg:cargo/${self.name}@${self.version}`;
const dependencies = [
  { ref: ownRef, dependsOn: [...known(self.dependsOn), ...fromNpm.map((module) => module["bom-ref"])].sort() },
  ...linked.map(([key, crate]) => ({
    ref: refs.get(key),
    dependsOn: [...known(crate.dependsOn), ...(crate.name === "libsqlite3-sys" ? [sqlite["bom-ref"]] : [])],
  })),
].sort((a, b) => (a.ref < b.ref ? -1 : 1));

const bill = JSON.stringify(
  {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": ownRef,
        name: self.name,
        version: self.version,
        description: self.description,
        ...licences(self),
        purl: ownRef,
      },
    },
    components,
    dependencies,
  },
  null,
  1,
);

const faults = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(bill);
if (faults) {
  console.error("error: the bill of materials does not fit the schema of CycloneDX 1.6:", faults);
  process.exit(1);
}
writeFileSync(file, `${bill}\n`);
console.log(`${file}: ${fromCrates.length} crates, ${fromNpm.length} npm packages, SQLite ${sqlite.version}; fits CycloneDX 1.6`);

function licences({ licence }) {
  return licence ? { licenses: [{ expression: licence }] } : {};
}

/** Lists SQLite separately: the crate contains its source, but vulnerabilities are published under its name. */
function sqliteOf({ folder }) {
  const header = readFileSync(path.join(folder, "sqlite3", "sqlite3.h"), "utf8");
  const version = /#define SQLITE_VERSION\s+"(.*)"/.exec(header)[1];
  return {
    type: "library",
    "bom-ref": `pkg:generic/sqlite@${version}`,
    name: "sqlite",
    version,
    licenses: [{ expression: "blessing" }],
    cpe: `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/sqlite@${version}`,
  };
}
