//! The client's own JavaScript modules. Its script imports them, and only says so when it has arrived
//! itself: pages name them from the beginning.

use std::{fs, path::Path};

/// Where wasm-bindgen puts them, below the site's root.
const FOLDER: &str = "pkg/snippets";

/// Their addresses, in order; none where the client was not built.
pub fn addresses(site_root: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    collect(
        &Path::new(site_root).join(FOLDER),
        &format!("/{FOLDER}"),
        &mut addresses,
    );
    addresses.sort();
    addresses
}

fn collect(folder: &Path, address: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let address = format!("{address}/{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &address, found);
        } else if name.ends_with(".js") {
            found.push(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_and_their_compressed_copies_are_none() {
        let root = tempfile::tempdir().expect("a directory");
        let folder = root.path().join(FOLDER).join("app-1/src");
        fs::create_dir_all(&folder).expect("folders");
        for name in ["plotly.js", "live.js", "live.js.br"] {
            fs::write(folder.join(name), "").expect("a file");
        }
        let root = root.path().to_str().expect("a plain name");
        let expected = ["live.js", "plotly.js"].map(|name| format!("/{FOLDER}/app-1/src/{name}"));
        assert_eq!(addresses(root), expected);
        assert!(addresses("/nowhere").is_empty());
    }
}
