// Checks the list of crates that cargo-auditable wrote into a program: node scripts/crate-list.mjs PROGRAM
//
// Scanners of images read it. Every crate of the list must be in Cargo.lock, in the same version.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import { crateSums } from "./dependencies.mjs";

const SECTION = ".dep-v0";

/** Returns the content of a section of a 64-bit little-endian ELF file. */
export function section(file, name) {
  if (file.toString("latin1", 0, 4) !== "\x7fELF" || file[4] !== 2 || file[5] !== 1) throw new Error("no 64-bit little-endian ELF file");
  const number = (offset) => Number(file.readBigUInt64LE(offset));
  const [headers, size, count, names] = [number(0x28), file.readUInt16LE(0x3a), file.readUInt16LE(0x3c), file.readUInt16LE(0x3e)];
  const at = (index) => {
    const header = headers + index * size;
    return { name: file.readUInt32LE(header), from: number(header + 0x18), length: number(header + 0x20) };
  };
  const table = at(names).from;
  for (let index = 0; index < count; index += 1) {
    const { name: offset, from, length } = at(index);
    const start = table + offset;
    if (file.toString("latin1", start, file.indexOf(0, start)) === name) return file.subarray(from, from + length);
  }
  throw new Error(`no section ${name}: was it built with cargo auditable?`);
}

/** Returns `name@version` of the program and of the crates in it. */
export function cratesOf(program) {
  const { packages } = JSON.parse(inflateSync(section(program, SECTION)));
  const named = ({ name, version }) => `${name}@${version}`;
  const linked = packages.filter(({ root, kind }) => !root && (kind ?? "runtime") === "runtime");
  return { root: named(packages.find(({ root }) => root)), crates: linked.map(named) };
}

function main([program]) {
  const { root, crates } = cratesOf(readFileSync(program));
  if (!root.startsWith("rse-dashboard@") || !crates.some((name) => name.startsWith("axum@"))) throw new Error(`${program} lists ${root} with ${crates.length} crates`);
  const locked = crateSums();
  const others = crates.filter((name) => !locked.has(name));
  if (others.length > 0) throw new Error(`not in Cargo.lock: ${others.join(", ")}`);
  console.log(`${program} lists its ${crates.length} crates`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
