//! Data that no clone holds: it lies in a folder beside the clone, on some machines.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The file that `variable` names, else one of the folder. Without it the test is reported as skipped,
/// past the harness, which hides what passing tests print.
pub fn shared_file(test: &str, file: &str, variable: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let is_named = named.is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = named.unwrap_or_else(|| folder.join(file));
    if path.is_file() {
        return Some(path);
    }
    assert!(
        !is_named,
        "{variable} names {}, which is no file",
        path.display()
    );
    let line = format!("\nskipped: {test}: ../shared/{file} is missing; {variable} can name it\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error is open");
    None
}
