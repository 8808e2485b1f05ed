// The list of crates in a program is found where scanners look for it, and its absence is noticed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { cratesOf, section } from "../../scripts/crate-list.mjs";

/** A minimal ELF file with these sections. */
function elf(sections) {
  const all = [...Object.entries(sections), [".names", Buffer.alloc(0)]];
  const names = Buffer.from(`\0${all.map(([name]) => `${name}\0`).join("")}`);
  all.at(-1)[1] = names;
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01", "latin1");
  const headers = [];
  let from = 64;
  for (const [name, content] of all) {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(names.indexOf(`${name}\0`), 0);
    entry.writeBigUInt64LE(BigInt(from), 0x18);
    entry.writeBigUInt64LE(BigInt(content.length), 0x20);
    headers.push(entry);
    from += content.length;
  }
  header.writeBigUInt64LE(BigInt(from), 0x28);
  for (const [value, offset] of [[64, 0x3a], [all.length, 0x3c], [all.length - 1, 0x3e]]) header.writeUInt16LE(value, offset);
  return Buffer.concat([header, ...all.map(([, content]) => content), ...headers]);
}

const packages = [
  { name: "rse-dashboard", version: "0.1.0", root: true },
  { name: "axum", version: "0.8.9" },
  { name: "cc", version: "1.2.0", kind: "build" },
];

test("the crates of a program are listed without those that only compiled it", () => {
  const program = elf({ ".text": Buffer.from("code"), ".dep-v0": deflateSync(JSON.stringify({ packages })) });
  assert.deepEqual(cratesOf(program), { root: "rse-dashboard@0.1.0", crates: ["axum@0.8.9"] });
  assert.equal(section(program, ".text").toString(), "code");
});

test("a program without the list is reported", () => {
  assert.throws(() => cratesOf(elf({ ".text": Buffer.from("code") })), /no section \.dep-v0/);
  assert.throws(() => cratesOf(Buffer.from("#!/bin/sh")), /no 64-bit/);
});
