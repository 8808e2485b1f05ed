//! Debts with dates: suppression rules, runtimes, findings and repositories without a check, as of any instant.

mod due;
mod ends;
mod findings;
mod matching;
mod overdue_repositories;
mod rules;
mod runtimes;
mod selected;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use crate::server::{
    config::Config,
    model::{DAY_MS, RepositoryFacts},
    snapshot::{
        Finding, RepositoryState, RuleState, RuntimeState, SecurityInsight, SecurityNumbers,
        SecurityState, Snapshot, Support,
        security::{History, Security, of_repository},
    },
};
pub use due::{Due, DueItem, Subject};
pub use ends::ends_ms;
pub use findings::{accepted_until_ms, limit_days, overdue_since_ms};
pub use matching::Matcher;
pub use selected::{Selected, as_of_ms, end_ms, is_later, selected};

/// The weeks for which numbers are kept.
const WEEKS: i64 = 26;
/// The days of a comparison.
pub const COMPARED_DAYS: i64 = 28;

/// Computes the insight of a snapshot, or shares that of an earlier one with the same facts and reports.
pub fn compute(snapshot: &Snapshot, previous: &SecurityInsight) -> SecurityInsight {
    if Arc::ptr_eq(&snapshot.security, &previous.of) {
        return previous.clone();
    }
    let security = &snapshot.security;
    let Some(as_of_ms) = security.as_of_ms else {
        return SecurityInsight {
            of: Arc::clone(security),
            ..SecurityInsight::default()
        };
    };
    let findings = findings::findings(security);
    let mut matcher = Matcher::default();
    let mut weeks = Vec::new();
    let mut now = SecurityState::default();
    for week in (0..=WEEKS).rev() {
        let at_ms = as_of_ms - week * 7 * DAY_MS;
        let state = state(security, &snapshot.config, at_ms, &mut matcher);
        let scanned = is_scanned(security, at_ms, |_| true);
        weeks.push(numbers(
            &state,
            findings.iter(),
            scanned,
            security,
            &snapshot.config,
        ));
        now = state;
    }
    let open = findings.iter().filter(|finding| finding.is_open(now.at_ms));
    let due = due::due(security, &snapshot.config, &now, open);
    SecurityInsight {
        of: Arc::clone(security),
        overdue: overdue_repositories::of(&due),
        findings,
        now,
        weeks,
    }
}

/// Returns the state at an instant.
pub fn state_at(snapshot: &Snapshot, at_ms: i64) -> SecurityState {
    let insight = &snapshot.insight.security;
    if insight.now.at_ms == at_ms {
        return insight.now.clone();
    }
    let mut matcher = Matcher::default();
    state(&snapshot.security, &snapshot.config, at_ms, &mut matcher)
}

/// Returns the numbers of a state, for tests of any instant.
#[cfg(test)]
pub fn numbers_of(snapshot: &Snapshot, state: &SecurityState) -> SecurityNumbers {
    let findings = snapshot.insight.security.findings.iter();
    let scanned = is_scanned(&snapshot.security, state.at_ms, |_| true);
    numbers(
        state,
        findings,
        scanned,
        &snapshot.security,
        &snapshot.config,
    )
}

fn state(security: &Security, config: &Config, at_ms: i64, matcher: &mut Matcher) -> SecurityState {
    let mut state = SecurityState {
        at_ms,
        ..SecurityState::default()
    };
    let scanned: BTreeSet<&str> = security
        .reports
        .iter()
        .filter(|series| findings::checks_dependencies(&series.scanner))
        .filter(|series| series.reports.iter().any(|report| report.at_ms <= at_ms))
        .map(|series| &*series.repository)
        .collect();
    for history in &security.histories {
        let is_scanned = scanned.contains(&*history.repository);
        if history.at(at_ms).is_some_and(|facts| !facts.archived) {
            add(&mut state, security, config, history, is_scanned, matcher);
        }
    }
    state
}

/// Adds a repository, archived or not, at the instant of the state.
fn add(
    state: &mut SecurityState,
    security: &Security,
    config: &Config,
    history: &History,
    is_scanned: bool,
    matcher: &mut Matcher,
) {
    let Some(facts) = history.at(state.at_ms) else {
        return;
    };
    let at_ms = state.at_ms;
    rules::add(&mut state.rules, security, config, history, at_ms, matcher);
    runtimes::add(&mut state.runtimes, security, config, facts, at_ms);
    state.repositories.push(RepositoryState {
        facts: Arc::clone(facts),
        checked: checked(facts, is_scanned),
    });
}

/// Returns the state of one repository at an instant, archived or not; it is empty if the repository was not known.
pub fn repository_at(snapshot: &Snapshot, repository: &str, at_ms: i64) -> SecurityState {
    let security = &snapshot.security;
    let mut state = SecurityState {
        at_ms,
        ..SecurityState::default()
    };
    if let Some(history) = security.history_of(repository) {
        let is_scanned = security
            .reports_of(repository)
            .iter()
            .filter(|series| findings::checks_dependencies(&series.scanner))
            .any(|series| series.reports.iter().any(|report| report.at_ms <= at_ms));
        let (config, mut matcher) = (&snapshot.config, Matcher::default());
        add(
            &mut state,
            security,
            config,
            history,
            is_scanned,
            &mut matcher,
        );
    }
    state
}

/// Returns every finding of a repository that was ever open.
pub fn findings_of<'a>(snapshot: &'a Snapshot, repository: &str) -> &'a [Finding] {
    let all = &snapshot.insight.security.findings;
    of_repository(all, repository, |finding| &finding.repository)
}

/// Returns whether a tool checks the dependencies of a repository. The configuration files of checks say so for
/// JavaScript only; rules for dependency-check and reports say so for every language.
fn checked(facts: &RepositoryFacts, scanned: bool) -> Option<bool> {
    let has_rules = !facts.suppressions.is_empty() || facts.rules.iter().flatten().next().is_some();
    match facts.checks.is_empty() && !scanned {
        false => Some(true),
        true if facts.javascript => Some(false),
        true if has_rules => Some(true),
        true => None,
    }
}

/// Returns whether a report about a repository had been read.
pub fn is_reported(security: &Security, repository: &str, at_ms: i64) -> bool {
    let series = security.reports_of(repository).iter();
    let mut first = series.filter_map(|series| series.reports.first());
    first.any(|first| first.at_ms <= at_ms)
}

/// Returns the number of repositories of a selection about which a report had been read.
pub fn reported(snapshot: &Snapshot, selected: &Selected<'_>) -> u64 {
    let at_ms = selected.state.at_ms;
    let known = selected.state.repositories.iter();
    let known = known.map(|known| &*known.facts.repository);
    let found = selected.findings().map(|finding| &*finding.repository);
    let mut reported: BTreeSet<&str> = known.chain(found).collect();
    reported.retain(|repository| is_reported(&snapshot.security, repository, at_ms));
    // A repository without facts may have reports that never held a finding.
    (reported.len() as u64).max(selected.is_scanned().into())
}

/// Returns whether a rule may be older than the facts that it was first seen in: no rules were read before them.
pub fn may_be_older(security: &Security, rule: &RuleState) -> bool {
    let history = security.history_of(&rule.facts.repository);
    let versions = history.map_or(&[][..], |history| &history.versions);
    let first = versions.partition_point(|(since_ms, _)| *since_ms < rule.since_ms);
    let before = versions[..first]
        .last()
        .and_then(|(_, facts)| facts.as_ref());
    before.is_none_or(|facts| facts.rules.is_none())
}

/// Returns whether a scan of one of these repositories had been read. Facts about them need not be known.
fn is_scanned(security: &Security, at_ms: i64, has: impl Fn(&str) -> bool) -> bool {
    security.reports.iter().any(|series| {
        let first = series.reports.first();
        has(&series.repository) && first.is_some_and(|first| first.at_ms <= at_ms)
    })
}

fn numbers<'a>(
    state: &SecurityState,
    findings: impl Iterator<Item = &'a Finding> + Clone,
    scanned: bool,
    security: &Security,
    config: &Config,
) -> SecurityNumbers {
    let count = |counted: usize| counted as u64;
    let rules =
        |is: fn(&RuleState) -> bool| count(state.rules.iter().filter(|rule| is(rule)).count());
    let runtimes = |support: Support| {
        let of = |known: &&RuntimeState| known.support == support;
        count(state.runtimes.iter().filter(of).count())
    };
    let checks = |checked: Option<bool>| {
        let of = |known: &&RepositoryState| known.checked == checked;
        count(state.repositories.iter().filter(of).count())
    };
    let open = || {
        findings
            .clone()
            .filter(|finding| finding.is_open(state.at_ms))
    };
    let overdue = findings::overdue(open(), state, security, config);
    SecurityNumbers {
        at_ms: state.at_ms,
        rules: count(state.rules.len()),
        debt: rules(RuleState::is_debt),
        without_end: rules(|rule| rule.end == crate::server::snapshot::RuleEnd::Never),
        rules_unread: count(
            state
                .repositories
                .iter()
                .filter(|known| known.facts.rules.is_none())
                .count(),
        ),
        runtimes: count(state.runtimes.len()),
        runtimes_ended: runtimes(Support::Ended),
        runtimes_due: runtimes(Support::Due),
        runtimes_unknown: runtimes(Support::Unknown),
        scanned,
        findings: count(open().count()),
        overdue: count(overdue.len()),
        repositories: count(state.repositories.len()),
        unchecked: checks(Some(false)),
        checks_unknown: checks(None),
    }
}

/// Returns the overdue ones of findings, those overdue for longest first, with the instants since which.
pub fn overdue<'a>(
    snapshot: &Snapshot,
    state: &SecurityState,
    findings: &'a [Finding],
) -> Vec<(&'a Finding, i64)> {
    let open = findings
        .iter()
        .filter(|finding| finding.is_open(state.at_ms));
    findings::overdue(open, state, &snapshot.security, &snapshot.config)
}
