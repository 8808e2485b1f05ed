//! Changes of a repository's facts, and of its findings.
//!
//! Facts from before a field was read say nothing about it: the first reading is no change.

use std::collections::BTreeMap;

use crate::{
    api::RepositoryChange,
    server::{
        figures::{
            security_words::{listed, product, rule_name},
            words,
        },
        model::{RepositoryFacts, Runtime, SuppressionRule},
        snapshot::{Finding, security::History},
    },
};

/// The changes that are listed, and those that are counted.
const MAX_CHANGES: usize = 500;

/// A change: the kind of fact and a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: &'static str,
    pub text: String,
}

fn change(kind: &'static str, text: String) -> Change {
    Change { kind, text }
}

/// The changes up to an instant, the latest first, and the number of all.
pub fn history(
    history: Option<&History>,
    findings: &[Finding],
    at_ms: i64,
) -> (Vec<RepositoryChange>, u64) {
    let mut found: Vec<(i64, Change)> = Vec::new();
    let mut before: Option<&RepositoryFacts> = None;
    let versions = history.into_iter().flat_map(|history| &history.versions);
    for (index, (since_ms, facts)) in versions.enumerate() {
        if *since_ms > at_ms {
            break;
        }
        let of = match (before, facts.as_deref()) {
            (Some(before), Some(after)) => changes(before, after),
            (None, Some(_)) => {
                let text = if index == 0 {
                    "First read"
                } else {
                    "Read again after it was gone"
                };
                vec![change("repository", text.to_owned())]
            }
            (Some(_), None) => vec![change("repository", "Gone".to_owned())],
            (None, None) => Vec::new(),
        };
        found.extend(of.into_iter().map(|change| (*since_ms, change)));
        before = facts.as_deref();
    }
    for finding in findings {
        let name = format!(
            "{} in {}",
            finding.id,
            listed([&*finding.package].into_iter())
        );
        let opened = if finding.at_least {
            "first reported"
        } else {
            "opened"
        };
        let events = [
            (Some(finding.opened_ms), opened),
            (finding.resolved_ms, "resolved"),
        ];
        for (at, event) in events {
            if let Some(event_ms) = at.filter(|at| *at <= at_ms) {
                let text = format!("{name} ({}) {event}", finding.severity.as_str());
                found.push((event_ms, change("finding", text)));
            }
        }
    }
    // Of one instant, changes stay in order.
    found.sort_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
    let count = found.len() as u64;
    let listed = found.into_iter().take(MAX_CHANGES);
    let listed = listed.map(|(at_ms, change)| RepositoryChange {
        at: words::instant(Some(at_ms)),
        kind: change.kind.to_owned(),
        text: change.text,
    });
    (listed.collect(), count)
}

/// Describes what differs between facts and the next ones.
pub fn changes(a: &RepositoryFacts, b: &RepositoryFacts) -> Vec<Change> {
    let mut found = Vec::new();
    about(a, b, &mut found);
    checks(a, b, &mut found);
    match (&a.rules, &b.rules) {
        (Some(a), Some(b)) => rules(a, b, &mut found),
        // Facts from before rules were read know CVEs only.
        (None, None) => suppressions(a, b, &mut found),
        _ => {}
    }
    match (&a.runtimes, &b.runtimes) {
        (Some(a), Some(b)) => runtimes(a, b, &mut found),
        (None, None) => {
            let versions = [
                ("nodejs", &a.node_version, &b.node_version),
                ("java", &a.java_version, &b.java_version),
            ];
            for (id, before, after) in versions {
                version(id, before.as_deref(), after.as_deref(), &mut found);
            }
        }
        _ => {}
    }
    found
}

fn about(a: &RepositoryFacts, b: &RepositoryFacts, found: &mut Vec<Change>) {
    let mut say = |text: String| found.push(change("repository", text));
    let switch = |before: bool, after: bool, on: &str, off: &str| {
        (before != after).then(|| if after { on } else { off }.to_owned())
    };
    let switched = switch(a.archived, b.archived, "Archived", "No longer archived");
    switched.into_iter().for_each(&mut say);
    let (before, after) = (&a.about, &b.about);
    if let (Some(before), Some(after)) = (before.protected, after.protected) {
        let (on, off) = (
            "Default branch protected",
            "Default branch no longer protected",
        );
        switch(before, after, on, off)
            .into_iter()
            .for_each(&mut say);
    }
    if let (Some(before), Some(after)) = (&before.default_branch, &after.default_branch)
        && before != after
    {
        say(format!("Default branch {before} → {after}"));
    }
    let lists = [
        ("Owners", &before.owners, &after.owners),
        ("Topics", &before.topics, &after.topics),
    ];
    for (label, before, after) in lists {
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            let text = |names: &[String]| match names {
                [] => "none".to_owned(),
                names => listed(names.iter().map(String::as_str)),
            };
            say(format!("{label} {} → {}", text(before), text(after)));
        }
    }
    let switched = switch(
        a.javascript,
        b.javascript,
        "package.json added",
        "package.json removed",
    );
    switched.into_iter().for_each(&mut say);
}

fn checks(a: &RepositoryFacts, b: &RepositoryFacts, found: &mut Vec<Change>) {
    let of = |one: &RepositoryFacts, other: &RepositoryFacts, verb: &str| {
        let only = one
            .checks
            .iter()
            .filter(|check| !other.checks.contains(check));
        let text = only.map(|check| change("check", format!("{} {verb}", check.label())));
        text.collect::<Vec<_>>()
    };
    found.extend(of(b, a, "added"));
    found.extend(of(a, b, "removed"));
}

/// Counts the CVEs that only one of two facts suppresses.
fn suppressions(a: &RepositoryFacts, b: &RepositoryFacts, found: &mut Vec<Change>) {
    let of = |one: &RepositoryFacts, other: &RepositoryFacts, verb: &str| {
        let known = |cve: &str| other.suppressions.iter().any(|entry| entry.cve == cve);
        let mut only: Vec<&str> = one.suppressions.iter().map(|entry| &*entry.cve).collect();
        only.sort_unstable();
        only.dedup();
        only.retain(|cve| !known(cve));
        let text = only
            .into_iter()
            .map(|cve| format!("Suppression of {cve} {verb}"));
        text.map(|text| change("rule", text)).collect::<Vec<_>>()
    };
    found.extend(of(b, a, "added"));
    found.extend(of(a, b, "removed"));
}

/// Rules by what makes them the same: their end, reason and place may change.
fn by_identity(rules: &[SuppressionRule]) -> BTreeMap<String, Vec<&SuppressionRule>> {
    let mut found: BTreeMap<String, Vec<&SuppressionRule>> = BTreeMap::new();
    for rule in rules {
        let SuppressionRule {
            format,
            file,
            ids,
            selectors,
            cvss_below,
            ..
        } = rule;
        let key = format!("{format:?} {file:?} {ids:?} {selectors:?} {cvss_below:?}");
        found.entry(key).or_default().push(rule);
    }
    found
}

fn rules(a: &[SuppressionRule], b: &[SuppressionRule], found: &mut Vec<Change>) {
    if a == b {
        return;
    }
    let (before, mut after) = (by_identity(a), by_identity(b));
    let mut say = |text: String| found.push(change("rule", text));
    let mut removed = Vec::new();
    for (key, before) in before {
        let after = after.remove(&key).unwrap_or_default();
        for (before, after) in before.iter().zip(&after) {
            rule(before, after, &mut say);
        }
        for gone in before.iter().skip(after.len()) {
            removed.push(format!("Rule for {} removed", rule_name(gone)));
        }
        for new in after.iter().skip(before.len()) {
            say(format!("Rule for {} added", rule_name(new)));
        }
    }
    for new in after.into_values().flatten() {
        say(format!("Rule for {} added", rule_name(new)));
    }
    removed.into_iter().for_each(say);
}

fn rule(before: &SuppressionRule, after: &SuppressionRule, say: &mut impl FnMut(String)) {
    let name = || rule_name(after);
    if before.until != after.until {
        let end = |rule: &SuppressionRule| {
            let until = rule.until.clone();
            until.unwrap_or_else(|| "no end".to_owned())
        };
        say(format!(
            "Rule for {}: until changed from {} to {}",
            name(),
            end(before),
            end(after)
        ));
    }
    if before.notes != after.notes {
        let verb = match (&before.notes, &after.notes) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        say(format!("Rule for {}: reason {verb}", name()));
    }
}

/// Compares the versions of each product in each file.
fn runtimes(a: &[Runtime], b: &[Runtime], found: &mut Vec<Change>) {
    let by_place = |runtimes: &[Runtime]| {
        let mut places: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for runtime in runtimes {
            let place = (runtime.product.clone(), runtime.file.clone());
            places
                .entry(place)
                .or_default()
                .push(runtime.version.clone());
        }
        for versions in places.values_mut() {
            versions.sort_unstable();
            versions.dedup();
        }
        places
    };
    let (before, mut after) = (by_place(a), by_place(b));
    for ((id, file), before) in before {
        let after = after.remove(&(id.clone(), file));
        let after = after.map(|versions| versions.join(", "));
        version(&id, Some(&before.join(", ")), after.as_deref(), found);
    }
    for ((id, _), after) in after {
        version(&id, None, Some(&after.join(", ")), found);
    }
}

fn version(id: &str, before: Option<&str>, after: Option<&str>, found: &mut Vec<Change>) {
    let product = product(id);
    let text = match (before, after) {
        (Some(before), Some(after)) if before != after => format!("{product} {before} → {after}"),
        (None, Some(after)) => format!("{product} {after} added"),
        (Some(before), None) => format!("{product} {before} removed"),
        _ => return,
    };
    found.push(change("runtime", text));
}
