//! Suppression rules at an instant: their ends, and the flags that make them a debt.

use std::sync::Arc;

use super::{ends, matching::Matcher};
use crate::server::{
    config::Config,
    model::{DAY_MS, RuleFormat, Selector, SelectorKind, SuppressionRule},
    snapshot::{
        RuleEnd, RuleState,
        security::{History, Report, ReportSeries, Security},
    },
};

/// The reports that must not hold what a rule suppresses before it counts as unused.
const REPORTS: usize = 3;

/// Adds the rules of a repository at an instant.
pub fn add(
    rules: &mut Vec<RuleState>,
    security: &Security,
    config: &Config,
    history: &History,
    at_ms: i64,
    matcher: &mut Matcher,
) {
    let Some(facts) = history.at(at_ms) else {
        return;
    };
    let reports = security.reports_of(&facts.repository);
    for (index, rule) in facts.rules.iter().flatten().enumerate() {
        let end = ends::end(rule.until.as_deref(), &config.time_zone);
        let since_ms = since_ms(history, rule, at_ms);
        let due_ms = at_ms + i64::from(config.security.due_days) * DAY_MS;
        rules.push(RuleState {
            facts: Arc::clone(facts),
            index: u32::try_from(index).unwrap_or(u32::MAX),
            since_ms,
            end,
            expired: matches!(end, RuleEnd::At(end) if end <= at_ms),
            due: matches!(end, RuleEnd::At(end) if at_ms < end && end <= due_ms),
            no_reason: !rule
                .notes
                .iter()
                .any(|notes| notes.contains(char::is_alphabetic)),
            broad: is_broad(rule),
            unused: is_unused(rule, end, reports, since_ms, at_ms, matcher),
            listed: rule
                .ids
                .iter()
                .any(|id| security.listed(id, at_ms).is_some()),
        });
    }
}

/// Returns whether two entries are the same rule: the end, the reason and the place may change.
fn is_same(a: &SuppressionRule, b: &SuppressionRule) -> bool {
    (a.format, &a.file, &a.ids, &a.selectors, &a.cvss_below)
        == (b.format, &b.file, &b.ids, &b.selectors, &b.cvss_below)
}

/// Returns since when the facts hold a rule without a gap.
fn since_ms(history: &History, rule: &SuppressionRule, at_ms: i64) -> i64 {
    let holds = |facts: &crate::server::model::RepositoryFacts| {
        facts
            .rules
            .iter()
            .flatten()
            .any(|known| is_same(known, rule))
    };
    let known = history
        .versions
        .partition_point(|(since, _)| *since <= at_ms);
    let versions = history.versions[..known].iter().rev();
    let holding = versions.take_while(|(_, facts)| facts.as_deref().is_some_and(holds));
    holding.last().map_or(at_ms, |(since, _)| *since)
}

/// Returns whether a rule suppresses more than one knows: every dependency, or everything below a score.
fn is_broad(rule: &SuppressionRule) -> bool {
    let selectors: Vec<&Selector> = rule
        .selectors
        .iter()
        .filter(|known| selects(known))
        .collect();
    let catches_all = |selector: &&Selector| selector.regex && is_catch_all(&selector.text);
    let names = !rule.ids.is_empty();
    selectors.iter().any(catches_all)
        || selectors.is_empty() && (names || rule.cvss_below.is_some())
}

/// Returns whether a selector limits a rule to dependencies, not to vulnerabilities.
fn selects(selector: &Selector) -> bool {
    selector.kind != SelectorKind::VulnerabilityName
}

/// Returns whether a regular expression matches every text.
fn is_catch_all(pattern: &str) -> bool {
    let core = pattern
        .trim()
        .trim_start_matches(['^', '('])
        .trim_end_matches(['$', ')']);
    matches!(core, ".*" | ".+" | ".*?" | ".+?")
}

/// Returns whether none of the last complete reports since a rule was first seen holds what it suppresses.
fn is_unused(
    rule: &SuppressionRule,
    end: RuleEnd,
    reports: &[ReportSeries],
    since_ms: i64,
    at_ms: i64,
    matcher: &mut Matcher,
) -> Option<bool> {
    let of_time =
        |report: &&Report| report.complete && since_ms < report.at_ms && report.at_ms <= at_ms;
    let mut recent: Vec<&Report> = Vec::new();
    for series in reports
        .iter()
        .filter(|series| reads(&series.scanner, rule.format))
    {
        let before = recent.len();
        recent.extend(series.reports.iter().rev().filter(of_time).take(REPORTS));
        if recent.len() - before < REPORTS {
            return None;
        }
    }
    if recent.is_empty() {
        return None;
    }
    for report in recent {
        let expired = matches!(end, RuleEnd::At(end) if end <= report.at_ms);
        if matcher.holds(rule, expired, &report.findings)? {
            return Some(false);
        }
    }
    Some(true)
}

/// Returns whether a scanner reads the files of a format.
fn reads(scanner: &str, format: RuleFormat) -> bool {
    match format {
        RuleFormat::DependencyCheck => scanner == "dependency-check",
        RuleFormat::Trivy => scanner == "trivy",
        RuleFormat::OsvScanner => scanner == "osv-scanner",
        RuleFormat::YarnAudit => scanner == "yarn-audit",
        RuleFormat::Snyk => scanner == "snyk",
        RuleFormat::Nsp => matches!(scanner, "npm-audit" | "nsp"),
    }
}
