//! The client's files: their folder and their names.

use std::{
    env,
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
        let site = site_folder.unwrap_or_else(|| PathBuf::from("target/site"));
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

/// The port on which `cargo leptos watch` tells pages of changes; `None` when it did not start the program.
pub fn reload_port() -> Option<u32> {
    let watched = env::var_os("LEPTOS_WATCH").is_some();
    watched.then(|| options().reload_port)
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

fn next_to_program(name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    Some(program.parent()?.join(name))
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
        std::fs::write(&names, "js: a\n").expect("a file");
        assert!(check_hash_file(&names).is_ok());
    }
}
