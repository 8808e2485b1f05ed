//! The wire types of one repository.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ExternalAddress;

/// One repository as of an instant: what to do, its suppression rules, runtimes, findings and pipelines, and its
/// history. What was not read is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryDetails {
    /// Without the organisation.
    pub name: String,
    /// `bad`, `warning`, `unknown`, `good` or `archived`.
    pub state: String,
    /// The state in a sentence, the worst first.
    pub summary: String,
    /// Its facts are known at this instant; only its builds are otherwise.
    pub known: bool,
    pub archived: bool,
    /// The owners of all files by its CODEOWNERS, else the team of the configuration.
    pub owners: Vec<String>,
    /// `codeowners` or `configuration`.
    pub owners_by: String,
    /// Its CODEOWNERS was read.
    pub owners_read: bool,
    pub address: Option<ExternalAddress>,
    /// The default branch is protected.
    pub protected: Option<bool>,
    /// `2026-11`.
    pub pushed_in: Option<String>,
    pub topics: Option<Vec<String>>,
    /// At most 500, in the order in which to do them.
    pub actions: Vec<RepositoryAction>,
    pub action_count: u64,
    /// At most 500, in the order of its files.
    pub rules: Option<Vec<RepositoryRule>>,
    pub rule_count: u64,
    pub runtimes: Option<Vec<RepositoryRuntime>>,
    /// Open ones, at most 500, in the order in which they are due.
    pub findings: Vec<RepositoryFinding>,
    pub finding_count: u64,
    /// The latest report of each scanner.
    pub scans: Vec<RepositoryScan>,
    /// Tools that it is configured for.
    pub checks: Vec<String>,
    /// A tool checks its dependencies; null if that cannot be known.
    pub checked: Option<bool>,
    /// Pipelines whose latest build names the repository, else those named after it; at most 100.
    pub pipelines: Vec<RepositoryPipeline>,
    pub pipeline_count: u64,
    /// At most 500, the latest first.
    pub changes: Vec<RepositoryChange>,
    pub change_count: u64,
    /// Edits that remove expired and unused rules, by file.
    pub removals: Vec<RuleRemoval>,
    /// At most 100 texts that give rules an end or a reason.
    pub renewals: Vec<RuleRenewal>,
    pub renewal_count: u64,
    /// RFC 3339, UTC; empty without facts of any repository.
    pub as_of: String,
    /// The day or instant that was asked for; null for the latest facts.
    pub asked: Option<String>,
    /// The time of the latest facts, RFC 3339, UTC.
    pub latest: String,
    /// The version of the data.
    pub version: String,
}

/// A place in the default branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilePlace {
    pub file: String,
    /// From 1; 0 if unknown.
    pub line: u32,
    /// The address, if it leads to an allowed host.
    pub href: Option<String>,
}

/// Something to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryAction {
    /// `listed`, `overdue`, `expired`, `due`, `runtime-ended`, `runtime-due`, `unused`, `no-reason`, `broad`, `unchecked`
    /// or `unknown`.
    pub kind: String,
    pub what: String,
    /// RFC 3339, UTC: since when it is so, or when it will be.
    pub at: Option<String>,
    /// The instant is that of the first facts: it may be so for longer.
    pub at_least: bool,
    /// A sentence.
    pub action: String,
    pub place: Option<FilePlace>,
}

/// A suppression rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryRule {
    pub tool: String,
    /// At most 20.
    pub ids: Vec<String>,
    pub id_count: u64,
    /// The dependencies that it is limited to, in words.
    pub selector: String,
    /// The last day, as written.
    pub until: Option<String>,
    /// RFC 3339, UTC; null if it has no end, or none that can be read.
    pub ends_at: Option<String>,
    /// The last day before `ends_at`: `2026-07-10`.
    pub last_day: Option<String>,
    /// The first facts that hold it, RFC 3339, UTC.
    pub since: String,
    /// It is in the first facts of the repository, and may be older.
    pub at_least: bool,
    /// `listed`, `expired`, `due`, `unused`, `no-reason`, `broad`, `no-end`, `unreadable-end`.
    pub flags: Vec<String>,
    /// Its use cannot be known.
    pub use_unknown: bool,
    pub reason: Option<String>,
    pub place: FilePlace,
}

/// A runtime or an operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryRuntime {
    /// For readers: `Node.js`.
    pub product: String,
    /// As written.
    pub version: String,
    /// The line of releases that it belongs to.
    pub cycle: Option<String>,
    /// `ended`, `due`, `unknown` or `supported`.
    pub support: String,
    /// RFC 3339, UTC.
    pub ends_at: Option<String>,
    /// The last day of its support: `2026-07-10`.
    pub last_day: Option<String>,
    pub place: FilePlace,
}

/// An open finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryFinding {
    pub id: String,
    pub package: String,
    pub version: Option<String>,
    pub severity: String,
    pub fixed_in: Option<String>,
    pub scanner: String,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// Opened at this instant or earlier.
    pub at_least: bool,
    /// RFC 3339, UTC: the instant from which on it is overdue; null if never by its age.
    pub due_at: Option<String>,
    pub overdue: bool,
    /// CISA lists it as exploited.
    pub listed: bool,
    /// Its scanner leaves it out because of a rule.
    pub suppressed: bool,
    /// The last day on which a rule with a reason accepts it: `2026-07-10`; null if none does.
    pub accepted_until: Option<String>,
}

/// The latest report of a scanner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryScan {
    pub scanner: String,
    /// `java`, `node`, `python`, or empty.
    pub codebase_type: String,
    /// RFC 3339, UTC.
    pub at: String,
    pub complete: bool,
    pub findings: u64,
}

/// A pipeline of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryPipeline {
    pub system: String,
    /// The job.
    pub name: String,
    pub short_name: String,
    pub project: String,
    /// `red`, `good`, `dormant` or `unknown`.
    pub state: String,
    /// Results of at most 30 builds, the latest last.
    pub recent: Vec<String>,
}

/// A change of the facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryChange {
    /// RFC 3339, UTC: the first facts or report that show it.
    pub at: String,
    /// `repository`, `rule`, `runtime`, `check` or `finding`.
    pub kind: String,
    pub text: String,
}

/// The removal of expired and unused rules from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleRemoval {
    pub place: FilePlace,
    /// Rules that the script removes.
    pub rules: u64,
    /// Commands for a shell, to be run in a checkout of the default branch; null if no rule can be removed by its lines.
    pub script: Option<String>,
    /// Rules that have to be removed by hand.
    pub by_hand: Vec<RuleByHand>,
}

/// A rule that has to be removed by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleByHand {
    pub what: String,
    pub why: String,
    pub place: FilePlace,
}

/// A text that gives a rule an end or a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleRenewal {
    pub what: String,
    pub place: FilePlace,
    /// To be pasted into the entry.
    pub text: String,
    /// A sentence about where it goes.
    pub note: String,
}
