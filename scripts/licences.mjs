// Checks the licences of all crates and npm packages against licences.txt, and that its entries for
// single packages are still needed.
import { readFileSync } from "node:fs";
import path from "node:path";
import satisfies from "spdx-satisfies";
import { crates, npmPackages, root } from "./dependencies.mjs";

const LIST = "licences.txt";
const sections = readSections(readFileSync(path.join(root, LIST), "utf8"));
const product = sections.product;
const tools = [...product, ...sections.tools];
const told = new Map(sections["told elsewhere"].map((line) => line.split(/\s*:\s*/)));

const packages = [
  ...[...crates().crates.values()].map((crate) => ({ ...crate, from: "crate" })),
  ...npmPackages().map((module) => ({ ...module, from: "npm package" })),
];

const used = new Set();
const faults = new Set(packages.map(fault).filter(Boolean));
const unused = [...told.keys()].filter((key) => !used.has(key));
for (const key of unused) faults.add(`${LIST} tells of ${key}, which is used no more: remove the line`);

for (const fault of faults) console.error(`  ${fault}`);
if (faults.size > 0) {
  console.error(`error: ${faults.size} licences are not in order`);
  process.exit(1);
}
const inProduct = packages.filter((one) => one.inProduct).length;
console.log(`Licences: ${inProduct} packages in the product and ${packages.length - inProduct} tools are in order`);

function fault({ name, version, licence, inProduct, from }) {
  const key = `${name}@${version}`;
  if (told.has(key)) used.add(key);
  const expression = told.get(key) ?? licence;
  if (!expression) return `${from} ${key} names no licence: look into it, then say it in ${LIST}`;
  try {
    if (satisfies(expression, inProduct ? product : tools)) return undefined;
  } catch (error) {
    return `${from} ${key}: “${expression}” is no SPDX expression (${error.message}); say in ${LIST} what it means`;
  }
  const where = inProduct ? "what ends up in the product" : "tools";
  return `${from} ${key} is under ${expression}, which ${LIST} does not allow for ${where}`;
}

function readSections(text) {
  const sections = {};
  let section;
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const heading = /^\[(.*)\]$/.exec(line)?.[1];
    if (heading) section = sections[heading] = [];
    else section.push(line);
  }
  return sections;
}
