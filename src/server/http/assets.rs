//! The client's files: where they are and how they are named.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use leptos::config::LeptosOptions;

/// Whether the files' names carry a hash is known when the program is built: a program that is moved or
/// started by hand must not guess it.
const HASHED: bool = matches!(env!("HASH_FILES").as_bytes(), b"true");

/// Where pages look for the client, as leptos takes it.
pub fn options() -> LeptosOptions {
    let root = env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| {
        let beside = beside("site").filter(|site| site.is_dir());
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

/// The port on which `cargo leptos watch` tells pages of changes; none where another started the program.
pub fn reload_port() -> Option<u32> {
    let watched = env::var_os("LEPTOS_WATCH").is_some();
    watched.then(|| options().reload_port)
}

/// Whether pages will find the names of the client's files, without which there are none.
///
/// # Errors
/// Where the file with the names is missing, with what to do about it.
pub fn check() -> Result<()> {
    match beside(&options().hash_file) {
        Some(names) if HASHED => names_are_there(&names),
        _ => Ok(()),
    }
}

fn names_are_there(names: &Path) -> Result<()> {
    ensure!(
        names.is_file(),
        "{} is missing, which names the client's files: copy it together with the program from where \
         both were built",
        names.display()
    );
    Ok(())
}

fn beside(name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    Some(program.parent()?.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_the_names_of_its_client_says_what_is_missing() {
        let folder = tempfile::tempdir().expect("a directory");
        let names = folder.path().join("hash.txt");
        let error = names_are_there(&names).expect_err("nothing is there");
        assert!(error.to_string().contains("hash.txt is missing"), "{error}");
        std::fs::write(&names, "js: a\n").expect("a file");
        assert!(names_are_there(&names).is_ok());
    }
}
