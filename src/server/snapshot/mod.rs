//! The data that figures read: immutable columns in memory, replaced as a whole.
//!
//! One row per build of a default branch, sorted by `finished_ms`, with interned names. A window is a
//! range of rows, found by binary search.

mod build_ids;
mod builder;
mod clock;
mod columns;
mod names;
mod record;
pub mod security;
mod steps;
#[cfg(test)]
mod tests;
pub mod truth;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
    sync::Arc,
};

pub use build_ids::BuildIds;
pub use builder::{NumberedBuild, SnapshotBuilder};
pub use columns::Builds;
pub use record::{BuildDetails, BuildRecord};
use security::Security;
pub use steps::{StepRow, Steps};

use crate::{
    error::AppError,
    filter::{ALL_PROJECTS, BuildType, Filter},
    server::{
        config::{self, Config, UNOWNED},
        model::{Codebase, DAY_MS, Provenance, System, Toolchain},
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
    /// Index in `config.projects`; none is “Unowned”.
    pub project: Option<usize>,
    /// Its events say when a build ends.
    pub tells_end: bool,
}

impl Pipeline {
    fn new(name: Arc<str>, system: System, project: Option<usize>) -> Self {
        let label = Arc::clone(&name);
        Self {
            name,
            system,
            label,
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
    pub security: Security,
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

/// The builds in a window that match a filter.
pub struct Selection<'a> {
    builds: &'a Builds,
    window: Range<usize>,
    /// For each pipeline, whether it belongs to the project; none if all do.
    pipelines: Option<Vec<bool>>,
    nightly: Option<bool>,
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

    /// The approximate memory of the columns and texts, in bytes.
    pub fn bytes(&self) -> usize {
        let pipelines = self.pipelines.iter().map(|pipeline| &pipeline.name);
        let texts = self.steps.iter().chain(&self.nodes).chain(pipelines);
        let texts: usize = texts.map(|text| size_of_val(text) + text.len()).sum();
        let codebases = self.codebases.iter().map(|codebase| bytes(&**codebase));
        let toolchains = self.toolchains.iter().map(|toolchain| bytes(&**toolchain));
        let provenances: usize = codebases.chain(toolchains).sum();
        self.builds.bytes() + texts + provenances + self.security.bytes()
    }

    /// Selects the filter's builds with `finished_ms` in (as_of − days, as_of].
    pub fn select(&self, filter: &Filter) -> Selection<'_> {
        let end = self.as_of_ms.unwrap_or(0);
        self.select_until(filter, end)
    }

    /// Selects the filter's builds with `finished_ms` in (end − days, end].
    pub fn select_until(&self, filter: &Filter, end_ms: i64) -> Selection<'_> {
        let finished = &self.builds.finished_ms;
        let start_ms = end_ms - i64::from(filter.days) * DAY_MS;
        let first = finished.partition_point(|&at| at <= start_ms);
        let last = finished.partition_point(|&at| at <= end_ms);
        Selection {
            builds: &self.builds,
            window: first..last,
            pipelines: self.pipelines_of(&filter.project),
            nightly: match filter.build_type {
                BuildType::All => None,
                BuildType::Nightly => Some(true),
                BuildType::NonNightly => Some(false),
            },
        }
    }

    fn pipelines_of(&self, project: &str) -> Option<Vec<bool>> {
        if project == ALL_PROJECTS {
            return None;
        }
        let projects = &self.config.projects;
        let wanted = projects.iter().position(|known| known.slug == project);
        let belongs = |pipeline: &Pipeline| pipeline.project == wanted;
        Some(self.pipelines.iter().map(belongs).collect())
    }

    /// Checks that the filter's project exists.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the projects that exist.
    pub fn check(&self, filter: &Filter) -> Result<(), AppError> {
        if self.config.has_choice(&filter.project) {
            return Ok(());
        }
        let choices = self.config.project_choices();
        let known = choices.into_iter().map(|(slug, _)| slug).collect();
        Err(AppError::unknown_value("project", &filter.project, known))
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

    /// The label of the project that a filter selects, for sentences; none for all projects.
    pub fn project_in_words(&self, filter: &Filter) -> Option<&str> {
        if filter.project == config::slug(UNOWNED) {
            return Some(UNOWNED);
        }
        let projects = &self.config.projects;
        let chosen = projects.iter().find(|known| known.slug == filter.project);
        chosen.map(|project| project.label.as_str())
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

impl Selection<'_> {
    /// Returns the indices of the builds, in order of `finished_ms`.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.window.clone().filter(|&build| self.contains(build))
    }

    /// Calls `f` with the index of each build, in order of `finished_ms`.
    ///
    /// `f` is called in one place, so that it is always inlined; a call would take several times as long
    /// as its body.
    #[inline(always)]
    pub fn each(&self, mut f: impl FnMut(usize)) {
        let (nightly, pipelines) = (self.nightly, self.pipelines.as_deref());
        let columns = self.builds;
        for build in self.window.clone() {
            if nightly.is_none_or(|nightly| columns.nightly[build] == nightly)
                && pipelines.is_none_or(|wanted| wanted[columns.pipeline[build] as usize])
            {
                f(build);
            }
        }
    }

    fn contains(&self, build: usize) -> bool {
        self.nightly
            .is_none_or(|nightly| self.builds.nightly[build] == nightly)
            && self
                .pipelines
                .as_ref()
                .is_none_or(|wanted| wanted[self.builds.pipeline[build] as usize])
    }

    pub fn count(&self) -> u64 {
        if self.nightly.is_none() && self.pipelines.is_none() {
            return self.window.len() as u64;
        }
        self.iter().count() as u64
    }
}
