//! The wire: what the server functions return, and the server functions themselves.
//!
//! They are public HTTP endpoints: everything that arrives is validated again. What they answer
//! is computed once per data version and filter (`server::cache`).

use std::{fmt, pin::Pin, sync::Arc};

use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{error::AppError, json::Json};

/// One figure for one filter: the sentence, the table and the chart.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FigureData {
    pub id: String,
    pub title: String,
    /// One sentence that says what the figure shows; where there are no rows, why.
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The data version that this was computed from.
    pub version: String,
    /// How many builds (or repositories) it rests on.
    pub builds: u64,
    pub columns: Vec<ColumnInfo>,
    /// The table, a row an array in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
    /// plotly's `{data, layout}`, kept as text: only JavaScript looks inside.
    #[schema(value_type = Object)]
    pub plot: Arc<RawValue>,
}

impl PartialEq for FigureData {
    /// Same figure of the same data for the same filter; the texts differ whenever those do.
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.plot.get() == other.plot.get()
    }
}

/// A column of a figure's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColumnInfo {
    pub id: String,
    pub title: String,
    pub kind: CellKind,
}

/// What a column's cells are, so that a table can align and format them.
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

/// A cell: a number is a number, an instant or a date is text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Cell {
    Count(i64),
    Number(f64),
    Text(String),
    Missing,
}

/// By hand: what serde makes of `untagged` reads each cell into a value of any kind first, at the price
/// of time and of kilobytes of the client.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyCell;

        impl Visitor<'_> for AnyCell {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a text or null")
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

/// How much of the page's width a card takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    Third,
    Half,
    Full,
}

/// A card before its figure is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureInfo {
    pub id: String,
    pub title: String,
    /// What counts and where it comes from.
    pub help: String,
    pub width: Width,
    /// The height of the chart in CSS pixels, reserved before it is drawn.
    pub height: u16,
    pub columns: Vec<ColumnInfo>,
}

/// What is the same on every page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// The organisation's name for this dashboard.
    pub title: String,
    /// Where its source can be read.
    pub source_url: String,
    /// What the document was made from, or from what came after.
    pub live: Live,
    /// Who looks at it; none where nobody has to sign in.
    pub reader: Option<String>,
}

/// What a page shows around its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// The organisation's name for this dashboard.
    pub title: String,
    /// The page that the figures stand on: `pipelines` or `security`.
    pub page: String,
    /// The projects to choose from: name in URLs and label, “All” and “Unowned” included.
    pub projects: Vec<(String, String)>,
    /// The cards of the page, in order.
    pub figures: Vec<FigureInfo>,
}

/// What a team lead wants in five seconds: the builds in the window, and in the window before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Headline {
    pub days: u16,
    pub builds: u64,
    pub failed: u64,
    /// Percent of the builds that failed; none where there are no builds.
    pub failure_percent: Option<f64>,
    /// The same in the `days` before; none where there are no builds.
    pub failure_percent_before: Option<f64>,
    pub builds_before: u64,
    /// Pipelines whose latest decided build failed, those that are red longest first; 12 at most.
    pub red: Vec<RedPipeline>,
    /// How many pipelines are red in all.
    pub red_total: u64,
    /// How many pipelines have a decided build in the window.
    pub pipelines: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RedPipeline {
    pub pipeline: String,
    pub project: String,
    /// RFC 3339: the end of the first failed build since the last good one.
    pub since: String,
    /// The same for readers, in the organisation's time zone: `22 Oct 2019, 14:05 BST`.
    pub since_text: String,
    /// Failed builds in a row.
    pub failed_in_a_row: u64,
    /// The step at which the latest build failed, where the source names it.
    pub step: Option<String>,
}

/// A piece of a page that is nothing but text: HTML that the server made, for readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HtmlFragment {
    pub class: String,
    pub html: String,
    /// What says that there is more to unfold, and that; empty where there is not.
    pub summary: String,
    pub folded: String,
}

/// The state of the data: how old, how complete, and whether they are an organisation's at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataState {
    /// What tells this state from others.
    pub live: Live,
    /// The data are made up.
    pub sample: bool,
    /// Since when the store cannot be reached, so that nothing newer is shown; none while it can.
    pub store_lost: Option<Moment>,
    pub kinds: Vec<Freshness>,
}

/// What an open page is told: whatever differs from what it shows, it asks for again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// The data version; empty until there are data.
    pub version: String,
    /// Changes whenever a sync of a source began, got on or ended, or the store was lost or found.
    pub ledger: i64,
}

/// How old the data of a kind are, and how complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Freshness {
    /// `Build events` or `Security facts`.
    pub label: String,
    /// None where there are no data yet.
    pub as_of: Option<Moment>,
    /// What it rests on: `36,120 builds of 171 pipelines`.
    pub rests_on: String,
    /// Where the data are collected from; none where they come from files alone.
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

/// How the last syncs of a source went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceState {
    /// `cosmos`, `github`.
    pub name: String,
    /// `Azure Cosmos DB`, `GitHub`.
    pub label: String,
    pub last_success: Option<Moment>,
    pub last_failure: Option<SyncFailure>,
    /// The last sync that ended failed: the data are older than they should be.
    pub failing: bool,
    /// None where nothing was tried yet.
    pub coverage: Option<CoverageCounts>,
}

/// When a sync failed, and why, for readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncFailure {
    pub moment: Moment,
    pub reason: String,
}

/// How much of what a source should cover was read at the last try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageCounts {
    pub read: u64,
    pub total: u64,
    /// `412 of 438 repositories read, 18 no access, 8 rate-limited`.
    pub text: String,
}

/// One thing that a source should cover, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageItem {
    /// The source's name.
    pub source: String,
    /// A repository, a container.
    pub item: String,
    /// `read`, `partial`, `no-access`, `rate-limited`, `failed`.
    pub state: String,
    /// The same for readers.
    pub state_text: String,
    /// Why it was not read, or not all of it.
    pub reason: Option<String>,
    pub tried: Moment,
    /// When it was last read; none where it never was.
    pub read: Option<Moment>,
}

/// In the browser: the server functions are called below the base path of the document.
pub fn ask_below_base() {
    let meta = document().query_selector("meta[name=base]");
    let base = meta
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    if let Some(base) = base.filter(|base| !base.is_empty()) {
        // Once for the life of the page.
        server_fn::client::set_server_url(String::leak(base));
    }
}

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the server functions answer from. The server's state implements it and provides it as a
/// context of type `Arc<dyn Dashboard>`, so that nothing here knows the server.
pub trait Dashboard: Send + Sync {
    /// A figure for one filter.
    ///
    /// # Errors
    /// [`AppError::UnknownFigure`], [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn figure<'a>(
        &'a self,
        id: &'a str,
        project: Option<&'a str>,
        build_type: Option<&'a str>,
        days: Option<&'a str>,
    ) -> BoxFuture<'a, Result<FigureData, AppError>>;

    /// What a page shows around its figures.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn overview(
        &self,
        page: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Overview, AppError>;

    /// The HTML fragments of a name.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`], [`AppError::NotReady`].
    fn fragments(
        &self,
        of: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Vec<HtmlFragment>, AppError>;
}

/// A figure for one filter.
///
/// # Errors
/// [`AppError::UnknownFigure`], [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = FigureFunction, prefix = "/api", endpoint = "figure", input = GetUrl, output = Json)]
pub async fn figure(
    id: String,
    project: Option<String>,
    r#type: Option<String>,
    days: Option<String>,
) -> Result<FigureData, AppError> {
    expect_context::<Arc<dyn Dashboard>>()
        .figure(&id, project.as_deref(), r#type.as_deref(), days.as_deref())
        .await
}

/// What a page shows around its figures; `page` is `pipelines`, `security` or a figure's id.
///
/// # Errors
/// [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = OverviewFunction, prefix = "/api", endpoint = "overview", input = GetUrl, output = Json)]
pub async fn overview(
    page: String,
    project: Option<String>,
    r#type: Option<String>,
    days: Option<String>,
) -> Result<Overview, AppError> {
    expect_context::<Arc<dyn Dashboard>>().overview(
        &page,
        project.as_deref(),
        r#type.as_deref(),
        days.as_deref(),
    )
}

/// What stands on pages beside figures, as text: `of` is `freshness`, `headline`, which is for a filter,
/// or `sources`.
///
/// # Errors
/// [`AppError::UnknownValue`], [`AppError::NotReady`].
#[server(name = FragmentsFunction, prefix = "/api", endpoint = "fragments", input = GetUrl, output = Json)]
pub async fn fragments(
    of: String,
    project: Option<String>,
    r#type: Option<String>,
    days: Option<String>,
) -> Result<Vec<HtmlFragment>, AppError> {
    expect_context::<Arc<dyn Dashboard>>().fragments(
        &of,
        project.as_deref(),
        r#type.as_deref(),
        days.as_deref(),
    )
}
