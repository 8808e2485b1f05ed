//! `[sources.cosmos]` in `dashboard.toml`: what is read, not how it is reached.

use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long after one refresh the next begins.
    pub every: SignedDuration,
    /// How far back the first refresh reads.
    pub first_days: u16,
    /// Only events of the default branches, or of all.
    pub branches: Branches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Branches {
    Default,
    All,
}
