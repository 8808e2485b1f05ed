//! The lists of the Security page.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use foldhash::HashMap;

use crate::{
    api::{DebtRow, DueRow, ResolvedElsewhere, UncheckedRepository},
    server::{
        attributes::repository_of,
        charts::shorten,
        figures::{
            security_due,
            security_words::{rule_name, scanner_name},
            words,
        },
        insight::security::{Due, DueItem, Subject, may_be_older},
        model::DAY_MS,
        snapshot::{RuleState, SecurityState, Snapshot, Support},
    },
};

/// The rows of each list, and the characters of names, which anyone may choose.
pub const MAX_DUE_NOW: usize = 200;
pub const MAX_DUE_OF_CLASS: usize = 60;
const MAX_DEBTS: usize = 300;
const MAX_ELSEWHERE: usize = 100;
pub const MAX_UNCHECKED: usize = 200;
const MAX_NAMED: usize = 5;
const MAX_NAME: usize = 60;

fn days(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from((to_ms - from_ms) / DAY_MS).unwrap_or_default()
}

/// Describes what is due, in the order of the classes: the first of each.
pub fn due_rows(snapshot: &Snapshot, items: &[DueItem<'_>], at_ms: i64) -> Vec<DueRow> {
    let now = ["finding", "suppression", "runtime"]
        .into_iter()
        .flat_map(|kind| {
            let of_kind = items
                .iter()
                .filter(move |item| item.due == Due::Now && item.subject.kind() == kind);
            of_kind.take(MAX_DUE_NOW)
        });
    let later = Due::ALL.into_iter().filter(|class| *class != Due::Now);
    let later = later.flat_map(|class| {
        let of_class = items.iter().filter(move |item| item.due == class);
        of_class.take(MAX_DUE_OF_CLASS)
    });
    let listed = now.chain(later);
    listed.map(|item| due_row(snapshot, item, at_ms)).collect()
}

/// Describes the runtimes past or near their end, in the order of their ends.
pub fn runtimes(snapshot: &Snapshot, items: &[DueItem<'_>], at_ms: i64) -> Vec<DueRow> {
    let ends = items.iter().filter(
        |item| matches!(item.subject, Subject::Runtime(runtime) if runtime.support.is_ending()),
    );
    let ends = ends.take(MAX_DUE_NOW);
    ends.map(|item| due_row(snapshot, item, at_ms)).collect()
}

fn due_row(snapshot: &Snapshot, item: &DueItem<'_>, at_ms: i64) -> DueRow {
    let (since_ms, at_least) = match &item.subject {
        Subject::Rule(rule) => (Some(rule.since_ms), may_be_older(&snapshot.security, rule)),
        Subject::Runtime(_) => (None, false),
        Subject::Finding(finding) => (Some(finding.opened_ms), finding.at_least),
    };
    let repository = item.subject.repository();
    DueRow {
        class: item.due.as_str().to_owned(),
        kind: item.subject.kind().to_owned(),
        name: shorten(&security_due::name(&item.subject), 2 * MAX_NAME),
        team: shorten(snapshot.config.owners.team(repository), MAX_NAME),
        repository: shorten(repository, MAX_NAME),
        until: item.ends_ms.map(|ms| words::instant(Some(ms))),
        last_day: item
            .ends_ms
            .map(|ms| words::last_day(&snapshot.config.time_zone, ms)),
        ends_soon: matches!(item.subject, Subject::Runtime(runtime) if runtime.support == Support::Due),
        age_days: since_ms.map(|since_ms| days(since_ms, at_ms)),
        at_least,
        listed: item.listed,
        epss_percent: match &item.subject {
            Subject::Finding(finding) => epss_percent(snapshot, &finding.id),
            _ => None,
        },
        fixed_in: match &item.subject {
            Subject::Finding(finding) => finding.fixed_in.clone(),
            _ => None,
        },
        scanner: match &item.subject {
            Subject::Finding(finding) => Some(shorten(&scanner_name(finding), MAX_NAME)),
            _ => None,
        },
    }
}

fn epss_percent(snapshot: &Snapshot, id: &str) -> Option<f64> {
    let score = snapshot.security.epss.as_ref()?.scores.get(id)?;
    Some(100.0 * f64::from(score.probability))
}

/// The flags of a rule that are no debt.
const NO_DEBT: [&str; 3] = ["due", "no-end", "unreadable-end"];

/// The flags of a rule that are a debt, the worst first.
fn debt_flags(rule: &RuleState) -> Vec<String> {
    let flags = rule.flags().filter(|flag| !NO_DEBT.contains(flag));
    flags.map(str::to_owned).collect()
}

/// Returns the rules in debt, those known to be exploited and those with most flags first, and their number.
pub fn debts(snapshot: &Snapshot, state: &SecurityState) -> (Vec<DebtRow>, u64) {
    let mut rules: Vec<&RuleState> = state.rules.iter().filter(|rule| rule.is_debt()).collect();
    let total = rules.len() as u64;
    rules.sort_by_cached_key(|rule| (Reverse(rule.listed), Reverse(debt_flags(rule).len())));
    let row = |rule: &&RuleState| DebtRow {
        name: shorten(&rule_name(rule.rule()), MAX_NAME),
        repository: shorten(&rule.facts.repository, MAX_NAME),
        team: shorten(
            snapshot.config.owners.team(&rule.facts.repository),
            MAX_NAME,
        ),
        file: shorten(&rule.rule().file, MAX_NAME),
        flags: debt_flags(rule),
        age_days: days(rule.since_ms, state.at_ms),
        at_least: may_be_older(&snapshot.security, rule),
    };
    (rules.iter().take(MAX_DEBTS).map(row).collect(), total)
}

/// Returns the vulnerabilities that a repository suppresses and another has resolved, those suppressed most first.
pub fn resolved_elsewhere(snapshot: &Snapshot, state: &SecurityState) -> Vec<ResolvedElsewhere> {
    let mut suppressed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in &state.rules {
        for id in &rule.rule().ids {
            suppressed
                .entry(id)
                .or_default()
                .insert(&rule.facts.repository);
        }
    }
    let mut resolved: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let findings = &snapshot.insight.security.findings;
    let ended = findings
        .iter()
        .filter(|finding| finding.resolved_ms.is_some_and(|at| at <= state.at_ms));
    for finding in ended {
        resolved
            .entry(&finding.id)
            .or_default()
            .insert(&finding.repository);
    }
    // Where it is open again it is not resolved.
    for finding in findings
        .iter()
        .filter(|finding| finding.is_open(state.at_ms))
    {
        if let Some(repositories) = resolved.get_mut(&*finding.id) {
            repositories.remove(&*finding.repository);
        }
    }
    let mut both: Vec<(&str, BTreeSet<&str>, BTreeSet<&str>)> = suppressed
        .into_iter()
        .filter_map(|(id, here)| {
            let there: BTreeSet<&str> = resolved.get(id)?.difference(&here).copied().collect();
            (!there.is_empty()).then_some((id, here, there))
        })
        .collect();
    both.sort_by_key(|(_, here, _)| Reverse(here.len()));
    let names = |of: &BTreeSet<&str>| {
        let named = of.iter().take(MAX_NAMED);
        named.map(|name| shorten(name, MAX_NAME)).collect()
    };
    let row = |(id, here, there): &(&str, BTreeSet<&str>, BTreeSet<&str>)| ResolvedElsewhere {
        id: (*id).to_owned(),
        suppressed_in: names(here),
        suppressed_total: here.len() as u64,
        resolved_in: names(there),
        resolved_total: there.len() as u64,
    };
    both.iter().take(MAX_ELSEWHERE).map(row).collect()
}

/// Returns the JavaScript repositories without a check, by name, and their number.
pub fn unchecked(snapshot: &Snapshot, state: &SecurityState) -> (Vec<UncheckedRepository>, u64) {
    let all = state
        .repositories
        .iter()
        .filter(|known| known.checked == Some(false));
    let total = all.clone().count() as u64;
    let addresses = addresses(snapshot);
    let row = |repository: &str, url: Option<&str>| UncheckedRepository {
        repository: shorten(repository, MAX_NAME),
        team: shorten(snapshot.config.owners.team(repository), MAX_NAME),
        href: url
            .or_else(|| addresses.get(repository).copied())
            .and_then(|address| snapshot.config.links.href(address)),
    };
    let listed = all.take(MAX_UNCHECKED);
    let listed = listed.map(|known| row(&known.facts.repository, known.facts.about.url.as_deref()));
    (listed.collect(), total)
}

/// Returns the addresses of repositories that builds name, by the names of the repositories.
fn addresses(snapshot: &Snapshot) -> HashMap<&str, &str> {
    let urls = snapshot.codebases.iter();
    let urls = urls.filter_map(|codebase| codebase.git_url.as_deref());
    urls.filter_map(|url| Some((repository_of(url)?, url)))
        .collect()
}
