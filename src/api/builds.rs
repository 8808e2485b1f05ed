//! The wire types of builds: those of a selection, and one of them in short.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The builds of a selection: how many, when, with which results, and one page of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BuildList {
    /// The selection in its canonical form: `days=7&project=cmc`.
    pub selection: String,
    /// The selection for readers: `25 builds of CMC pipelines finished in the last 7 days.`
    pub summary: String,
    /// RFC 3339, UTC: builds that finished later are not in the list.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    pub builds: u64,
    /// The eight results, in the order of tables.
    pub results: Vec<ResultCount>,
    /// At most 60 spans of equal length in which builds finished, without gaps.
    pub histogram: Vec<TimeBucket>,
    /// At most 50 builds.
    pub page: Vec<BuildSummary>,
    /// The value of `cursor` for the next page; none on the last.
    pub next: Option<String>,
    /// The number of builds of the selection that finished after `as_of`.
    pub newer: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultCount {
    /// `SUCCESS`, `FAILURE` …
    pub result: String,
    pub builds: u64,
}

/// Builds that finished from an instant until before another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimeBucket {
    /// RFC 3339, UTC.
    pub from: String,
    pub to: String,
    pub builds: u64,
    pub failed: u64,
}

/// A build in a list. What is unknown is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildSummary {
    pub system: String,
    /// The job's name.
    pub name: String,
    /// The pipeline for readers: the name; with the system if two have a job of this name.
    pub pipeline: String,
    /// The name for readers, beside the project.
    pub short_name: String,
    /// The source's number of the build.
    pub number: String,
    pub project: String,
    pub result: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: String,
    pub duration_ms: Option<u64>,
    /// The first step that failed.
    pub failed_step: Option<String>,
    /// The reason of a failed or lost build: `lost`, `agent`, `incident`, `flaky`, `broken`, `once` or `unknown`.
    pub class: Option<String>,
    /// The part of the work that a failed or lost build failed at: `code`, `test`, `deploy`, `platform` or `unknown`.
    pub domain: Option<String>,
    /// The shared incident that the failure is a part of, as in selections.
    pub incident: Option<String>,
    /// The first 16 digits of the commit.
    pub commit: Option<String>,
    pub repository: Option<String>,
    pub team: Option<String>,
    pub agent: Option<String>,
    pub node: Option<String>,
    pub library: Option<String>,
    pub product: Option<String>,
    pub component: Option<String>,
}
