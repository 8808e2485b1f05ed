//! The API: the server functions and the types that they return.
//!
//! Server functions are public HTTP endpoints, so they validate all arguments. Figures are computed once
//! per data version and filter (`server::cache`).

mod build;
mod builds;
mod change_points;
mod difference;
mod insight;
mod opens;
mod pipeline;
mod pipelines;
mod problems;
mod repository;
mod search;
mod security;
mod today;
mod view;
mod week;

use std::{fmt, pin::Pin, sync::Arc};

use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use build::{BuildDetails, BuildStep, ExternalAddress, RelatedBuilds};
pub use builds::{BuildList, BuildSummary, ResultCount, TimeBucket};
pub use change_points::{ChangeLevel, ChangePoint, ChangedValue};
pub use difference::{
    BuildDifference, BuildSet, ComparedMeasure, Comparison, DifferentValue, MeasureUnit,
    MeasuredSide,
};
pub use insight::{IncidentList, IncidentSummary, InsightTable, SharedValue};
pub use opens::{ColumnConditions, Marks, OpenedPage, Opens};
pub use pipeline::{
    BuildMark, EpisodeTimes, PipelineDetails, RedEpisode, StepSummary, WeekDurations,
};
pub use pipelines::{PipelineList, PipelineSummary, StateCount};
pub use problems::{
    Overdue, ProblemCount, ProblemList, ProblemSummary, ResolvedProblem, SnoozeSummary,
};
pub use repository::{
    FilePlace, RepositoryAction, RepositoryChange, RepositoryDetails, RepositoryFinding,
    RepositoryPipeline, RepositoryRule, RepositoryRuntime, RepositoryScan, RuleByHand, RuleRemoval,
    RuleRenewal,
};
pub use search::{SearchResult, SearchResults};
pub use security::{
    DebtRow, DueClass, DueRow, ResolvedElsewhere, SecurityHead, SecurityNumber, UncheckedRepository,
};
pub use today::{Hour, HourCount, HourIncident, HourMatrix, ProjectHours, Today, WeekRate};
pub use view::View;
pub use week::{SlowerPipeline, WeekIncident, WeekNumbers, WeekPipeline, WeekReport};

use crate::{error::AppError, json::Json, selection::Selection};

/// One figure for one selection: the sentence, the table and the chart.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FigureData {
    pub id: String,
    pub title: String,
    /// A sentence about the figure, or the reason why it has no rows.
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data that the figure was computed from.
    pub version: String,
    /// The number of builds or repositories that the figure is based on.
    pub builds: u64,
    pub columns: Vec<ColumnInfo>,
    /// The number of rows of the whole table.
    pub row_count: u64,
    /// The index of the first of `rows` in the whole table.
    pub first_row: u64,
    /// The table, or the part of it that a page shows; each row is an array in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
    /// `{data, layout}` for plotly.js, and `opens`: the builds behind the numbers ([`Opens`]). Kept as text, because
    /// mainly JavaScript reads it.
    #[schema(value_type = Object)]
    pub plot: Arc<RawValue>,
    /// The chart as SVG, for the first paint of a page; empty without rows. Not sent as JSON, because browsers that
    /// ask for a figure draw its plot.
    #[serde(skip)]
    pub picture: Arc<str>,
    /// The plot with the builds of its marks only, for pages whose table the server renders. Not sent as JSON.
    #[serde(skip)]
    pub page_plot: Option<Arc<RawValue>>,
}

impl PartialEq for FigureData {
    /// Compares the data version and the plot, which differ if any other member does.
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.plot.get() == other.plot.get()
    }
}

impl FigureData {
    /// The builds behind the numbers of the table.
    pub fn opens(&self) -> Opens {
        #[derive(Deserialize)]
        struct Plot {
            #[serde(default)]
            opens: Opens,
        }
        let plot = serde_json::from_str::<Plot>(self.plot.get());
        plot.map_or_else(|_| Opens::default(), |plot| plot.opens)
    }
}

/// The part of a figure's table that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableRows {
    All,
    /// At most as many as `markup::MAX_ROWS`, enough for the table on a page.
    Page,
}

impl TableRows {
    pub const EVERY: [Self; 2] = [Self::All, Self::Page];

    /// The value of the parameter `rows`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Page => "page",
        }
    }

    /// # Errors
    /// [`AppError::UnknownValue`].
    pub fn parse(value: Option<&str>) -> Result<Self, AppError> {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Ok(Self::All);
        };
        let mut known = Self::EVERY.into_iter();
        known.find(|rows| rows.as_str() == value).ok_or_else(|| {
            let known = Self::EVERY.map(|rows| rows.as_str().to_owned());
            AppError::unknown_value("rows", value, known.to_vec())
        })
    }
}

/// A column of a figure's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColumnInfo {
    pub id: String,
    pub title: String,
    pub kind: CellKind,
}

/// The type of a column's cells, for alignment and formatting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    Text,
    /// A whole number.
    Count,
    /// A number with decimals.
    Number,
    /// Percent, 0 to 100.
    Percent,
    /// RFC 3339, UTC.
    Instant,
    /// ISO 8601 date.
    Date,
}

/// A cell. Instants and dates are text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Cell {
    Count(i64),
    Number(f64),
    Text(String),
    Missing,
}

/// Written by hand, because serde's `untagged` buffers each cell, which costs time and kilobytes in the
/// client.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyCell;

        impl Visitor<'_> for AnyCell {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a string or null")
            }

            fn visit_i64<E>(self, count: i64) -> Result<Cell, E> {
                Ok(Cell::Count(count))
            }

            fn visit_u64<E>(self, count: u64) -> Result<Cell, E> {
                Ok(i64::try_from(count).map_or(Cell::Number(count as f64), Cell::Count))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Missing)
            }
        }

        deserializer.deserialize_any(AnyCell)
    }
}

/// The share of the page's width that a card takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    Third,
    Half,
    Full,
}

/// The parts of a card that are known before its figure is computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureInfo {
    pub id: String,
    pub title: String,
    /// An explanation: what counts, and from which data.
    pub help: String,
    /// The subject of the figure in a word or three: `Durations`.
    pub topic: String,
    pub width: Width,
    /// The height of the chart in CSS pixels, reserved before it is drawn.
    pub height: u16,
    pub columns: Vec<ColumnInfo>,
}

/// The parts that all pages share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// The organisation's name for this dashboard.
    pub title: String,
    /// The choices of the project filter: slug and label, including “All” and “Unowned”.
    pub projects: Vec<(String, String)>,
    /// The choices of the team filter: teams with builds, sorted; empty if there are too many for a list.
    pub teams: Vec<String>,
    /// The address of its source code.
    pub source_url: String,
    /// The state of the data when the document was rendered.
    pub live: Live,
    /// The name of the signed-in reader; none without sign-in.
    pub reader: Option<String>,
    /// Everyone who can reach the server can read the dashboard.
    pub open: bool,
    /// Something needs attention.
    pub attention: bool,
}

/// The title, filters and cards of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// The organisation's name for this dashboard.
    pub title: String,
    /// The page that shows the figures: `pipelines` or `security`.
    pub page: String,
    /// The choices of the project filter: slug and label, including “All” and “Unowned”.
    pub projects: Vec<(String, String)>,
    /// The cards of the page, in order.
    pub figures: Vec<FigureInfo>,
    /// The name of the pipeline that the page is about.
    pub pipeline: Option<PipelineName>,
}

/// The name of a pipeline for readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelineName {
    /// The name beside the project.
    pub short_name: String,
    pub project: String,
}

/// A summary of the builds in the window and in the window before it, and of the red pipelines, whatever the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Headline {
    /// The length of the window in days.
    pub days: u16,
    /// The window for readers: `in the last 14 days`.
    pub window: String,
    /// The window before for readers: `the 14 days before`.
    pub compared: String,
    pub builds: u64,
    /// The builds that ended with a verdict: success, unstable, failure or aborted.
    pub decided: u64,
    pub failed: u64,
    /// The percentage of decided builds that failed; none without decided builds.
    pub failure_percent: Option<f64>,
    /// The same in the `days` before.
    pub failure_percent_before: Option<f64>,
    pub builds_before: u64,
    pub decided_before: u64,
    pub failed_before: u64,
    pub change: Change,
    /// The time of the data, at which the pipelines are red; none without data.
    pub as_of: Option<Moment>,
    /// Pipelines that are red and not dormant, longest red first; at most 12.
    pub red: Vec<RedPipeline>,
    /// The number of pipelines that are red and not dormant.
    pub red_total: u64,
    /// The number of pipelines that are red or good, and not dormant.
    pub pipelines: u64,
    /// The number of dormant pipelines: those without a completed build for long.
    pub dormant: u64,
}

/// A change of the percentage of failed builds: better or worse only where a 95% interval excludes chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Better,
    Worse,
    Unclear,
}

/// A pipeline that is red: no build was good since one failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RedPipeline {
    /// The CI system of the job.
    pub system: String,
    /// The name of the job.
    pub name: String,
    /// The name for readers; with the system if two systems have a job of this name.
    pub pipeline: String,
    /// The name beside the project.
    pub short_name: String,
    pub project: String,
    /// RFC 3339: the end of the first failed build since the last good one.
    pub since: String,
    /// The same for readers, in the organisation's time zone: `22 Oct 2019, 14:05 BST`.
    pub since_text: String,
    /// No good or failed build is known from before `since`: it may be red for longer.
    pub at_least: bool,
    /// The number of failed builds since the last good one.
    pub streak: u64,
    /// The end of the last good build; none if none is known.
    pub last_green: Option<Moment>,
    /// The step at which the first of the failed builds failed first, if known.
    pub step: Option<String>,
}

/// A static part of a page, rendered as HTML by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HtmlFragment {
    pub class: String,
    pub html: String,
    /// The summary and the content of a part that can be unfolded; empty if there is none.
    pub summary: String,
    pub folded: String,
    /// The title of the page, if this part decides it; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
}

/// The state of the data: its age and completeness, and whether it is sample data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataState {
    /// The identity of this state.
    pub live: Live,
    /// The data is sample data.
    pub sample: bool,
    /// The start of a store outage, during which no newer data is shown.
    pub store_lost: Option<Moment>,
    pub kinds: Vec<Freshness>,
}

/// The identity of the data's state. Open pages receive it and reload the parts that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// The data version; empty until data is loaded.
    pub version: String,
    /// Changes when a sync starts, progresses or ends, and when the store becomes unreachable or reachable.
    pub ledger: i64,
}

/// The age and completeness of one kind of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Freshness {
    /// `Build events` or `Security facts`.
    pub label: String,
    /// None without data.
    pub as_of: Option<Moment>,
    /// The amount of data: `36,120 builds of 171 pipelines`.
    pub rests_on: String,
    /// The end and the age of data that is older than the configuration allows: `Data ends 29 Oct 2019, 7 years ago`.
    pub old: Option<String>,
    /// The sources of the data; empty if it comes from files only.
    pub sources: Vec<SourceState>,
}

/// An instant, for programs and for readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// RFC 3339, UTC.
    pub at: String,
    /// In the organisation's time zone: `22 Oct 2019, 14:05 BST`.
    pub text: String,
}

/// The outcomes of a source's last syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceState {
    /// `cosmos`, `github`.
    pub name: String,
    /// `Azure Cosmos DB`, `GitHub`.
    pub label: String,
    pub last_success: Option<Moment>,
    pub last_failure: Option<SyncFailure>,
    /// The last finished sync failed, so the data is out of date.
    pub failing: bool,
    /// None before the first attempt.
    pub coverage: Option<CoverageCounts>,
}

/// The time and the reason of a failed sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncFailure {
    pub moment: Moment,
    pub reason: String,
}

/// The items of a source that were read at the last attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageCounts {
    pub read: u64,
    pub total: u64,
    /// `412 of 438 repositories read, 18 no access, 8 rate-limited`.
    pub text: String,
}

/// The result of reading one item of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageItem {
    /// The source's name.
    pub source: String,
    /// The name of a repository or a container.
    pub item: String,
    /// `read`, `partial`, `no-access`, `rate-limited`, `failed`.
    pub state: String,
    /// The same for readers.
    pub state_text: String,
    /// The reason why it was not read, or only in part.
    pub reason: Option<String>,
    pub tried: Moment,
    /// The time of the last successful read, if any.
    pub read: Option<Moment>,
}

/// Sets the base path of server functions in the browser to that of the document.
pub fn ask_below_base() {
    let meta = document().query_selector("meta[name=base]");
    let base = meta
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    if let Some(base) = base.filter(|base| !base.is_empty()) {
        // Leaks once per page.
        server_fn::client::set_server_url(String::leak(base));
    }
}

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The server's side of the server functions. The server's state implements it and provides it as a
/// context of type `Arc<dyn Dashboard>`, so that this module does not depend on the server.
pub trait Dashboard: Send + Sync {
    /// A figure for one selection.
    ///
    /// # Errors
    /// [`AppError::UnknownFigure`], [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn figure<'a>(
        &'a self,
        id: &'a str,
        selection: &'a Selection,
        rows: TableRows,
    ) -> BoxFuture<'a, Result<FigureData, AppError>>;

    /// The title, filters and cards of a page.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn overview(&self, page: &str, selection: &Selection) -> Result<Overview, AppError>;

    /// The HTML fragments of a name.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn fragments<'a>(
        &'a self,
        of: &'a str,
        selection: &'a Selection,
        view: &'a View,
    ) -> BoxFuture<'a, Result<Vec<HtmlFragment>, AppError>>;
}

/// A figure for one selection.
///
/// # Errors
/// [`AppError::UnknownFigure`], [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = FigureFunction, prefix = "/api", endpoint = "figure", input = GetUrl, output = Json)]
pub async fn figure(
    id: String,
    #[server(flatten)] selection: Selection,
    rows: Option<String>,
) -> Result<FigureData, AppError> {
    let rows = TableRows::parse(rows.as_deref())?;
    expect_context::<Arc<dyn Dashboard>>()
        .figure(&id, &selection, rows)
        .await
}

/// The title, filters and cards of a page; `page` is `pipelines`, `security`, a figure's id, or `pipeline` for the page of
/// the selection's pipeline, by `pipeline` and `system`.
///
/// # Errors
/// [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = OverviewFunction, prefix = "/api", endpoint = "overview", input = GetUrl, output = Json)]
pub async fn overview(
    page: String,
    #[server(flatten)] selection: Selection,
) -> Result<Overview, AppError> {
    expect_context::<Arc<dyn Dashboard>>().overview(&page, &selection)
}

/// HTML fragments; `of` is `freshness`, `headline`, `sources` or the name of a page that consists of fragments.
///
/// # Errors
/// [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = FragmentsFunction, prefix = "/api", endpoint = "fragments", input = GetUrl, output = Json)]
pub async fn fragments(
    of: String,
    #[server(flatten)] selection: Selection,
    #[server(flatten)] view: View,
) -> Result<Vec<HtmlFragment>, AppError> {
    expect_context::<Arc<dyn Dashboard>>()
        .fragments(&of, &selection, &view)
        .await
}
