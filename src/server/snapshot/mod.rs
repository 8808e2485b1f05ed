//! The data as figures read them: plain columns in memory, immutable, swapped whole.
//!
//! One row per build of a default branch, sorted by `finished_ms`; names are interned. A window is
//! a range of rows, found by binary search.

mod build_ids;
mod builder;
mod clock;
mod columns;
mod names;
pub mod security;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

pub use build_ids::BuildIds;
pub use builder::{BuildRecord, SnapshotBuilder};
pub use columns::Builds;
use security::Security;

use crate::{
    error::AppError,
    filter::{ALL_PROJECTS, BuildType, Filter},
    server::{
        config::{self, Config, UNOWNED},
        model::DAY_MS,
    },
};

/// The value of `duration_ms` where the source gives no duration.
pub const UNKNOWN_DURATION: u32 = u32::MAX;
/// The value of `failing_step` where no event of the build names a step.
pub const UNKNOWN_STEP: u32 = u32::MAX;
/// The value of `functional_test_ms` where the build did not pass both test steps.
pub const NO_TEST: i64 = i64::MIN;

#[derive(Debug)]
pub struct Pipeline {
    /// The job's name.
    pub name: Arc<str>,
    /// Index in `config.projects`; none is “Unowned”.
    pub project: Option<usize>,
}

/// Everything that figures are made of.
#[derive(Debug)]
pub struct Snapshot {
    /// Changes with the data.
    pub version: Arc<str>,
    pub origin: Origin,
    pub config: Arc<Config>,
    /// The data are made up.
    pub sample: bool,
    /// When the build events were last brought in, Unix ms; none where there are none.
    pub as_of_ms: Option<i64>,
    pub builds: Builds,
    /// Those that have builds here, by name.
    pub pipelines: Vec<Pipeline>,
    /// Those that failed builds here, by name.
    pub steps: Vec<Arc<str>>,
    /// Builds of other branches, which are not on the page.
    pub builds_elsewhere: u64,
    pub security: Security,
}

/// Which state of which store a snapshot is of, so that the next one can be made from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub store: String,
    /// How many changes the store had seen.
    pub changes: i64,
    /// The greatest number that a build had in it.
    pub last_build: u32,
}

/// The builds of a window that a filter leaves.
pub struct Selection<'a> {
    builds: &'a Builds,
    window: Range<usize>,
    /// By pipeline: whether it belongs to the project; none where every pipeline does.
    pipelines: Option<Vec<bool>>,
    nightly: Option<bool>,
}

impl Snapshot {
    /// A snapshot without any data.
    pub fn empty(config: Arc<Config>) -> Self {
        SnapshotBuilder::new(config).finish("empty".to_owned(), None, Security::default())
    }

    /// Whether the store that it was loaded from holds nothing.
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty() && self.builds_elsewhere == 0 && self.security.is_empty()
    }

    /// The memory that its columns and texts take, about.
    pub fn bytes(&self) -> usize {
        let pipelines = self.pipelines.iter().map(|pipeline| &pipeline.name);
        let texts = self.steps.iter().chain(pipelines);
        let texts: usize = texts.map(|text| size_of_val(text) + text.len()).sum();
        self.builds.bytes() + texts + self.security.bytes()
    }

    /// The builds with `finished_ms` in (as_of − days, as_of] of the filter's project and type.
    pub fn select(&self, filter: &Filter) -> Selection<'_> {
        let end = self.as_of_ms.unwrap_or(0);
        self.select_until(filter, end)
    }

    /// The builds with `finished_ms` in (end − days, end] of the filter's project and type.
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

    pub fn pipeline_name(&self, build: usize) -> &str {
        &self.pipelines[self.builds.pipeline[build] as usize].name
    }

    /// The label of the project of a pipeline.
    pub fn project_label(&self, pipeline: &Pipeline) -> &str {
        pipeline
            .project
            .map_or(UNOWNED, |index| &self.config.projects[index].label)
    }

    /// The name of the project that a filter selects, for sentences; none where it is all.
    pub fn project_in_words(&self, filter: &Filter) -> Option<&str> {
        if filter.project == config::slug(UNOWNED) {
            return Some(UNOWNED);
        }
        let projects = &self.config.projects;
        let chosen = projects.iter().find(|known| known.slug == filter.project);
        chosen.map(|project| project.label.as_str())
    }
}

impl Selection<'_> {
    /// Indices into the columns, in order of `finished_ms`.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.window.clone().filter(|&build| self.contains(build))
    }

    /// Calls `f` with each index into the columns, in order of `finished_ms`.
    ///
    /// `f` is called in one place, so that it always becomes part of the loop: called as a function, it
    /// takes several times as long as what it does. What does not filter is known before the loop.
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
