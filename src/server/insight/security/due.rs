//! Due dates of security: rules, runtimes and findings in one list.

use std::cmp::Reverse;

use super::{matching::Matcher, overdue_since_ms};
use crate::server::{
    config::Config,
    insight::security::findings,
    model::DAY_MS,
    snapshot::{
        Finding, RuleEnd, RuleState, RuntimeState, SecurityState, Support, security::Security,
    },
};

/// Classes of due dates, ordered from what was due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Now,
    Days30,
    Days90,
    Later,
    /// It has no end.
    Never,
    /// Its end cannot be known.
    Unknown,
}

impl Due {
    pub const ALL: [Self; 6] = [
        Self::Now,
        Self::Days30,
        Self::Days90,
        Self::Later,
        Self::Never,
        Self::Unknown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Days30 => "30-days",
            Self::Days90 => "90-days",
            Self::Later => "later",
            Self::Never => "no-end",
            Self::Unknown => "unknown",
        }
    }

    fn of(ends_ms: i64, now_ms: i64) -> Self {
        match ends_ms - now_ms {
            left if left <= 0 => Self::Now,
            left if left <= 30 * DAY_MS => Self::Days30,
            left if left <= 90 * DAY_MS => Self::Days90,
            _ => Self::Later,
        }
    }
}

/// Something that is due.
pub enum Subject<'a> {
    Rule(&'a RuleState),
    Runtime(&'a RuntimeState),
    Finding(&'a Finding),
}

impl Subject<'_> {
    /// Its kind in the API.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Rule(_) => "suppression",
            Self::Runtime(_) => "runtime",
            Self::Finding(_) => "finding",
        }
    }

    pub fn repository(&self) -> &str {
        match self {
            Self::Rule(rule) => &rule.facts.repository,
            Self::Runtime(runtime) => &runtime.facts.repository,
            Self::Finding(finding) => &finding.repository,
        }
    }

    /// One of its vulnerabilities is known to be exploited.
    fn is_listed(&self, security: &Security, at_ms: i64) -> bool {
        match self {
            Self::Rule(rule) => rule.listed,
            Self::Runtime(_) => false,
            Self::Finding(finding) => security.listed(&finding.id, at_ms).is_some(),
        }
    }
}

pub struct DueItem<'a> {
    pub subject: Subject<'a>,
    pub due: Due,
    /// Unix ms; none without a known end.
    pub ends_ms: Option<i64>,
    pub listed: bool,
}

/// Returns everything that has an end, or ought to, what is known to be exploited first, then by its end. Findings that a rule
/// accepts are due with the rule; those of low severity never are.
pub fn due<'a>(
    security: &Security,
    config: &Config,
    state: &'a SecurityState,
    open: impl Iterator<Item = &'a Finding>,
) -> Vec<DueItem<'a>> {
    let now_ms = state.at_ms;
    let rules = state.rules.iter().map(|rule| {
        let (due, ends_ms) = match rule.end {
            RuleEnd::At(ends_ms) => (Due::of(ends_ms, now_ms), Some(ends_ms)),
            RuleEnd::Never => (Due::Never, None),
            RuleEnd::Unreadable => (Due::Unknown, None),
        };
        (Subject::Rule(rule), due, ends_ms)
    });
    let runtimes = state.runtimes.iter().filter_map(|runtime| {
        let due = match (runtime.support, runtime.ends_ms) {
            (Support::Ended, _) => Due::Now,
            (Support::Unknown, _) => Due::Unknown,
            (_, Some(ends_ms)) => Due::of(ends_ms, now_ms),
            // Supported, and no end is announced.
            (_, None) => return None,
        };
        Some((Subject::Runtime(runtime), due, runtime.ends_ms))
    });
    let mut matcher = Matcher::default();
    let findings = open.filter_map(|finding| {
        if findings::accepted_until_ms(finding, state, &mut matcher).is_some() {
            return None;
        }
        let unknown = finding.severity == crate::server::model::Severity::Unknown;
        let (due, ends_ms) = match overdue_since_ms(finding, security, config, now_ms) {
            Some(since_ms) => (Due::of(since_ms + 1, now_ms), Some(since_ms)),
            None if unknown => (Due::Unknown, None),
            None => return None,
        };
        Some((Subject::Finding(finding), due, ends_ms))
    });
    let all = rules.chain(runtimes).chain(findings);
    let mut items: Vec<DueItem<'a>> = all
        .map(|(subject, due, ends_ms)| DueItem {
            listed: subject.is_listed(security, now_ms),
            subject,
            due,
            ends_ms,
        })
        .collect();
    // The sort is stable: items of one end stay in the order of their kinds and repositories.
    items.sort_by_key(|item| (Reverse(item.listed), item.due, item.ends_ms));
    items
}
