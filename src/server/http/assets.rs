//! The client's files: their folder, their names, and the modules that pages load early.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use leptos::config::LeptosOptions;

/// True when file names carry a hash. Fixed at build time: a program that is moved or started by hand
/// cannot tell.
const HASHED: bool = matches!(env!("HASH_FILES").as_bytes(), b"true");

/// The location of the client's files, as leptos expects it.
pub fn options() -> LeptosOptions {
    let root = env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| {
        let site_folder = next_to_program("site").filter(|site| site.is_dir());
        let site = beside.unwrap_or_else(|| PathBuf::from("target/site"));
        site.display().to_string()
    });
    let reload_port = env::var("LEPTOS_RELOAD_PORT")
        .ok()
        .and_then(|port| port.parse().ok());
    LeptosOptions::builder()
        .output_name(env!("CARGO_PKG_NAME"))
        .site_root(root)
        .site_pkg_dir("pkg")
        .hash_files(HASHED)
        .reload_port(reload_port.unwrap_or(8051))
        .build()
}

/// Checks that pages will find the names of the client's files.
///
/// # Errors
/// The file with the names is missing; the message says what to do.
pub fn check() -> Result<()> {
    match next_to_program(&options().hash_file) {
        Some(names) if HASHED => check_hash_file(&names),
        _ => Ok(()),
    }
}

fn check_hash_file(names: &Path) -> Result<()> {
    ensure!(
        names.is_file(),
        "{} is missing, which names the client's files: copy it together with the program from the \
             folder where both were built",
        names.display()
    );
    Ok(())
}

fn beside(name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    Some(program.parent()?.join(name))
}

/// The folder under the site's root in which wasm-bindgen puts the client's own JavaScript modules. The
/// client's script imports them only after it has loaded, so pages preload them.
const MODULES_FOLDER: &str = "pkg/snippets";

/// The sorted addresses of the client's own modules; empty when the client was not built.
pub fn module_addresses(site_root: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    collect_modules(
        &Path::new(site_root).join(MODULES_FOLDER),
        &format!("/{MODULES_FOLDER}"),
        &mut addresses,
    );
    addresses.sort();
    addresses
}

fn collect_modules(folder: &Path, address: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let address = format!("{address}/{name}");
        if entry.path().is_dir() {
            collect_modules(&entry.path(), &address, found);
        } else if name.ends_with(".js") {
            found.push(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_hash_file_is_reported_by_name() {
        let folder = tempfile::tempdir().expect("a directory");
        let names = folder.path().join("hash.txt");
        let error = check_hash_file(&names).expect_err("the file is missing");
        assert!(error.to_string().contains("hash.txt is missing"), "{error}");
        fs::write(&names, "js: a\n").expect("a file");
        assert!(check_hash_file(&names).is_ok());
    }

    #[test]
    fn modules_are_listed_without_their_compressed_copies() {
        let root = tempfile::tempdir().expect("a directory");
        let folder = root.path().join(MODULES_FOLDER).join("app-1/src");
        fs::create_dir_all(&folder).expect("folders");
        for name in ["plotly.js", "live.js", "live.js.br"] {
            fs::write(folder.join(name), "").expect("a file");
        }
        let root = root.path().to_str().expect("a plain name");
        let expected =
            ["live.js", "plotly.js"].map(|name| format!("/{MODULES_FOLDER}/app-1/src/{name}"));
        assert_eq!(module_addresses(root), expected);
        assert!(module_addresses("/nowhere").is_empty());
    }
}
