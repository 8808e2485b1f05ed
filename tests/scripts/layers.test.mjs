// Tests of the layer check: node --test tests/scripts/
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { check } from "../../scripts/layers.mjs";

function faults(sources) {
  const folder = mkdtempSync(path.join(tmpdir(), "layers-"));
  try {
    for (const [name, text] of Object.entries(sources)) {
      const file = path.join(folder, "src", name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return check(path.join(folder, "src"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("using a higher layer is reported with file, line and rule", () => {
  const text = "//! Rows.\n\nuse super::{\n    model::Event,\n    http::Settings,\n};\n";
  assert.deepEqual(faults({ "server/store.rs": text }), [
    "src/server/store.rs:5: server::store uses server::http, which does not stand below it",
  ]);
});

test("paths in code count as uses", () => {
  const text = "fn f() { crate::server::cli::run() }\n";
  assert.match(faults({ "server/state/mod.rs": text })[0], /:1: server::state uses server::cli/);
});

test("modules on the same level do not use each other", () => {
  const text = "use crate::server::sample::fill;\n";
  assert.equal(faults({ "server/sources/file/mod.rs": text }).length, 1);
});

test("only page code uses the client's modules", () => {
  const text = "use crate::components::Card;\n";
  assert.match(faults({ "server/views/mod.rs": text })[0], /belongs to the client/);
  assert.deepEqual(faults({ "server/http/mod.rs": text }), []);
});

test("shared modules do not use the server", () => {
  assert.equal(faults({ "api.rs": "use crate::server::state::AppState;\n" }).length, 1);
});

test("tests, comments and strings may name anything", () => {
  const inline = "// crate::server::cli\n#[cfg(test)]\nmod tests {\n    use crate::server::cli::run;\n}\n";
  assert.deepEqual(faults({ "server/model/mod.rs": inline }), []);
  assert.deepEqual(faults({ "server/model/mod.rs": 'const A: &str = "crate::server::cli";\n' }), []);
  const own = { "server/model/mod.rs": "#[cfg(test)]\nmod twins;\n", "server/model/twins.rs": "use crate::server::cli::run;\n" };
  assert.deepEqual(faults(own), []);
});

test("a module without a layer is reported", () => {
  assert.match(faults({ "server/attic.rs": "\n" })[0], /stands in no layer/);
});

test("lower layers, other crates and the module itself are allowed", () => {
  const text = "use anyhow::Result;\nuse super::{model::{Build, Event}, store::keys};\nuse crate::error::AppError;\n";
  assert.deepEqual(faults({ "server/store/mod.rs": text }), []);
});
