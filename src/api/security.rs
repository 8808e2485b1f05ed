//! The wire types of the head of the Security page.

use serde::{Deserialize, Serialize};

/// Suppressions by when they end, and repositories without a check. Archived repositories do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityHead {
    /// RFC 3339, UTC; empty without facts.
    pub as_of: String,
    pub repositories: u64,
    pub javascript: u64,
    /// In the order of their ends: expired, then the earliest first, those without an end last.
    pub classes: Vec<DueClass>,
    /// At most 300, in the order of the classes.
    pub due: Vec<DueSuppression>,
    /// The suppressions of which the end cannot be read; they count as without an end.
    pub unreadable: u64,
    /// The number of all JavaScript repositories without a check.
    pub unchecked_total: u64,
    /// At most 200 of them, by name.
    pub unchecked: Vec<UncheckedRepository>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueClass {
    /// `expired`, `30-days`, `90-days`, `later` or `no-end`.
    pub class: String,
    /// The number of pairs of a CVE and a repository that suppresses it.
    pub suppressions: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueSuppression {
    pub class: String,
    pub cve: String,
    pub repository: String,
    pub team: String,
    /// RFC 3339, UTC: the instant at which the last of its entries ends.
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncheckedRepository {
    pub repository: String,
    pub team: String,
    /// Its address, if builds name one at an allowed host.
    pub href: Option<String>,
}
