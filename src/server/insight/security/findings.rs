//! Findings: opened by a report, resolved by the next complete one of the same scanner and kind of code without it.

use std::{cmp::Reverse, collections::BTreeMap};

use super::matching::{Matcher, Subject};
use crate::server::{
    config::Config,
    model::{DAY_MS, ReportedFinding, Severity},
    snapshot::{
        Finding, RuleState, SecurityState,
        security::{ReportSeries, Security, of_repository},
    },
};

/// Scanners of code and of secrets, which say nothing about dependencies.
const OF_CODE: [&str; 2] = ["code-scanning", "secret-scanning"];

pub fn checks_dependencies(scanner: &str) -> bool {
    !OF_CODE.contains(&scanner)
}

/// Returns every finding that was ever open.
pub fn findings(security: &Security) -> Vec<Finding> {
    let mut all = Vec::new();
    for series in &security.reports {
        of_series(series, &mut all);
    }
    let key = |a: &Finding| {
        (
            a.repository.clone(),
            a.scanner.clone(),
            a.codebase_type.clone(),
            a.package.clone(),
            a.id.clone(),
            a.opened_ms,
        )
    };
    all.sort_by_cached_key(key);
    all
}

fn of_series(series: &ReportSeries, all: &mut Vec<Finding>) {
    /// A finding's key within its series.
    type Key<'a> = (&'a str, &'a str);
    let mut open: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for report in series.reports.iter().filter(|report| report.complete) {
        let mut reported: BTreeMap<Key<'_>, Vec<&ReportedFinding>> = BTreeMap::new();
        for finding in &*report.findings {
            let key = (&*finding.package, &*finding.id);
            reported.entry(key).or_default().push(finding);
        }
        open.retain(|key, index| {
            let stays = reported.contains_key(key);
            if !stays {
                all[*index].resolved_ms = Some(report.at_ms);
            }
            stays
        });
        for ((package, id), entries) in reported {
            let Some(worst) = entries
                .iter()
                .min_by_key(|entry| (entry.severity, entry.suppressed))
            else {
                continue;
            };
            let index = *open.entry((package, id)).or_insert_with(|| {
                let stated = entries.iter().filter_map(|entry| entry.opened_ms).min();
                all.push(Finding {
                    repository: series.repository.clone(),
                    scanner: series.scanner.clone(),
                    codebase_type: series.codebase_type.clone(),
                    package: package.to_owned(),
                    id: id.to_owned(),
                    severity: worst.severity,
                    version: None,
                    fixed_in: None,
                    package_url: None,
                    file_path: None,
                    sha1: None,
                    suppressed: false,
                    opened_ms: stated.unwrap_or(report.at_ms).min(report.at_ms),
                    at_least: stated.is_none(),
                    resolved_ms: None,
                });
                all.len() - 1
            });
            let finding = &mut all[index];
            finding.severity = worst.severity;
            finding.version.clone_from(&worst.version);
            finding.fixed_in.clone_from(&worst.fixed_in);
            finding.package_url.clone_from(&worst.package_url);
            finding.file_path.clone_from(&worst.file_path);
            finding.sha1.clone_from(&worst.sha1);
            finding.suppressed = entries.iter().all(|entry| entry.suppressed);
        }
    }
}

/// The days after which a finding of a severity is overdue; none if never by age.
pub fn limit_days(severity: Severity, config: &Config) -> Option<u16> {
    let days = &config.security.overdue_days;
    match severity {
        Severity::Critical => Some(days.critical),
        Severity::High => Some(days.high),
        Severity::Medium => Some(days.medium),
        Severity::Low | Severity::Unknown => None,
    }
}

/// The instant since which an open finding is or will be overdue, Unix ms, as known at an instant: by its age, or by the
/// date of the catalogue of known exploited vulnerabilities, whichever comes first.
pub fn overdue_since_ms(
    finding: &Finding,
    security: &Security,
    config: &Config,
    at_ms: i64,
) -> Option<i64> {
    let by_age = limit_days(finding.severity, config)
        .map(|days| finding.opened_ms + i64::from(days) * DAY_MS);
    let listed = security.listed(&finding.id, at_ms);
    let listed = listed.and_then(|listed| listed.due_ms);
    match (by_age, listed) {
        (Some(by_age), Some(listed)) => Some(by_age.min(listed)),
        (by_age, listed) => by_age.or(listed),
    }
}

/// Returns the overdue ones of open findings, those overdue for longest first; not while they are accepted.
pub fn overdue<'a>(
    open: impl Iterator<Item = &'a Finding>,
    state: &SecurityState,
    security: &Security,
    config: &Config,
) -> Vec<(&'a Finding, i64)> {
    let mut matcher = Matcher::default();
    let since = open.filter_map(|finding| {
        let since_ms = overdue_since_ms(finding, security, config, state.at_ms)?;
        let is_overdue =
            since_ms < state.at_ms && accepted_until_ms(finding, state, &mut matcher).is_none();
        is_overdue.then_some((finding, since_ms))
    });
    let mut overdue: Vec<(&Finding, i64)> = since.collect();
    overdue.sort_by_key(|(finding, since_ms)| (*since_ms, Reverse(finding.opened_ms)));
    overdue
}

/// Returns the end of the last rule of the repository that suppresses a finding for a time, with a reason; none if it is
/// not accepted.
pub fn accepted_until_ms(
    finding: &Finding,
    state: &SecurityState,
    matcher: &mut Matcher,
) -> Option<i64> {
    let subject = Subject::from(finding);
    let accepting = rules_of(state, &finding.repository)
        .iter()
        .filter(|rule| rule.is_accepted())
        .filter(|rule| matcher.matches(rule.rule(), subject) == Some(true));
    accepting.filter_map(|rule| rule.end.ms()).max()
}

/// Returns the rules of a repository.
fn rules_of<'a>(state: &'a SecurityState, repository: &str) -> &'a [RuleState] {
    of_repository(&state.rules, repository, |rule| &rule.facts.repository)
}
