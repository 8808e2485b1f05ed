//! Lists of suppressed vulnerabilities, checks and versions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, Item};
use crate::server::{
    figures::{
        java_versions, js_checks, node_versions,
        rows::UNKNOWN,
        security_words::listed,
        suppressions::{self, Suppressed},
        versions::Platform,
        words,
    },
    model::Check,
};

impl Facts<'_> {
    fn suppressed(&self) -> Vec<Suppressed<'_>> {
        suppressions::suppressed(self.snapshot, &self.selected.state)
    }
}

fn of_suppressed(one: &Suppressed<'_>) -> Item {
    let state = match (one.expired, one.unreadable, one.ends_ms) {
        (true, ..) => "Expired",
        (_, true, _) => "End unreadable",
        (.., Some(_)) => "Suppressed",
        (.., None) => "Suppressed without end",
    };
    Item {
        repositories: vec![one.repository.to_owned()],
        team: one.team.to_owned(),
        what: one.cve.clone(),
        until_ms: one.ends_ms,
        state: state.to_owned(),
        ..Item::default()
    }
}

/// Several entries as one item.
fn together(what: &str, entries: &[&Suppressed<'_>]) -> Item {
    let repositories: BTreeSet<&str> = entries.iter().map(|one| one.repository).collect();
    let count = words::counted(repositories.len() as u64, "repository", "repositories");
    let expired = entries.iter().all(|one| one.expired);
    let state = if expired { "Expired" } else { "Suppressed" };
    Item {
        repositories: repositories.into_iter().map(str::to_owned).collect(),
        team: entries.first().map_or("", |one| one.team).to_owned(),
        what: what.to_owned(),
        state: format!("{state} in {count}"),
        ..Item::default()
    }
}

/// The teams and repositories that suppress a vulnerability.
pub fn cve(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let all = facts.suppressed();
    let of_row = all.iter().filter(|one| one.cve == row);
    let items = match column {
        "teams" => {
            let mut by_team: BTreeMap<&str, Vec<&Suppressed<'_>>> = BTreeMap::new();
            for one in of_row.filter(|one| !one.expired) {
                by_team.entry(one.team).or_default().push(one);
            }
            let teams = by_team.values();
            teams.map(|entries| together(row, entries)).collect()
        }
        _ => of_row
            .filter(|one| one.expired == (column == "expired"))
            .map(of_suppressed)
            .collect(),
    };
    Some(items)
}

/// The vulnerabilities that a team suppresses, or the repositories that do.
pub fn team(facts: &Facts<'_>, row: &str, column: &str) -> Option<Vec<Item>> {
    let all = facts.suppressed();
    let of_team = all.iter().filter(|one| one.team == row);
    let (expired, active): (Vec<&Suppressed<'_>>, Vec<_>) = of_team.partition(|one| one.expired);
    if column == "repositories" {
        let mut by_repository: BTreeMap<&str, Vec<&Suppressed<'_>>> = BTreeMap::new();
        for one in active {
            by_repository.entry(one.repository).or_default().push(one);
        }
        let items = by_repository.values().map(|entries| {
            let cves: Vec<&str> = entries.iter().map(|one| &*one.cve).collect();
            let count = words::counted(cves.len() as u64, "CVE", "CVEs");
            Item {
                state: format!("Suppresses {count}"),
                ..together(&listed(cves.into_iter()), entries)
            }
        });
        return Some(items.collect());
    }
    let counted = match column {
        "expired" => {
            let kept: BTreeSet<&str> = active.iter().map(|one| &*one.cve).collect();
            let expired = expired.into_iter();
            expired.filter(|one| !kept.contains(&*one.cve)).collect()
        }
        _ => active,
    };
    let mut by_cve: BTreeMap<&str, Vec<&Suppressed<'_>>> = BTreeMap::new();
    for one in counted {
        by_cve.entry(&one.cve).or_default().push(one);
    }
    let items = by_cve.iter();
    let items = items.map(|(cve, entries)| together(cve, entries));
    Some(items.collect())
}

/// The repositories with a check, or without any.
pub fn check(facts: &Facts<'_>, row: &str, _: &str) -> Option<Vec<Item>> {
    let check = Check::ALL.into_iter().find(|check| check.label() == row);
    if check.is_none() && row != js_checks::NONE {
        return None;
    }
    let repositories = suppressions::repositories(&facts.selected.state);
    let of_row = repositories.filter(|known| {
        let has = match check {
            Some(check) => known.checks.contains(&check),
            None => known.checks.is_empty(),
        };
        known.javascript && has
    });
    let items = of_row.map(|known| {
        let checks: Vec<&str> = known.checks.iter().map(|check| check.label()).collect();
        let checks = match &*checks {
            [] => "None of the four tools".to_owned(),
            some => some.join(", "),
        };
        Item {
            repositories: vec![known.repository.clone()],
            team: facts.team(&known.repository),
            what: "package.json".to_owned(),
            state: checks,
            ..Item::default()
        }
    });
    Some(items.collect())
}

pub fn node_version(facts: &Facts<'_>, row: &str, _: &str) -> Option<Vec<Item>> {
    version(facts, &node_versions::NODE, row)
}

pub fn java_version(facts: &Facts<'_>, row: &str, _: &str) -> Option<Vec<Item>> {
    version(facts, &java_versions::JAVA, row)
}

/// The repositories that use a major version.
fn version(facts: &Facts<'_>, platform: &Platform, row: &str) -> Option<Vec<Item>> {
    let wanted: Option<u64> = match row {
        UNKNOWN => None,
        major => Some(major.parse().ok()?),
    };
    let used = platform.used(&facts.selected.state);
    let of_row = used.filter(|(major, ..)| *major == wanted);
    let items = of_row.map(|(_, version, repository)| Item {
        repositories: vec![repository.to_owned()],
        team: facts.team(repository),
        what: format!("{} {version}", platform.name),
        state: "In use".to_owned(),
        ..Item::default()
    });
    Some(items.collect())
}
