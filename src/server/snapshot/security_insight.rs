//! The insight about security: types that `insight::security` fills.

use std::sync::Arc;

use super::security::Security;
use crate::server::model::{RepositoryFacts, Runtime, Severity, SuppressionRule};

/// Everything that is derived from the facts and reports of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct SecurityInsight {
    /// The facts and reports that it is derived from.
    pub of: Arc<Security>,
    /// Every finding that was ever open, sorted by repository, scanner, kind of code, package and id.
    pub findings: Vec<Finding>,
    /// The state as of the facts.
    pub now: SecurityState,
    /// The numbers of the last weeks, the newest last; that of the facts is the last one.
    pub weeks: Vec<SecurityNumbers>,
    /// The repositories with something that is overdue as of the facts, sorted by name.
    pub overdue: Vec<OverdueRepository>,
}

/// The counts of a repository's things that are past their dates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverdueRepository {
    pub repository: String,
    /// Expired suppression rules, runtimes whose support ended, and overdue findings.
    pub suppressions: u32,
    pub runtimes: u32,
    pub findings: u32,
    /// A vulnerability among them is known to be exploited.
    pub listed: bool,
    /// Unix ms of the earliest known date.
    pub since_ms: Option<i64>,
}

impl OverdueRepository {
    /// The number of rules, runtimes and findings.
    pub fn count(&self) -> u32 {
        self.suppressions + self.runtimes + self.findings
    }
}

impl PartialEq for SecurityInsight {
    /// Derived from equal facts by equal rules, the rest is equal, too.
    fn eq(&self, other: &Self) -> bool {
        self.findings == other.findings && self.now == other.now && self.weeks == other.weeks
    }
}

/// The rules, runtimes and repositories at an instant. Archived repositories do not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecurityState {
    /// Unix ms.
    pub at_ms: i64,
    /// Sorted by repository, then as in its files.
    pub rules: Vec<RuleState>,
    /// Sorted by repository.
    pub runtimes: Vec<RuntimeState>,
    /// Sorted by name.
    pub repositories: Vec<RepositoryState>,
}

/// A repository at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryState {
    pub facts: Arc<RepositoryFacts>,
    /// A tool checks its dependencies; none if that cannot be known.
    pub checked: Option<bool>,
}

/// A suppression rule at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleState {
    pub facts: Arc<RepositoryFacts>,
    /// Its index in the rules of `facts`.
    pub index: u32,
    /// The first facts that hold the rule, without a gap since then, Unix ms.
    pub since_ms: i64,
    pub end: RuleEnd,
    /// The end is in the past.
    pub expired: bool,
    /// The end is within the next days.
    pub due: bool,
    pub no_reason: bool,
    pub broad: bool,
    /// No recent report holds what the rule suppresses; none if that cannot be known.
    pub unused: Option<bool>,
    /// One of its ids is known to be exploited.
    pub listed: bool,
}

impl RuleState {
    pub fn rule(&self) -> &SuppressionRule {
        let rules = self.facts.rules.as_deref().unwrap_or_default();
        &rules[self.index as usize]
    }

    /// Returns the names of its flags, the worst first.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (self.listed, "listed"),
            (self.expired, "expired"),
            (self.due, "due"),
            (self.unused == Some(true), "unused"),
            (self.no_reason, "no-reason"),
            (self.broad, "broad"),
            (self.end == RuleEnd::Never, "no-end"),
            (self.end == RuleEnd::Unreadable, "unreadable-end"),
        ];
        let set = flags.into_iter().filter(|(is_set, _)| *is_set);
        set.map(|(_, flag)| flag)
    }

    /// Returns whether the rule has to be worked on.
    pub fn is_debt(&self) -> bool {
        self.expired || self.no_reason || self.broad || self.listed || self.unused == Some(true)
    }

    /// Returns whether it cannot be known that the rule is in debt: its use is unknown, and nothing else makes it one.
    pub fn is_debt_unknown(&self) -> bool {
        !self.is_debt() && self.unused.is_none()
    }

    /// Returns whether the risk is accepted for a time, with a reason.
    pub fn is_accepted(&self) -> bool {
        matches!(self.end, RuleEnd::At(_)) && !self.expired && !self.no_reason
    }
}

/// The end of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleEnd {
    /// Unix ms.
    At(i64),
    Never,
    /// As it is written, it is no date.
    Unreadable,
}

impl RuleEnd {
    /// The end in Unix ms; none if there is none that can be read.
    pub const fn ms(self) -> Option<i64> {
        match self {
            Self::At(ms) => Some(ms),
            Self::Never | Self::Unreadable => None,
        }
    }
}

/// A runtime of a repository at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct RuntimeState {
    pub facts: Arc<RepositoryFacts>,
    pub runtime: Runtime,
    /// The line of releases that it belongs to (`20`, `3.12`); none if unknown.
    pub cycle: Option<String>,
    /// The end of support, Unix ms; none if that is not announced or unknown.
    pub ends_ms: Option<i64>,
    pub support: Support,
}

/// The support of a runtime, ordered from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Support {
    Ended,
    Due,
    Unknown,
    Supported,
}

impl Support {
    pub const ALL: [Self; 4] = [Self::Ended, Self::Due, Self::Unknown, Self::Supported];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Due => "due",
            Self::Unknown => "unknown",
            Self::Supported => "supported",
        }
    }

    /// It has ended, or ends soon.
    pub const fn is_ending(self) -> bool {
        matches!(self, Self::Ended | Self::Due)
    }
}

/// A vulnerability that a scanner reported, from its first report to the first complete one without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub repository: String,
    pub scanner: String,
    pub codebase_type: String,
    pub package: String,
    pub id: String,
    /// As of its last report, as are the next fields.
    pub severity: Severity,
    pub version: Option<String>,
    pub fixed_in: Option<String>,
    pub package_url: Option<String>,
    pub file_path: Option<String>,
    pub sha1: Option<String>,
    pub suppressed: bool,
    /// Unix ms.
    pub opened_ms: i64,
    /// The scanner does not say when it was opened: that is the time of the first report.
    pub at_least: bool,
    /// Unix ms; none while it is open.
    pub resolved_ms: Option<i64>,
}

impl Finding {
    pub fn is_open(&self, at_ms: i64) -> bool {
        self.opened_ms <= at_ms && self.resolved_ms.is_none_or(|resolved| at_ms < resolved)
    }
}

/// The numbers of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityNumbers {
    /// Unix ms.
    pub at_ms: i64,
    pub rules: u64,
    pub debt: u64,
    pub without_end: u64,
    /// Repositories whose rules had not been read.
    pub rules_unread: u64,
    pub runtimes: u64,
    pub runtimes_ended: u64,
    pub runtimes_due: u64,
    pub runtimes_unknown: u64,
    /// A scan had been read.
    pub scanned: bool,
    /// Open findings, accepted ones included.
    pub findings: u64,
    pub overdue: u64,
    pub repositories: u64,
    pub unchecked: u64,
    /// Repositories of which no check is known, though they may have one.
    pub checks_unknown: u64,
}
