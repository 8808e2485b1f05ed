//! The pipelines of a repository: by the address that their latest build names, else by their name.

use crate::{
    api::RepositoryPipeline,
    server::{
        attributes::{self, Values},
        snapshot::Snapshot,
        views::{pipeline_list::state_name, problems::recent},
    },
};

/// The pipelines that are listed.
const MAX_PIPELINES: usize = 100;

fn repositories(snapshot: &Snapshot) -> Values<'_> {
    let attribute = attributes::find("repository").expect("an attribute of the registry");
    (attribute.read)(snapshot)
}

/// Returns the first repository that a build or a pipeline names.
pub fn first(snapshot: &Snapshot) -> Option<String> {
    let built = repositories(snapshot);
    built.labels().first().map(|label| label.to_string())
}

/// Returns whether a build or a pipeline names a repository.
pub fn is_built(snapshot: &Snapshot, name: &str) -> bool {
    let built = repositories(snapshot);
    built.labels().iter().any(|label| label == name)
}

/// The first pipelines by name, and the number of all.
pub fn pipelines(snapshot: &Snapshot, name: &str) -> (Vec<RepositoryPipeline>, u64) {
    let repositories = repositories(snapshot);
    let states = (0_u32..).zip(&snapshot.insight.states);
    let of = states.filter_map(|(number, state)| {
        let label = repositories.label(state.last_build? as usize);
        (label == Some(name)).then_some(number)
    });
    let numbers: Vec<u32> = of.collect();
    let listed = || numbers.iter().copied().take(MAX_PIPELINES);
    let mut recent = recent(snapshot, listed());
    let pipelines = listed().map(|number| {
        let pipeline = &snapshot.pipelines[number as usize];
        RepositoryPipeline {
            system: pipeline.system.as_str().to_owned(),
            name: pipeline.name.to_string(),
            short_name: pipeline.short.to_string(),
            project: snapshot.project_label(pipeline).to_owned(),
            state: state_name(&snapshot.insight.states[number as usize]).to_owned(),
            recent: recent.remove(&number).unwrap_or_default(),
        }
    });
    (pipelines.collect(), numbers.len() as u64)
}
