//! The four numbers of the Security page, each against the same 28 days before.

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    api::{Change, SecurityNumber},
    server::{
        insight::security::{COMPARED_DAYS, Selected, is_reported},
        model::RepositoryFacts,
        significance::{self, Rate},
        snapshot::{RuleEnd, RuleState, SecurityState, Snapshot, Support},
    },
};

pub fn numbers(snapshot: &Snapshot, now: &Selected<'_>) -> Vec<SecurityNumber> {
    let then = now.before(COMPARED_DAYS);
    vec![
        debt(&now.state, &then.state),
        runtimes(&now.state, &then.state),
        overdue(snapshot, now, &then),
        unchecked(now, &then),
    ]
}

/// The repositories of which a field was read in a state.
fn read(state: &SecurityState, is: fn(&RepositoryFacts) -> bool) -> BTreeSet<&str> {
    let known = state.repositories.iter().filter(|known| is(&known.facts));
    known.map(|known| &*known.facts.repository).collect()
}

/// Suppressions in debt, unknown where no rules were read or the use of a rule is not known. Those of repositories whose rules were not read at both times are not compared: the first
/// reading is no change.
fn debt(now: &SecurityState, then: &SecurityState) -> SecurityNumber {
    let has_rules = |facts: &RepositoryFacts| facts.rules.is_some();
    let (known_now, known_then) = (read(now, has_rules), read(then, has_rules));
    let rate = |state: &SecurityState, other: &BTreeSet<&str>| {
        let compared = state
            .rules
            .iter()
            .filter(|rule| other.contains(&*rule.facts.repository));
        let compared: Vec<&RuleState> = compared.collect();
        Rate {
            part: compared.iter().filter(|rule| rule.is_debt()).count() as u64,
            whole: compared.len() as u64,
        }
    };
    let (rate_now, rate_then) = (rate(now, &known_then), rate(then, &known_now));
    let is_known = known_now.intersection(&known_then).next().is_some();
    let count = |is: &dyn Fn(&&RuleState) -> bool| now.rules.iter().filter(is).count() as u64;
    let unread = now.repositories.len() - known_now.len();
    SecurityNumber {
        id: "debt".to_owned(),
        number: (!known_now.is_empty()).then(|| count(&|rule| rule.is_debt())),
        of: now.rules.len() as u64,
        unknown: count(&|rule| rule.is_debt_unknown()),
        unread: unread as u64,
        beside: count(&|rule| rule.end == RuleEnd::Never),
        before: is_known.then_some(rate_then.part),
        change: match significance::compare(rate_now, rate_then) {
            Some(Ordering::Greater) => Change::Worse,
            Some(Ordering::Less) => Change::Better,
            _ => Change::Unclear,
        },
    }
}

/// A number whose change is a difference without a judgement.
fn counted(id: &str, number: Option<u64>, of: u64, before: Option<u64>) -> SecurityNumber {
    SecurityNumber {
        id: id.to_owned(),
        number,
        of,
        unknown: 0,
        unread: 0,
        beside: 0,
        before,
        change: Change::Unclear,
    }
}

fn runtimes(now: &SecurityState, then: &SecurityState) -> SecurityNumber {
    let count = |state: &SecurityState, is: &dyn Fn(Support) -> bool| {
        state
            .runtimes
            .iter()
            .filter(|known| is(known.support))
            .count() as u64
    };
    let was_read = then
        .repositories
        .iter()
        .any(|known| known.facts.runtimes.is_some());
    let before = was_read.then(|| count(then, &Support::is_ending));
    SecurityNumber {
        unknown: count(now, &|support| support == Support::Unknown),
        beside: count(now, &|support| support == Support::Ended),
        ..counted(
            "runtimes",
            Some(count(now, &Support::is_ending)),
            now.runtimes.len() as u64,
            before,
        )
    }
}

/// Overdue findings, unknown where no report was read.
fn overdue(snapshot: &Snapshot, now: &Selected<'_>, then: &Selected<'_>) -> SecurityNumber {
    let count = |selected: &Selected<'_>| {
        let overdue = || selected.overdue().len() as u64;
        selected.is_scanned().then(overdue)
    };
    let (security, at_ms) = (&snapshot.security, now.state.at_ms);
    let repositories = now.state.repositories.iter();
    let unread =
        repositories.filter(|known| !is_reported(security, &known.facts.repository, at_ms));
    SecurityNumber {
        unknown: unread.count() as u64,
        ..counted(
            "overdue",
            count(now),
            now.open().count() as u64,
            count(then),
        )
    }
}

/// Repositories without a check. Reports are checks: their first reading is no change.
fn unchecked(now: &Selected<'_>, then: &Selected<'_>) -> SecurityNumber {
    let is_comparable = now.is_scanned() == then.is_scanned();
    let (now, then) = (&*now.state, &*then.state);
    let count = |state: &SecurityState, checked| {
        state
            .repositories
            .iter()
            .filter(|known| known.checked == checked)
            .count() as u64
    };
    let is_known = is_comparable && !then.repositories.is_empty();
    let before = is_known.then(|| count(then, Some(false)));
    SecurityNumber {
        unknown: count(now, None),
        ..counted(
            "unchecked",
            Some(count(now, Some(false))),
            now.repositories.len() as u64,
            before,
        )
    }
}
