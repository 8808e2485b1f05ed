//! What is derived from the columns of a snapshot before it is used: red episodes and the state of every
//! pipeline. Neither depends on a window.

pub mod difference;
mod episodes;
#[cfg(test)]
mod tests;
pub mod time_to_green;

use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::{
    selection::Selection,
    server::{
        attributes,
        config::Config,
        snapshot::{Class, Pipeline, PipelineState, Snapshot},
        store::Store,
    },
};

/// Loads a snapshot of everything, with its insight.
///
/// # Errors
/// The store cannot be read.
pub async fn load(store: &Store, config: Arc<Config>) -> Result<Snapshot> {
    filled_in_background(store.load(config).await?).await
}

/// Loads a snapshot from an earlier one and the changes since, with its insight.
///
/// # Errors
/// The store cannot be read.
pub async fn load_after(store: &Store, previous: Arc<Snapshot>) -> Result<Snapshot> {
    filled_in_background(store.load_after(previous).await?).await
}

/// Computes the insight on a thread of its own, which keeps those that serve requests free.
async fn filled_in_background(snapshot: Snapshot) -> Result<Snapshot> {
    let filling = tokio::task::spawn_blocking(move || filled(snapshot));
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
    let (episodes, states) = episodes::compute(snapshot);
    snapshot.insight.episodes = episodes;
    snapshot.insight.states = states;
    snapshot.insight.classes = vec![Class::None; snapshot.builds.len()];
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

/// Returns the states of the pipelines of a selection. Its project, team, kind and the like choose pipelines, by the
/// attributes of their latest builds; its range and everything else does not matter.
pub fn states<'a>(
    snapshot: &'a Snapshot,
    selection: &Selection,
) -> impl Iterator<Item = (&'a Pipeline, &'a PipelineState)> + use<'a> {
    debug_assert!(snapshot.has_insight(), "a snapshot without its insight");
    let is_chosen = attributes::has_attributes(snapshot, selection, &OF_PIPELINES);
    let known = snapshot.pipelines.iter().zip(&snapshot.insight.states);
    known.filter(move |(_, state)| {
        state
            .last_build
            .is_some_and(|last| is_chosen(last as usize))
    })
}
