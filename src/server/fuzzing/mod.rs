//! Fuzz targets: every parser of text from outside, with what must hold for any input. Only tests and
//! fuzzers compile them.
//!
//! `fuzz/` runs them under libFuzzer without end, the unit tests with a bounded number of mutations of
//! the same corpus. `fuzz/README.md` explains both.

#[cfg(test)]
mod tests;

use crate::server::{config, fuzz_target::Target, http, sign_in, sources, store::Location};

/// The targets of each part of the server; a part knows its own parsers.
const PARTS: [&[Target]; 9] = [
    config::fuzz_targets::TARGETS,
    sources::file::fuzz_targets::TARGETS,
    sources::github::fuzz_targets::TARGETS,
    sources::reference::fuzz_targets::TARGETS,
    sources::scan::fuzz_targets::TARGETS,
    sources::suppressions::fuzz_targets::TARGETS,
    sign_in::fuzz_targets::TARGETS,
    http::fuzz_targets::TARGETS,
    &[("store_location", store_location)],
];

/// All targets.
pub fn targets() -> impl Iterator<Item = Target> {
    PARTS.into_iter().flatten().copied()
}

/// Runs one target.
///
/// # Panics
/// There is no target of this name, or the input breaks one of its rules.
pub fn run(name: &str, data: &[u8]) {
    let target = targets().find(|(known, _)| *known == name);
    let (_, target) = target.expect("the name is that of a target");
    target(data);
}

/// The address of a store: neither an error nor a description of a database repeats its password.
fn store_location(data: &[u8]) {
    const PASSWORD: &str = "correct-horse";
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let location = text.parse::<Location>();
    let said = match &location {
        Ok(location) => format!("{location} {location:?}"),
        Err(error) => format!("{error:#} {error:?}"),
    };
    let is_database = !text.starts_with("sqlite:");
    let holds_password = is_database && text.contains(&format!(":{PASSWORD}@"));
    assert!(!(holds_password && said.contains(PASSWORD)), "{said}");
}
