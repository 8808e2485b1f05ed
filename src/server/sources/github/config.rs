//! `[sources.github]` in `dashboard.toml`: what is read, not how it is reached.

use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The organisation whose repositories are read.
    pub organisation: String,
    /// How long after one refresh the next begins.
    pub every: SignedDuration,
    /// Whether forks are read, too.
    pub forks: bool,
    /// GraphQL reads fifty repositories a request; servers without it are read file by file.
    pub graphql: bool,
    /// Where repositories keep the suppression files of OWASP dependency-check.
    pub suppression_files: Vec<String>,
}
