//! The wire types of what is derived from builds, for programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Cell, ColumnInfo};

/// The incidents with a failure among the builds of a selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentList {
    /// The selection in its canonical form: `days=7&project=cmc`.
    pub selection: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    /// The number of incidents.
    pub incidents: u64,
    /// At most 100 incidents, the latest first.
    pub page: Vec<IncidentSummary>,
    pub page_number: u64,
    pub page_count: u64,
    /// The value of `page` for the next page; none on the last.
    pub next: Option<String>,
}

/// A time in which a step failed in several pipelines more often than chance explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentSummary {
    /// The value of `incident` in selections.
    pub id: String,
    /// The step that failed first; null if it is unknown.
    pub step: Option<String>,
    /// `nightly` or `non-nightly`.
    pub kind: String,
    /// RFC 3339, UTC: the first new failure.
    pub from: String,
    /// The end of the last time in which failures were too many.
    pub to: String,
    /// No pipeline has failed anew for some time.
    pub over: bool,
    pub pipelines: u64,
    /// The new failures, whatever the selection.
    pub failures: u64,
    /// The probability of the most unlikely of its hours, had chance alone been at work.
    pub probability: f64,
    /// Values that the failures share and other builds do not.
    pub shared: Vec<SharedValue>,
    /// The failed builds as a selection.
    pub opens: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SharedValue {
    /// The id of an attribute: `agent`, `node`, `library` …
    pub attribute: String,
    pub value: String,
    /// The number of failures with the value.
    pub failures: u64,
    /// The false discovery rate.
    pub q: f64,
}

/// A kind of insight as a table, whose rows open builds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InsightTable {
    /// `change_points`, `classes`, `episodes`, `flaky`, `incidents` or `problems`.
    pub kind: String,
    /// The selection in its canonical form: `days=7&project=cmc`.
    pub selection: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    pub columns: Vec<ColumnInfo>,
    /// The number of rows of all pages.
    pub row_count: u64,
    /// At most 100 rows; each is an array in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
    /// The builds behind each row, as a selection.
    pub opens: Vec<String>,
    pub page_number: u64,
    pub page_count: u64,
    /// The value of `page` for the next page; none on the last.
    pub next: Option<String>,
}
