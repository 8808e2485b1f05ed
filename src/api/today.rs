//! The wire types of the start page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, ProblemList};

/// The state of a selection's pipelines at a glance. Its range does not matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Today {
    /// The verdict for readers: `CMC: nothing is red. 1 failure in 24 h, recovered in 2 h 12 min.`
    pub verdict: String,
    /// The same for a title: `CMC · nothing red`.
    pub title: String,
    /// The pipelines that are red, of those that are known to be red or good; dormant ones are neither.
    pub red: u64,
    pub pipelines: u64,
    pub dormant: u64,
    /// The failed and aborted builds of the last hours, and their selection.
    pub failures: u64,
    pub failures_open: String,
    /// The number of these hours.
    pub recent_hours: u64,
    /// The pipelines that turned green within them, and the longest time that one was red.
    pub recovered: u64,
    pub slowest_recovery_ms: Option<u64>,
    /// The age of the data: `12 minutes ago`; none without data.
    pub age: Option<String>,
    /// The data is older than the configuration allows: the state is that of its end.
    pub old: bool,
    pub problems: ProblemList,
    pub hours: HourMatrix,
    /// Eight weeks of seven days, which end with the data; the latest last.
    pub weeks: Vec<WeekRate>,
    /// The latest four weeks compared with the four before.
    pub change: Change,
}

/// Failed builds by project and hour, whatever projects are selected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HourMatrix {
    /// 48 hours, the latest last.
    pub hours: Vec<Hour>,
    /// Projects with builds in these hours: selected ones first, then by name.
    pub projects: Vec<ProjectHours>,
    /// Incidents with failures in these hours, the latest first; at most 20.
    pub incidents: Vec<HourIncident>,
}

/// An hour of the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hour {
    /// RFC 3339, UTC: its first instant, and the one after its last.
    pub from: String,
    pub to: String,
    /// In the organisation's time zone: `24 Oct 2019` and `14:00`.
    pub day: String,
    pub time: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectHours {
    /// The name for readers and in addresses.
    pub project: String,
    pub slug: String,
    /// The page's selection names the project.
    pub selected: bool,
    /// In the order of the hours.
    pub hours: Vec<HourCount>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HourCount {
    /// Failed and aborted builds, of all with a verdict.
    pub failed: u64,
    pub decided: u64,
    /// A failure is a part of an incident.
    pub shared: bool,
}

/// A time in which several pipelines failed at one step, more than chance explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HourIncident {
    /// `6 pipelines failed at test`.
    pub title: String,
    /// RFC 3339, UTC: the first failure, and the last.
    pub from: String,
    pub to: String,
    pub failures: u64,
    /// The failures as a selection.
    pub opens: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekRate {
    /// RFC 3339, UTC: its first instant, and the one after its last.
    pub from: String,
    pub to: String,
    /// Failed and aborted builds, of all with a verdict.
    pub failed: u64,
    pub decided: u64,
    pub failure_percent: Option<f64>,
}
