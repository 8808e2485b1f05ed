//! The data that figures read: immutable columns in memory, replaced as a whole.
//!
//! One row per build of a default branch, sorted by `finished_ms`, with interned names. A window is a
//! range of rows, found by binary search.

mod build_ids;
mod builder;
pub mod change_points;
mod clock;
mod columns;
mod insight;
mod names;
mod record;
pub mod security;
mod security_insight;
mod short_names;
mod steps;
#[cfg(test)]
mod tests;
pub mod truth;
mod window;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

pub use build_ids::BuildIds;
pub use builder::{NumberedBuild, SnapshotBuilder};
use clock::LocalClock;
pub use columns::Builds;
pub use insight::{
    Class, Episode, Flake, Incident, Insight, PipelineState, Problem, Shared, State, Subject,
};
pub use record::{BuildDetails, BuildRecord};
use security::Security;
pub use security_insight::{
    Finding, OverdueRepository, RepositoryState, RuleEnd, RuleState, RuntimeState, SecurityInsight,
    SecurityNumbers, SecurityState, Support,
};
pub use steps::{StepRow, Steps};
pub use window::{Window, instant_ms};

use crate::{
    selection::Selection,
    server::{
        config::{self, Config, UNOWNED},
        model::{Codebase, Provenance, System, Toolchain},
    },
};

/// The value of `duration_ms` for builds without a known duration.
pub const UNKNOWN_DURATION: u32 = u32::MAX;
/// The value of `failing_step` for builds without a known step.
pub const UNKNOWN_STEP: u16 = names::FewNames::UNKNOWN;
/// The value of `node` for builds whose node is unknown.
pub const UNKNOWN_NODE: u16 = names::FewNames::UNKNOWN;
/// Steps of builds are kept in memory for so many days.
pub const STEP_DAYS: u16 = 90;
/// The value of `functional_test_ms` for builds that did not pass both test steps.
pub const NO_TEST: i64 = i64::MIN;

/// A job of a system.
#[derive(Debug)]
pub struct Pipeline {
    /// The job's name.
    pub name: Arc<str>,
    pub system: System,
    /// The name; with the system if two systems have a job of this name.
    pub label: Arc<str>,
    /// The name for readers, beside the project's label; see `short_names`.
    pub short: Arc<str>,
    /// Index in `config.projects`; none is “Unowned”.
    pub project: Option<usize>,
    /// Its events say when a build ends.
    pub tells_end: bool,
}

impl Pipeline {
    fn new(name: Arc<str>, system: System, project: Option<usize>) -> Self {
        let (label, short) = (Arc::clone(&name), Arc::clone(&name));
        Self {
            name,
            system,
            label,
            short,
            project,
            tells_end: false,
        }
    }

    /// Names the system of each pipeline whose name is that of a neighbour.
    fn tell_apart(pipelines: &mut [Self]) {
        for first in 1..pipelines.len() {
            if pipelines[first - 1].name == pipelines[first].name {
                for pipeline in &mut pipelines[first - 1..=first] {
                    let system = pipeline.system.as_str();
                    pipeline.label = format!("{} ({system})", pipeline.name).into();
                }
            }
        }
    }
}

/// All data that figures are computed from.
#[derive(Debug)]
pub struct Snapshot {
    /// The data version; changes with the data.
    pub version: Arc<str>,
    pub origin: Origin,
    pub config: Arc<Config>,
    /// The data is sample data.
    pub sample: bool,
    /// The time of the last sync or import of events, Unix ms; none without events.
    pub as_of_ms: Option<i64>,
    pub builds: Builds,
    /// Pipelines with builds in `builds`, sorted by name, then by system.
    pub pipelines: Vec<Pipeline>,
    /// Steps of `builds`, sorted by name.
    pub steps: Vec<Arc<str>>,
    /// Nodes of `builds`, sorted by name.
    pub nodes: Vec<Arc<str>>,
    /// Codebases of `builds`, sorted.
    pub codebases: Vec<Arc<Codebase>>,
    /// Toolchains of `builds`, sorted.
    pub toolchains: Vec<Arc<Toolchain>>,
    /// The number of builds on other branches, which no figure shows.
    pub builds_elsewhere: u64,
    pub security: Arc<Security>,
    /// Empty until the module `insight` fills it.
    pub insight: Insight,
}

/// The store and the state of it that a snapshot was loaded from, so that the next one can build on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub store: String,
    /// The store's counter of changes.
    pub changes: i64,
    /// The greatest number of a build in the store.
    pub last_build: u32,
}

impl Snapshot {
    /// A snapshot without any data.
    pub fn empty(config: Arc<Config>) -> Self {
        SnapshotBuilder::new(config).finish("empty".to_owned(), None, Security::default())
    }

    /// Returns whether the store held no data.
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty() && self.builds_elsewhere == 0 && self.security.is_empty()
    }

    /// The local date of an instant, in days since 1970-01-01.
    pub fn local_day(&self, at_ms: i64) -> i32 {
        LocalClock::new(&self.config).read(at_ms).1
    }

    /// Returns whether every pipeline has its state.
    pub fn has_insight(&self) -> bool {
        self.insight.states.len() == self.pipelines.len()
    }

    /// The approximate memory of the columns and texts, in bytes.
    pub fn bytes(&self) -> usize {
        let pipelines = self.pipelines.iter().map(|pipeline| &pipeline.name);
        let texts = self.steps.iter().chain(&self.nodes).chain(pipelines);
        let texts: usize = texts.map(|text| size_of_val(text) + text.len()).sum();
        let codebases = self.codebases.iter().map(|codebase| bytes(&**codebase));
        let toolchains = self.toolchains.iter().map(|toolchain| bytes(&**toolchain));
        let provenances: usize = codebases.chain(toolchains).sum();
        let columns = self.builds.bytes() + self.insight.bytes();
        columns + texts + provenances + self.security.bytes()
    }

    /// The label of a build's pipeline.
    pub fn pipeline_label(&self, build: usize) -> &str {
        &self.pipelines[self.builds.pipeline[build] as usize].label
    }

    /// The label of a pipeline's project.
    pub fn project_label(&self, pipeline: &Pipeline) -> &str {
        pipeline
            .project
            .map_or(UNOWNED, |index| &self.config.projects[index].label)
    }

    /// The labels of the projects that a selection names, for sentences; none for all projects.
    pub fn projects_in_words(&self, selection: &Selection) -> Option<String> {
        let label = |slug: &str| {
            if slug == config::slug(UNOWNED) {
                return Some(UNOWNED);
            }
            let projects = &self.config.projects;
            let chosen = projects.iter().find(|known| known.slug == slug);
            chosen.map(|project| project.label.as_str())
        };
        let labels: Vec<&str> = selection.values("project").filter_map(label).collect();
        let (last, first) = labels.split_last()?;
        Some(match first {
            [] => (*last).to_owned(),
            _ => format!("{} and {last}", first.join(", ")),
        })
    }
}

fn bytes(values: &impl Provenance) -> usize {
    size_of_val(values) + values.values().flatten().map(str::len).sum::<usize>()
}

/// Returns the number of a commit in the column `commit`: its first 16 hexadecimal digits, or a hash of another
/// text; never 0.
pub fn commit_number(commit: &str) -> u64 {
    let digits = commit
        .get(..16)
        .filter(|start| start.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let number = number.unwrap_or_else(|| {
        let mut hash = DefaultHasher::new();
        commit.hash(&mut hash);
        hash.finish()
    });
    number.max(1)
}
