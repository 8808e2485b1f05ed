//! Runtimes and operating systems that a repository's code runs on.

use serde::{Deserialize, Serialize};

use super::text::{MAX_VERSION, cut_to, shorten};

/// The most runtimes of one repository that are kept.
pub const MAX_RUNTIMES: usize = 50;

/// One product in one version, by the file that states it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Runtime {
    /// Its id at endoflife.date (`nodejs`, `eclipse-temurin`, `debian`); `java` if no vendor is stated.
    pub product: String,
    /// As written; `unknown` if it cannot be read.
    pub version: String,
    /// The path of the file.
    pub file: String,
    /// The line, from 1; 0 if unknown.
    pub line: u32,
}

impl Runtime {
    /// Cuts every text to its limit.
    pub fn bound(&mut self) {
        cut_to(&mut self.product, MAX_VERSION);
        cut_to(&mut self.version, MAX_VERSION);
        shorten(&mut self.file);
    }
}
