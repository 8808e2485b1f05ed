// Lists third-party code in the dashboard: the crates that server and client are built from, and the
// npm packages in the files that the browser loads.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const read = (file) => readFileSync(path.join(root, file), "utf8");

const HOST = /^host: (.*)$/m.exec(run("rustc", "-vV"))[1];

/** The two builds that make up the product. */
const BUILDS = [
  ["ssr", HOST],
  ["hydrate", "wasm32-unknown-unknown"],
];

function run(program, ...options) {
  return execFileSync(program, options, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
}

/**
 * Returns the dashboard's crate and, by `name@version`, all crates compiled for it. `inProduct` marks
 * those that become part of it; the others only run during compilation.
 */
export function crates() {
  const found = new Map();
  let own;
  for (const [feature, target] of BUILDS) {
    const options = ["--format-version=1", "--locked", "--no-default-features", `--features=${feature}`, `--filter-platform=${target}`];
    const metadata = JSON.parse(run("cargo", "metadata", ...options));
    const packages = new Map(metadata.packages.map((crate) => [crate.id, crate]));
    const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
    own = packages.get(metadata.resolve.root);
    const seen = new Set();

    const visit = (id, inProduct) => {
      if (seen.has(`${id} ${inProduct}`)) return;
      seen.add(`${id} ${inProduct}`);
      const entry = entryOf(packages.get(id));
      entry.inProduct ||= inProduct;
      for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
        if (kinds.every(({ kind }) => kind === "dev")) continue;
        const runsWhileCompiling = packages.get(pkg).targets.some(({ kind }) => kind.includes("proc-macro"));
        const linked = inProduct && !runsWhileCompiling && kinds.some(({ kind }) => kind === null);
        entry.dependsOn.add(key(packages.get(pkg)));
        visit(pkg, linked);
      }
    };
    visit(own.id, true);
  }
  const self = found.get(key(own));
  found.delete(key(own));
  return { self, crates: found };

  function entryOf(crate) {
    const name = key(crate);
    if (!found.has(name)) found.set(name, { ...describe(crate), inProduct: false, dependsOn: new Set() });
    return found.get(name);
  }
}

const key = ({ name, version }) => `${name}@${version}`;

function describe({ name, version, license, description, repository, manifest_path: manifest }) {
  // "/" is an older notation for "OR".
  return { name, version, licence: license?.replaceAll("/", " OR "), description, repository, folder: path.dirname(manifest) };
}

/** Returns the SHA-256 sums of crates in Cargo.lock, by `name@version`. */
export function crateSums() {
  const blocks = read("Cargo.lock").split("[[package]]").slice(1);
  const value = (block, field) => new RegExp(`^${field} = "(.*)"$`, "m").exec(block)?.[1];
  return new Map(blocks.map((block) => [`${value(block, "name")}@${value(block, "version")}`, value(block, "checksum")]));
}

/** Returns all npm packages in the lock file; `inProduct` as for crates. */
export function npmPackages() {
  const bundled = path.join(root, "node_modules", ".plotly-packages");
  if (!existsSync(bundled)) throw new Error("node_modules/.plotly-packages is missing: run `make setup`, which bundles plotly.js");
  // Bootstrap's styles are compiled into the stylesheet.
  const inProduct = new Set([...JSON.parse(readFileSync(bundled, "utf8")), "node_modules/bootstrap"]);
  const { packages } = JSON.parse(read("package-lock.json"));
  return Object.entries(packages)
    .filter(([place, { link }]) => place && !link)
    .map(([place, { version, license, integrity }]) => ({
      name: place.split("node_modules/").at(-1),
      version,
      licence: license,
      integrity,
      inProduct: inProduct.has(place),
    }));
}
