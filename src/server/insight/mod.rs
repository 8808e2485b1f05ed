//! Facts that are derived from the columns of a snapshot before it is used: red episodes and the state of every pipeline,
//! shared incidents, flaky failures, and the classes of failures; debts of security. None of it depends on a window.

pub mod change_points;
mod classes;
pub mod delivery;
pub mod difference;
mod episodes;
pub mod flakiness;
mod incidents;
pub mod minutes_lost;
pub mod problems;
pub mod security;
#[cfg(test)]
mod tests;
pub mod time_to_green;
mod transitions;

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result};

use crate::{
    selection::Selection,
    server::{
        attributes,
        config::Config,
        snapshot::{Insight, Pipeline, PipelineState, Snapshot},
        store::Store,
    },
};

/// Loads a snapshot of everything, with its insight.
///
/// # Errors
/// The store cannot be read.
pub async fn load(store: &Store, config: Arc<Config>) -> Result<Snapshot> {
    filled_in_background(store.load(config).await?, None).await
}

/// Loads a snapshot from an earlier one and the changes since, with its insight.
///
/// # Errors
/// The store cannot be read.
pub async fn load_after(store: &Store, previous: Arc<Snapshot>) -> Result<Snapshot> {
    let snapshot = store.load_after(Arc::clone(&previous)).await?;
    filled_in_background(snapshot, Some(previous)).await
}

/// Computes the insight on a thread of its own, which keeps those that serve requests free.
async fn filled_in_background(
    mut snapshot: Snapshot,
    previous: Option<Arc<Snapshot>>,
) -> Result<Snapshot> {
    let filling = tokio::task::spawn_blocking(move || {
        match previous {
            Some(previous) => fill_after(&mut snapshot, &previous.insight),
            None => fill(&mut snapshot),
        }
        snapshot
    });
    filling.await.context("computing the insight panicked")
}

/// Returns a snapshot with its insight.
#[must_use]
pub fn filled(mut snapshot: Snapshot) -> Snapshot {
    fill(&mut snapshot);
    snapshot
}

/// Computes the insight of a snapshot.
pub fn fill(snapshot: &mut Snapshot) {
    fill_after(snapshot, &Insight::default());
}

/// Computes the insight of a snapshot from that of an earlier one of the same store. It equals one that is computed
/// from nothing.
pub fn fill_after(snapshot: &mut Snapshot, previous: &Insight) {
    let (episodes, states) = episodes::compute(snapshot);
    snapshot.insight.episodes = episodes;
    snapshot.insight.states = states;
    snapshot.insight.incidents = incidents::compute(snapshot, &transitions::transitions(snapshot));
    snapshot.insight.flakes = flakiness::flakes(snapshot);
    snapshot.insight.classes = classes::compute(snapshot);
    snapshot.insight.security = security::compute(snapshot, &previous.security);
    snapshot.insight.problems = problems::compute(snapshot);
    let (change_points, searched) = change_points::compute(snapshot, &previous.searched);
    snapshot.insight.change_points = change_points;
    snapshot.insight.searched = searched;
}

/// Keys of a selection that choose pipelines, by the attributes of their latest builds.
const OF_PIPELINES: [&str; 6] = [
    "pipeline",
    "project",
    "repository",
    "system",
    "team",
    "type",
];

/// Returns whether each pipeline is of a selection, by the attributes of its latest build; see [`states`].
pub fn chosen_pipelines(snapshot: &Snapshot, selection: &Selection) -> Vec<bool> {
    let is_chosen = attributes::has_attributes(snapshot, selection, &OF_PIPELINES);
    let states = snapshot.insight.states.iter();
    states
        .map(|state| {
            state
                .last_build
                .is_some_and(|last| is_chosen(last as usize))
        })
        .collect()
}

/// Returns the repositories of a selection: those of its team, or of its name; if it also chooses pipelines, those that
/// the latest builds of these name.
pub fn chosen_repositories<'a>(
    snapshot: &'a Snapshot,
    selection: &'a Selection,
) -> impl Fn(&str) -> bool + use<'a> {
    let of_pipelines = OF_PIPELINES
        .into_iter()
        .filter(|key| !["repository", "team"].contains(key));
    let has_pipelines = of_pipelines.clone().any(|key| selection.has(key));
    let built = has_pipelines.then(|| built_repositories(snapshot, selection));
    move |repository| {
        let is = |key: &str, value: &str| {
            !selection.has(key) || selection.values(key).any(|known| known == value)
        };
        match &built {
            Some(built) => built.contains(repository),
            None => {
                is("repository", repository) && is("team", snapshot.config.owners.team(repository))
            }
        }
    }
}

/// The repositories that the latest builds of the pipelines of a selection name.
fn built_repositories(snapshot: &Snapshot, selection: &Selection) -> HashSet<String> {
    let attribute = attributes::find("repository").expect("an attribute of the registry");
    let repositories = (attribute.read)(snapshot);
    let chosen = chosen_pipelines(snapshot, selection);
    let chosen = snapshot.insight.states.iter().zip(chosen);
    let chosen = chosen.filter(|(_, chosen)| *chosen);
    let named = chosen.filter_map(|(state, _)| repositories.label(state.last_build? as usize));
    named.map(str::to_owned).collect()
}

/// Returns the states of the pipelines of a selection. Its project, team, kind and the like choose pipelines, by the
/// attributes of their latest builds; its range and everything else does not matter.
pub fn states<'a>(
    snapshot: &'a Snapshot,
    selection: &Selection,
) -> impl Iterator<Item = (&'a Pipeline, &'a PipelineState)> + use<'a> {
    debug_assert!(snapshot.has_insight(), "a snapshot without its insight");
    let chosen = chosen_pipelines(snapshot, selection);
    let known = snapshot.pipelines.iter().zip(&snapshot.insight.states);
    let chosen = known.zip(chosen).filter(|(_, chosen)| *chosen);
    chosen.map(|(known, _)| known)
}
