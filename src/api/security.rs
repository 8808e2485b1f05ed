//! The wire types of the head of the Security page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Change;

/// The debts of an organisation's code at an instant. Archived repositories do not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecurityHead {
    /// RFC 3339, UTC; empty without facts.
    pub as_of: String,
    /// The date or instant that was asked for; none for the time of the facts.
    pub asked: Option<String>,
    /// The time that was asked for is later than that of the facts, which is taken.
    pub is_later: bool,
    /// The teams that were asked for; all if there are none.
    pub asked_teams: Vec<String>,
    /// The teams to choose from.
    pub teams: Vec<String>,
    pub repositories: u64,
    pub javascript: u64,
    /// Suppressions in debt, runtimes past or near their end, overdue findings, repositories without a check.
    pub numbers: Vec<SecurityNumber>,
    /// From what is due now to what has no end.
    pub classes: Vec<DueClass>,
    /// At most 200 of each kind that are due now and 60 of each other class, in their order; what is known to be exploited
    /// first.
    pub due: Vec<DueRow>,
    /// The runtimes past or near their end; at most 200.
    pub runtimes: Vec<DueRow>,
    /// Rules that are expired, unused, broad, without a reason or known to be exploited; at most 300.
    pub debts: Vec<DebtRow>,
    pub debts_total: u64,
    /// Vulnerabilities that one repository suppresses and another has resolved; at most 100.
    pub resolved_elsewhere: Vec<ResolvedElsewhere>,
    /// The repositories whose rules were not read.
    pub rules_unread: u64,
    /// The date of the ends of support, and where they are from.
    pub ends_of_support: String,
    /// The dates of CISA's catalogue and of the scores of EPSS; none without them.
    pub kev_as_of: Option<String>,
    pub epss_as_of: Option<String>,
    /// The number of all JavaScript repositories without a check.
    pub unchecked_total: u64,
    /// At most 200 of them, by name.
    pub unchecked: Vec<UncheckedRepository>,
    /// The repositories of which no check is known, though they may have one.
    pub checks_unknown: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecurityNumber {
    /// `debt`, `runtimes`, `overdue` or `unchecked`.
    pub id: String,
    /// None while it is unknown: the suppressions where no rules, the findings where no reports were read.
    pub number: Option<u64>,
    /// The count of its kind.
    pub of: u64,
    /// The suppressions of which it is unknown whether they are in debt, the runtimes of unknown support, the
    /// repositories about which no report was read, those of which no check is known.
    pub unknown: u64,
    /// The repositories whose rules were not read; 0 for others.
    pub unread: u64,
    /// The suppressions without an end; the runtimes past their end; 0 for others.
    pub beside: u64,
    /// The same 28 days before; none if it was not known then.
    pub before: Option<u64>,
    pub change: Change,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueClass {
    /// `now`, `30-days`, `90-days`, `later`, `no-end` or `unknown`.
    pub class: String,
    pub items: u64,
    /// The items by kind.
    pub suppressions: u64,
    pub runtimes: u64,
    pub findings: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DueRow {
    pub class: String,
    /// `suppression`, `runtime` or `finding`.
    pub kind: String,
    pub name: String,
    pub repository: String,
    pub team: String,
    /// RFC 3339, UTC.
    pub until: Option<String>,
    /// The last day before `until`: `2026-07-10`.
    pub last_day: Option<String>,
    /// The end of a runtime is near.
    pub ends_soon: bool,
    /// The days since it was first seen or opened; at least so many where `at_least`.
    pub age_days: Option<u64>,
    pub at_least: bool,
    pub listed: bool,
    /// The version of the package that mends a finding.
    pub fixed_in: Option<String>,
    /// The scanner that reported a finding, with the kind of code that it scanned: `dependency-check (java)`.
    pub scanner: Option<String>,
    /// The probability that a finding is exploited within 30 days, in percent, by EPSS.
    pub epss_percent: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DebtRow {
    pub name: String,
    pub repository: String,
    pub team: String,
    pub file: String,
    /// `listed`, `expired`, `unused`, `no-reason`, `broad`.
    pub flags: Vec<String>,
    /// The days since it was first seen; at least so many where `at_least`.
    pub age_days: u64,
    pub at_least: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedElsewhere {
    pub id: String,
    /// At most five names each, and how many there are.
    pub suppressed_in: Vec<String>,
    pub suppressed_total: u64,
    pub resolved_in: Vec<String>,
    pub resolved_total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UncheckedRepository {
    pub repository: String,
    pub team: String,
    /// Its address, if it is at an allowed host.
    pub href: Option<String>,
}
