//! The wire types of lists of pipelines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BuildMark, Change};

/// The pipelines of a selection: how many are in which state, and one page of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PipelineList {
    /// The selection in its canonical form: `days=7&project=cmc`.
    pub selection: String,
    /// The list for readers: `3 red pipelines of CMC.`
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    /// The number of pipelines in the list.
    pub pipelines: u64,
    /// The number of pipelines of the selection by state.
    pub states: Vec<StateCount>,
    /// At most 25 pipelines, in the order of `sort`: if none is given, red ones first, longest red first, then by name.
    pub page: Vec<PipelineSummary>,
    /// The number of this page, from 1, and the number of pages.
    pub page_number: u64,
    pub page_count: u64,
    /// The value of `page` for the next page; none on the last.
    pub next: Option<String>,
    /// The time before, that `change` compares with: `the 14 days before`.
    pub compared: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateCount {
    /// `red`, `good`, `unknown` or `dormant`.
    pub state: String,
    pub pipelines: u64,
}

/// A pipeline in a list. Its state is over all data; counts are of the selection's range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PipelineSummary {
    pub system: String,
    /// The job's name.
    pub name: String,
    /// The pipeline for readers: the name; with the system if two have a job of this name.
    pub pipeline: String,
    /// The name for readers, beside the project.
    pub short_name: String,
    pub project: String,
    /// The team that owns the repository, if it is known.
    pub team: Option<String>,
    /// `red`, `good`, `unknown` or `dormant`.
    pub state: String,
    /// RFC 3339, UTC: the end of the build that the state began with.
    pub since: Option<String>,
    /// The state began then or earlier: the data begins there.
    pub at_least: bool,
    /// The number of good or failed builds since the state began.
    pub streak: u64,
    /// The end of the latest good build.
    pub last_green: Option<String>,
    /// The end of the latest build.
    pub last_build: Option<String>,
    /// The builds of the selection, those of them that ended with a verdict, and those that failed.
    pub builds: u64,
    pub decided: u64,
    pub failed: u64,
    /// The percentage of decided builds that failed, and its 95% interval; null without decided builds.
    pub failed_percent: Option<f64>,
    pub failed_percent_low: Option<f64>,
    pub failed_percent_high: Option<f64>,
    /// The builds of the time before, those of them that ended with a verdict, and those that failed.
    pub builds_before: u64,
    pub decided_before: u64,
    pub failed_before: u64,
    /// The change of the percentage since the time before.
    pub change: Change,
    /// The median and the 95th percentile of the durations of passed builds; null without any.
    pub p50_ms: Option<u64>,
    pub p95_ms: Option<u64>,
    /// At most 30 builds, the latest last, whatever the range.
    pub recent: Vec<BuildMark>,
}
