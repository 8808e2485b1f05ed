//! Debts of security: what is due, whose it is, and whether it gets better.

mod lists;
mod numbers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::{
    api::{DueClass, SecurityHead},
    selection::Selection,
    server::{
        charts::shorten,
        figures::words,
        insight::security::{Due, is_later, selected},
        snapshot::Snapshot,
    },
};

/// The most teams to choose from, and the characters of their names.
const MAX_TEAMS: usize = 500;
const MAX_TEAM: usize = 60;

/// Describes the facts of a selection's team as of its day.
pub fn security_head(snapshot: &Snapshot, selection: &Selection) -> SecurityHead {
    if snapshot.security.as_of_ms.is_none() {
        return SecurityHead::default();
    }
    let selected = selected(snapshot, selection);
    let state = &*selected.state;
    let items = selected.due();
    let classes = Due::ALL.map(|class| {
        let of_class = items.iter().filter(|item| item.due == class);
        let count = |kind| {
            let of_kind = of_class.clone().filter(|item| item.subject.kind() == kind);
            of_kind.count() as u64
        };
        DueClass {
            class: class.as_str().to_owned(),
            items: of_class.clone().count() as u64,
            suppressions: count("suppression"),
            runtimes: count("runtime"),
            findings: count("finding"),
        }
    });
    let (debts, debts_total) = lists::debts(snapshot, state);
    let (unchecked, unchecked_total) = lists::unchecked(snapshot, state);
    let count = |is: &dyn Fn(&&crate::server::snapshot::RepositoryState) -> bool| {
        state.repositories.iter().filter(is).count() as u64
    };
    SecurityHead {
        as_of: words::instant(Some(state.at_ms)),
        asked: selection.value("as_of").map(str::to_owned),
        is_later: is_later(snapshot, selection),
        asked_teams: selection.values("team").map(str::to_owned).collect(),
        teams: teams(snapshot),
        repositories: state.repositories.len() as u64,
        javascript: count(&|known| known.facts.javascript),
        numbers: numbers::numbers(snapshot, &selected),
        classes: classes.into(),
        due: lists::due_rows(snapshot, &items, state.at_ms),
        runtimes: lists::runtimes(snapshot, &items, state.at_ms),
        debts,
        debts_total,
        resolved_elsewhere: lists::resolved_elsewhere(snapshot, state),
        rules_unread: count(&|known| known.facts.rules.is_none()),
        ends_of_support: snapshot.security.end_of_life().as_of.to_string(),
        kev_as_of: snapshot.security.kev_as_of.map(|day| day.to_string()),
        epss_as_of: snapshot
            .security
            .epss
            .as_ref()
            .map(|epss| epss.as_of.to_string()),
        unchecked,
        unchecked_total,
        checks_unknown: count(&|known| known.checked.is_none()),
    }
}

/// The teams of all repositories, by name.
fn teams(snapshot: &Snapshot) -> Vec<String> {
    let repositories = snapshot.security.repositories.iter();
    let teams: BTreeSet<&str> = repositories
        .map(|facts| snapshot.config.owners.team(&facts.repository))
        .collect();
    // A name that is cut would choose nothing.
    let whole = teams
        .into_iter()
        .filter(|team| shorten(team, MAX_TEAM) == *team);
    whole.take(MAX_TEAMS).map(str::to_owned).collect()
}
