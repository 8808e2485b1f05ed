//! The red episodes and the state of every pipeline, over all builds whatever the window. Plain data, which
//! the module `insight` computes once for each snapshot.

use super::{
    Snapshot,
    change_points::{ChangePoint, Searched},
};

/// Red episodes and states of pipelines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Sorted by pipeline, then by opening.
    pub episodes: Vec<Episode>,
    /// One for each of [`super::Snapshot::pipelines`], in their order.
    pub states: Vec<PipelineState>,
    /// Sorted by pipeline, then by the first build after the change.
    pub change_points: Vec<ChangePoint>,
    /// The series that were searched for change points.
    pub searched: Searched,
}

/// The time in which a pipeline is red: from the first failed build to the next good one.
///
/// Builds are rows of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Index in [`super::Snapshot::pipelines`].
    pub pipeline: u32,
    /// The first failed build.
    pub opened: u32,
    /// The next good build; none while the pipeline is red.
    pub closed: Option<u32>,
    /// The last good build before; none if the data begins within the episode.
    pub last_good_before: Option<u32>,
    /// The pipeline is red since its first known good or failed build, or longer.
    pub at_least: bool,
    /// The number of failed builds.
    pub failures: u32,
    pub latest_failure: u32,
    /// It is open, and its pipeline is dormant.
    pub dormant: bool,
}

/// The state of a pipeline after its latest good or failed build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PipelineState {
    pub state: State,
    /// The number of good or failed builds since the state began.
    pub streak: u32,
    /// The build that the state began with; none if it is unknown.
    pub since: Option<u32>,
    /// The state began with the first known good or failed build, or earlier.
    pub at_least: bool,
    /// The latest good build.
    pub last_green: Option<u32>,
    /// The latest build, whatever its result.
    pub last_build: Option<u32>,
    /// The latest build that is neither running nor lost.
    pub last_completed: Option<u32>,
    /// No build was completed for [`dormant_days`](crate::server::config::Insight::dormant_days).
    pub dormant: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    Good,
    Red,
    /// The pipeline has neither a good nor a failed build.
    #[default]
    Unknown,
}

impl Episode {
    /// Returns how long the pipeline was red, in ms: until the closing build; if there is none, until the time of the
    /// data, or until the last completed build of a dormant pipeline.
    pub fn red_ms(&self, snapshot: &Snapshot) -> i64 {
        let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
        let state = &snapshot.insight.states[self.pipeline as usize];
        let last_ms = state.last_completed.map_or(i64::MIN, finished);
        let until_ms = match (self.closed, snapshot.as_of_ms) {
            (Some(closed), _) => finished(closed),
            // The clock of a CI system may be ahead.
            (None, Some(as_of_ms)) if !self.dormant => as_of_ms.max(last_ms),
            _ => last_ms,
        };
        until_ms - finished(self.opened)
    }
}

impl Insight {
    /// Returns the episodes of a pipeline, in order of their opening.
    pub fn episodes_of(&self, pipeline: u32) -> &[Episode] {
        let first = self
            .episodes
            .partition_point(|episode| episode.pipeline < pipeline);
        let of_later = &self.episodes[first..];
        let length = of_later.partition_point(|episode| episode.pipeline == pipeline);
        &of_later[..length]
    }

    /// Returns the change points of a pipeline, in order.
    pub fn change_points_of(&self, pipeline: u32) -> &[ChangePoint] {
        let points = &self.change_points;
        let first = points.partition_point(|point| point.pipeline < pipeline);
        let of_later = &points[first..];
        let length = of_later.partition_point(|point| point.pipeline == pipeline);
        &of_later[..length]
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.episodes)
            + size_of_val(&*self.states)
            + size_of_val(&*self.change_points)
            + self.searched.bytes()
    }
}
