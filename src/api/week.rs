//! The wire type of a week.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Change;

/// A week of a selection's pipelines, against the four weeks before. What is unknown is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekReport {
    /// The ISO week: `2019-W43`.
    pub week: String,
    /// The week for readers: `Week 43, 21–27 Oct 2019`.
    pub title: String,
    /// RFC 3339, UTC: from the first local Monday until before the next.
    pub from: String,
    pub to: String,
    /// The week has ended.
    pub complete: bool,
    /// The week before, and the one after if it has begun.
    pub previous: String,
    pub next: Option<String>,
    /// The week as a selection: `from=2019-10-21&project=cmc&to=2019-10-28`.
    pub selection: String,
    /// The week for readers, in a sentence.
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    pub numbers: WeekNumbers,
    /// Of the four weeks before.
    pub before: WeekNumbers,
    /// Better or worse only where a 95% interval excludes chance.
    pub failed_change: Change,
    pub time_to_green_change: Change,
    pub duration_change: Change,
    /// Pipelines that turned red and were red at the end of the week, at most 500.
    pub newly_red: Vec<WeekPipeline>,
    pub newly_red_count: u64,
    /// Pipelines that were red at its start and turned green, at most 500.
    pub fixed: Vec<WeekPipeline>,
    pub fixed_count: u64,
    /// The number of times that a pipeline turned red and green again within the week.
    pub recovered: u64,
    /// The pipelines whose durations grew most, at most 500.
    pub slower: Vec<SlowerPipeline>,
    pub slower_count: u64,
    /// Incidents that began in the week, most failures first, at most 500.
    pub incidents: Vec<WeekIncident>,
    pub incident_count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekNumbers {
    pub builds: u64,
    /// The builds that ended with a verdict, those of them that failed, and their percentage.
    pub decided: u64,
    pub failed: u64,
    pub failed_percent: Option<f64>,
    /// Red episodes that began, and those of them that are still red.
    pub episodes: u64,
    pub still_red: u64,
    /// The median of the time that they take, by the estimate of Kaplan and Meier; null if it is not reached yet.
    pub time_to_green_ms: Option<u64>,
    /// Passed builds of known duration, and their median.
    pub timed: u64,
    pub duration_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeekPipeline {
    pub system: String,
    /// The job's name.
    pub name: String,
    /// The name for readers, beside the project.
    pub short_name: String,
    pub project: String,
    /// RFC 3339, UTC: when it turned red or green.
    pub at: String,
    /// The time for which a fixed pipeline had been red.
    pub red_ms: Option<u64>,
    /// The step that failed first, if known.
    pub step: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlowerPipeline {
    pub system: String,
    /// The job's name.
    pub name: String,
    pub short_name: String,
    pub project: String,
    /// RFC 3339, UTC: the end of the first slower build.
    pub at: String,
    /// Mean durations before and after.
    pub before_ms: u64,
    pub after_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeekIncident {
    pub id: String,
    /// The incident for readers: `6 pipelines failed at test`.
    pub title: String,
    /// RFC 3339, UTC.
    pub from: String,
    pub failures: u64,
    /// The failed builds as a selection.
    pub opens: String,
}
