//! The wire type of one pipeline.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BuildSummary, ChangePoint, ExternalAddress};

/// One pipeline: its state, its episodes, its builds and steps. What is unknown is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PipelineDetails {
    pub system: String,
    /// The job's name.
    pub name: String,
    /// The pipeline for readers: the name; with the system if two have a job of this name.
    pub pipeline: String,
    /// `good`, `red` or `unknown`: the latest good or failed build decides, whatever the range.
    pub state: String,
    /// The build that the state began with.
    pub since: Option<BuildMark>,
    /// The state began with the first known build, or earlier.
    pub at_least: bool,
    /// The number of good or failed builds since the state began.
    pub streak: u64,
    pub last_green: Option<BuildMark>,
    /// No build was completed for long.
    pub dormant: bool,
    /// The latest build, with the team and the repository of the pipeline.
    pub latest: BuildSummary,
    /// The number of builds in the data.
    pub builds: u64,
    /// The pipeline in its CI system.
    pub job_address: Option<ExternalAddress>,
    pub repository_address: Option<ExternalAddress>,
    /// At most 60 builds, the latest last.
    pub recent: Vec<BuildMark>,
    /// At most 20 red episodes, the latest first.
    pub episodes: Vec<RedEpisode>,
    /// The number of all episodes.
    pub episode_count: u64,
    pub time_to_green: EpisodeTimes,
    /// At most 20 change points among the latest builds, the latest first.
    pub change_points: Vec<ChangePoint>,
    /// At most 53 weeks with decided builds of known duration, the latest last.
    pub weeks: Vec<WeekDurations>,
    /// At most 500 of these builds, the latest last.
    pub points: Vec<BuildMark>,
    /// At most 50 steps, in order of the time that they take.
    pub steps: Vec<StepSummary>,
    /// RFC 3339, UTC: steps and start delays are those of the builds from this instant on, at most 90 days.
    pub steps_from: String,
    /// The number of these builds.
    pub steps_builds: u64,
    /// The median time from schedule to start.
    pub start_delay_p50_ms: Option<u64>,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
}

/// A build of the pipeline in a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildMark {
    pub number: String,
    pub result: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    pub duration_ms: Option<u64>,
}

/// The time in which a pipeline was red.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedEpisode {
    /// The first failed build.
    pub opened: BuildMark,
    /// The next good build; none while the pipeline is red.
    pub closed: Option<BuildMark>,
    /// The data begins within the episode.
    pub at_least: bool,
    pub failures: u64,
    /// The first failed step of the first failed build.
    pub failed_step: Option<String>,
    /// From the first failed build to the next good one, or until now.
    pub red_ms: u64,
}

/// The times from red to green of a pipeline's episodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EpisodeTimes {
    /// The episodes that the median rests on.
    pub episodes: u64,
    /// Of these, those that are open.
    pub open: u64,
    /// By Kaplan–Meier; none if too many episodes are open.
    pub median_ms: Option<u64>,
}

/// The durations of a week's decided builds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekDurations {
    /// The local date of its Monday, and that of the next.
    pub from: String,
    pub to: String,
    pub builds: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

/// A step in the builds of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepSummary {
    /// The whole name.
    pub name: String,
    /// The number of its runs.
    pub runs: u64,
    /// Builds in which it failed first.
    pub failed_first: u64,
    /// Of the runs of known duration.
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    /// At least one duration is derived from the ends of other steps: an upper bound.
    pub at_most: bool,
    /// Its part of the time of all steps, in percent.
    pub share_percent: Option<f64>,
}
