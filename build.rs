//! Adds what is known only at build time to the program: the hashed names of the plotly.js bundle,
//! whether the client's files have a hash in their names, and an id of the build.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::exit,
};

const PLOTLY_DIR: &str = "public/plotly";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={PLOTLY_DIR}");
    println!("cargo:rustc-env=PLOTLY_JS={}", plotly_url("js"));
    println!("cargo:rustc-env=PLOTLY_CSS={}", plotly_url("css"));

    // Decided at build time: a program started without cargo-leptos lacks this variable, and would
    // link to names that do not exist.
    println!("cargo:rerun-if-env-changed=LEPTOS_HASH_FILES");
    let hash_files = env::var("LEPTOS_HASH_FILES").is_ok_and(|value| value == "true");
    println!("cargo:rustc-env=HASH_FILES={hash_files}");

    println!("cargo:rustc-env=BUILD_ID={}", build_id());
}

fn plotly_url(extension: &str) -> String {
    let mut names: Vec<String> = files_in(Path::new(PLOTLY_DIR))
        .iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with("plotly-"))
        .collect();
    match (names.pop(), names.is_empty()) {
        (Some(name), true) => format!("/plotly/{name}"),
        (None, _) => fail(&format!(
            "{PLOTLY_DIR}/plotly-*.{extension} is missing: run `make setup`, which bundles plotly.js"
        )),
        (Some(_), false) => fail(&format!(
            "{PLOTLY_DIR} holds several plotly-*.{extension}: run `make setup`, which keeps one"
        )),
    }
}

/// Identifies everything that can change the program's responses, for use in ETags. It depends on
/// neither clock nor git, so the same sources give the same id on every machine.
///
/// In debug builds only the code counts; otherwise every edit of a style would recompile the program.
fn build_id() -> String {
    let everything = ["Cargo.lock", "src", "style", "public"];
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let inputs = if release {
        &everything[..]
    } else {
        &everything[..2]
    };

    let mut hash = Fnv1a::new();
    for input in inputs {
        println!("cargo:rerun-if-changed={input}");
        for path in files_in(Path::new(input)) {
            let content = fs::read(&path)
                .unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
            hash.update(path.to_string_lossy().as_bytes());
            hash.update(&(content.len() as u64).to_le_bytes());
            hash.update(&content);
        }
    }
    format!("{:016x}", hash.0)
}

/// Returns all files at or below a path, in an order independent of the file system.
fn files_in(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut children: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    children.sort();
    children.iter().flat_map(|child| files_in(child)).collect()
}

/// FNV-1a: small, and sufficient to distinguish builds (it need not withstand an attacker).
struct Fnv1a(u64);

impl Fnv1a {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1)
}
