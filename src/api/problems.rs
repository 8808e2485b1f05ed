//! The wire types of what needs attention.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BuildMark, ExternalAddress};

/// The problems of a selection's pipelines, and those that ended lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemList {
    /// The selection in its canonical form: `project=cmc`. Its range does not matter.
    pub selection: String,
    /// The list for readers: `CMC: 2 problems, 1 of them new.`
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    /// The number of problems by state, in the order of the list.
    pub states: Vec<ProblemCount>,
    /// At most 200: escalating, regressed, new, ongoing and snoozed ones; within a state, the greatest loss first.
    pub problems: Vec<ProblemSummary>,
    /// At most 100 that ended within the last 24 hours, the latest first.
    pub resolved: Vec<ResolvedProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemCount {
    /// `escalating`, `regressed`, `new`, `ongoing` or `snoozed`.
    pub state: String,
    pub problems: u64,
}

/// A red pipeline, an incident that several pipelines share, or a repository with something that is past its date. What
/// is unknown, or does not apply, is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemSummary {
    pub id: String,
    /// `pipeline`, `incident` or `security`.
    pub kind: String,
    /// `escalating`, `regressed`, `new`, `ongoing` or `snoozed`.
    pub state: String,
    /// The problem for readers: the pipeline, `6 pipelines fail at test`, or the repository.
    pub title: String,
    /// The CI system and the job of a pipeline.
    pub system: Option<String>,
    pub name: Option<String>,
    /// The name of a pipeline beside its project.
    pub short_name: Option<String>,
    /// The project of a pipeline, and the team of a pipeline or repository.
    pub project: Option<String>,
    pub team: Option<String>,
    /// The things that are overdue in a repository.
    pub overdue: Option<Overdue>,
    /// The number of pipelines.
    pub pipelines: u64,
    /// RFC 3339, UTC: the first failure, or the first date that passed.
    pub since: String,
    /// It may have begun earlier: the data begins there, or something has no known date.
    pub at_least: bool,
    pub red_ms: u64,
    /// The step that failed first in the first failure.
    pub failed_step: Option<String>,
    /// The class of the first failure, and its rule for readers.
    pub class: Option<String>,
    pub reason: Option<String>,
    /// The domain of the step.
    pub domain: Option<String>,
    /// The failures since it began, or the number of things that are overdue; all completed builds of its pipelines.
    pub failures: u64,
    pub builds: u64,
    /// The failed builds of its pipelines today, and on the worst day of the two weeks before.
    pub failures_today: u64,
    pub worst_day: u64,
    pub first_failure: Option<BuildMark>,
    pub latest_failure: Option<BuildMark>,
    pub last_green: Option<BuildMark>,
    /// The results of the last 30 builds of a pipeline, the latest last.
    pub recent: Vec<String>,
    /// The latest failure in its CI system; only the start page looks it up.
    pub build_address: Option<ExternalAddress>,
    /// The first digits of the commits between the last good build and the first failure, as far as builds know them.
    pub suspects: Vec<String>,
    /// Values that the failures of an incident share: `agent linux: 12 of 13`.
    pub shared: Vec<String>,
    /// RFC 3339, UTC: the same problem ended then.
    pub regressed_from: Option<String>,
    /// The failed builds as a selection; empty for a repository.
    pub opens: String,
    /// A snooze; it may not hold any more.
    pub snooze: Option<SnoozeSummary>,
}

/// The counts of a repository's things that are past their dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overdue {
    /// Expired suppression rules.
    pub suppressions: u64,
    /// Runtimes whose support ended.
    pub runtimes: u64,
    pub findings: u64,
    /// A vulnerability among them is known to be exploited.
    pub listed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnoozeSummary {
    pub reason: String,
    /// RFC 3339, UTC; or the number of failures that end it.
    pub until: Option<String>,
    pub failures: Option<u64>,
    pub reader: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// A problem that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedProblem {
    /// `pipeline` or `incident`.
    pub kind: String,
    pub title: String,
    pub system: Option<String>,
    pub name: Option<String>,
    /// The name of a pipeline beside its project.
    pub short_name: Option<String>,
    pub project: Option<String>,
    /// RFC 3339, UTC.
    pub since: String,
    pub ended: String,
    pub red_ms: u64,
    pub failed_step: Option<String>,
    pub failures: u64,
    /// The failed builds as a selection.
    pub opens: String,
}
