//! The figures: pure functions of the snapshot and the filter, one file each.
//!
//! A figure has `rows` (its table) and a `plot` (its chart, drawn from the rows alone). To add one, write
//! its file and add it to [`ALL`], whose order is the order on the page.

mod build_status;
mod build_status_day;
pub mod change_conditions;
mod change_points;
#[cfg(test)]
mod check;
mod cve_most_frequent;
mod cve_per_team;
mod delivery;
mod domains_by_team;
mod duration;
mod duration_by_week;
mod failing_steps;
mod failing_steps_by_project;
mod failure_calendar;
mod failure_classes;
mod failure_rate_by_agent;
mod failure_rate_by_library;
mod failure_rate_by_node;
mod failure_rate_by_week;
mod failure_rates;
mod findings_by_week;
mod flaky_pipelines;
mod heatmap;
mod hours;
mod incidents;
pub mod items;
mod java_versions;
mod js_checks;
mod lengthy_pipelines;
mod minutes_lost;
mod minutes_lost_by_team;
mod most_failing;
mod nightly_vs_non_nightly;
mod node_versions;
mod open_findings;
pub mod opens;
mod ranking;
mod rows;
mod runtime_support;
mod security_calendar;
pub mod security_due;
mod security_trend;
pub mod security_words;
mod shortest_functional_tests;
mod slowest_steps;
mod start_delay;
mod step_duration_by_week;
mod suppression_debt;
pub mod suppressions;
#[cfg(test)]
pub mod testing;
mod time_axis;
mod time_to_green;
mod timeline;
mod timeline_short;
mod topic;
mod versions;
pub mod weeks;
pub mod words;

use std::sync::Arc;

use anyhow::Result;
use serde_json::value::RawValue;

pub use opens::Opens;
pub use rows::{Column, Rows, Values};
pub use topic::Topic;
pub use words::result_label;

use crate::{
    api::{FigureData, FigureInfo, Width},
    selection::Selection,
    server::{
        attributes::days_of,
        charts::{self, Chart},
        config::Config,
        insight,
        snapshot::{Snapshot, Window},
    },
};

/// All figures, in page order.
pub const ALL: &[&Figure] = &[
    &build_status_day::FIGURE,
    &build_status::FIGURE,
    &nightly_vs_non_nightly::FIGURE,
    &heatmap::FIGURE,
    &timeline_short::FIGURE,
    &most_failing::FIGURE,
    &failing_steps::FIGURE,
    &lengthy_pipelines::FIGURE,
    &shortest_functional_tests::FIGURE,
    &duration_by_week::FIGURE,
    &timeline::FIGURE,
    &failure_rate_by_week::FIGURE,
    &failure_calendar::FIGURE,
    &failing_steps_by_project::FIGURE,
    &failure_classes::FIGURE,
    &incidents::FIGURE,
    &flaky_pipelines::FIGURE,
    &minutes_lost::FIGURE,
    &minutes_lost_by_team::FIGURE,
    &domains_by_team::FIGURE,
    &failure_rate_by_agent::FIGURE,
    &failure_rate_by_node::FIGURE,
    &failure_rate_by_library::FIGURE,
    &time_to_green::FIGURE,
    &change_points::FIGURE,
    &delivery::FIGURE,
    &slowest_steps::FIGURE,
    &step_duration_by_week::FIGURE,
    &start_delay::FIGURE,
    &suppression_debt::FIGURE,
    &security_calendar::FIGURE,
    &open_findings::FIGURE,
    &findings_by_week::FIGURE,
    &runtime_support::FIGURE,
    &security_trend::FIGURE,
    &cve_most_frequent::FIGURE,
    &cve_per_team::FIGURE,
    &js_checks::FIGURE,
    &node_versions::FIGURE,
    &java_versions::FIGURE,
    &duration::FIGURE,
    &security_due::FIGURE,
];

/// The figures that stand on no page but their own: details of others. Explore lists them with their page.
const DETAILS: [&str; 2] = [duration::FIGURE.id, security_due::FIGURE.id];

/// The page that shows a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Pipelines,
    Platform,
    Security,
}

impl Page {
    pub const ALL: [Self; 3] = [Self::Pipelines, Self::Platform, Self::Security];

    /// The page's name in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::Platform => "platform",
            Self::Security => "security",
        }
    }

    /// Parses a page's name in URLs.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.as_str() == name)
    }
}

/// The definition of a figure.
pub struct Figure {
    /// Also the name of its file, of its snapshot, in URLs and in the cache.
    pub id: &'static str,
    pub page: Page,
    /// Its neighbours on phones, where a page shows one topic at a time.
    pub topic: Topic,
    pub width: Width,
    /// The height of the chart in CSS pixels.
    pub height: u16,
    pub title: &'static str,
    /// An explanation for readers: what counts, and from which data.
    pub help: &'static str,
    /// The table. It has all columns even without rows.
    pub rows: fn(&Snapshot, &Selection) -> Rows,
    /// A sentence about the rows, or the reason why there are none.
    pub summary: fn(&Rows, &Context<'_>) -> String,
    /// The chart. Called only if there are rows.
    pub chart: fn(&Rows, &Context<'_>) -> Chart,
    /// The builds behind the numbers of the table; `items` has what those of Security open.
    pub opens: fn(&Rows, &Context<'_>) -> Opens,
}

/// The context of sentences and charts, beside the rows.
#[derive(Clone)]
pub struct Context<'a> {
    pub selection: &'a Selection,
    pub window: Window,
    /// The length of the window, or of the part of it that has data, in days; at least 1.
    pub days: u16,
    /// The labels of the selection's projects; none for all projects.
    pub project: Option<String>,
    /// The organisation's time zone, for charts with a time axis.
    pub time_zone: &'a jiff::tz::TimeZone,
    pub as_of_ms: Option<i64>,
    /// The configuration, for sentences that name a limit.
    pub config: &'a Config,
}

impl<'a> Context<'a> {
    pub fn new(snapshot: &'a Snapshot, selection: &'a Selection, figure: &Figure) -> Self {
        let as_of_ms = match figure.page {
            Page::Pipelines | Page::Platform => snapshot.as_of_ms,
            Page::Security => insight::security::as_of_ms(snapshot, selection),
        };
        let window = snapshot.window(selection);
        Self {
            selection,
            window,
            days: days_of(snapshot, window),
            project: snapshot.projects_in_words(selection),
            time_zone: &snapshot.config.time_zone,
            as_of_ms,
            config: &snapshot.config,
        }
    }

    /// The same context with another window.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        Self {
            window,
            ..self.clone()
        }
    }
}

/// The figures that a page shows, in order.
pub fn of_page(page: Page) -> impl Iterator<Item = &'static Figure> {
    let figures = ALL.iter().copied();
    figures.filter(move |figure| figure.page == page && !DETAILS.contains(&figure.id))
}

/// Finds a figure by its id.
pub fn find(id: &str) -> Option<&'static Figure> {
    ALL.iter().copied().find(|figure| figure.id == id)
}

impl Figure {
    /// The card's texts and sizes, known before the figure is computed.
    pub fn info(&self, snapshot: &Snapshot) -> FigureInfo {
        let rows = (self.rows)(
            &Snapshot::empty(Arc::clone(&snapshot.config)),
            &Selection::default(),
        );
        FigureInfo {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            help: self.help.to_owned(),
            topic: self.topic.label().to_owned(),
            width: self.width,
            height: self.height,
            columns: rows.column_infos(),
        }
    }

    /// The first of so many rows; of some figures the last.
    fn part(&self, rows: usize, most: usize) -> std::ops::Range<usize> {
        opens::part(rows, most, ENDING_WITH_THE_FIRST.contains(&self.id))
    }

    /// Computes the figure for a selection.
    ///
    /// # Errors
    /// A plot that cannot be encoded as JSON.
    pub fn compute(&self, snapshot: &Snapshot, selection: &Selection) -> Result<FigureData> {
        let rows = (self.rows)(snapshot, selection);
        let context = Context::new(snapshot, selection, self);
        let (plot, picture, page_plot) = if rows.is_empty() {
            let nothing = RawValue::from_string(r#"{"data":[],"layout":{}}"#.to_owned())?;
            (nothing.clone(), String::new(), nothing)
        } else {
            let part = self.part(rows.len(), opens::MAX_ROWS);
            let chart = (self.chart)(&rows, &context);
            let drawn = charts::plotly::draw(&chart, context.time_zone);
            let picture = charts::svg::picture(&chart, context.time_zone, self.height);
            let (marks, zone) = (&*drawn.marks, context.time_zone);
            let opens =
                items::encoded(self, &rows, marks, part.clone(), zone).unwrap_or_else(|| {
                    opens::encoded(&(self.opens)(&rows, &context), marks, part, zone)
                });
            let encoded = drawn.encode()?;
            let plot = encoded.opening(&opens)?;
            let page_plot = encoded.opening(&opens::for_marks(opens, &drawn.marks))?;
            (plot, picture.into_string(), page_plot)
        };
        Ok(FigureData {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            summary: (self.summary)(&rows, &context),
            as_of: words::instant(context.as_of_ms),
            version: snapshot.version.to_string(),
            builds: rows.builds,
            columns: rows.column_infos(),
            row_count: rows.len() as u64,
            first_row: 0,
            rows: rows.cells(),
            plot: plot.into(),
            picture: picture.into(),
            page_plot: Some(page_plot.into()),
        })
    }
}

/// The chart of a figure as an SVG document; without rows, its sentence.
pub fn document(figure: &Figure, snapshot: &Snapshot, selection: &Selection) -> String {
    let rows = (figure.rows)(snapshot, selection);
    let context = Context::new(snapshot, selection, figure);
    if rows.is_empty() {
        let sentence = (figure.summary)(&rows, &context);
        return charts::svg::sentence(figure.title, &sentence);
    }
    let chart = (figure.chart)(&rows, &context);
    charts::svg::document(&chart, context.time_zone, figure.height, figure.title)
}

/// The figures of whose long tables a page shows the last rows: the latest slots, the most frequent CVEs.
const ENDING_WITH_THE_FIRST: [&str; 2] = [timeline_short::FIGURE.id, cve_most_frequent::FIGURE.id];

/// The most rows of a figure's table on a page, which has many figures. The CSV has all.
pub const MAX_PAGE_ROWS: usize = 120;

/// The figure with the rows that a page shows.
pub fn for_page(figure: &FigureData) -> FigureData {
    let ends_with_the_first = ENDING_WITH_THE_FIRST.contains(&&*figure.id);
    let shown = opens::part(figure.rows.len(), MAX_PAGE_ROWS, ends_with_the_first);
    FigureData {
        id: figure.id.clone(),
        title: figure.title.clone(),
        summary: figure.summary.clone(),
        as_of: figure.as_of.clone(),
        version: figure.version.clone(),
        builds: figure.builds,
        columns: figure.columns.clone(),
        row_count: figure.row_count,
        first_row: shown.start as u64,
        rows: figure.rows[shown].to_vec(),
        plot: Arc::clone(&figure.plot),
        picture: Arc::clone(&figure.picture),
        page_plot: figure.page_plot.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::model::BuildResult;
    use crate::{
        api::CellKind,
        selection::{BuildType, DAYS},
        server::{config::Config, snapshot::BuildRecord},
    };

    #[test]
    fn ids_are_unique_names_in_snake_case() {
        for (index, figure) in ALL.iter().enumerate() {
            let snake = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(figure.id.chars().all(snake), "{}", figure.id);
            let first = ALL.iter().position(|known| known.id == figure.id);
            assert_eq!(first, Some(index), "{} is there twice", figure.id);
            assert!(!figure.title.is_empty() && !figure.help.is_empty());
        }
    }

    #[test]
    fn every_figure_explains_an_empty_snapshot() {
        let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
        for figure in ALL {
            let data = figure.compute(&snapshot, &Selection::default());
            let data = data.expect("a figure of nothing");
            assert!(data.rows.is_empty(), "{}", figure.id);
            assert!(!data.columns.is_empty(), "{}", figure.id);
            assert_eq!(data.columns, figure.info(&snapshot).columns);
            assert!(data.summary.ends_with('.'), "{}", data.summary);
        }
    }

    #[test]
    fn every_figure_takes_any_text_and_any_filter() {
        let name = format!("<script>%{{y}}\u{202e}😀{}", "a".repeat(10_000));
        let snapshot = testing::everywhere(&name);
        for figure in ALL {
            for build_type in BuildType::EVERY {
                for days in DAYS {
                    let filter = Selection::default().with_days(days);
                    let data = figure.compute(&snapshot, &filter.with_build_type(build_type));
                    let data = data.expect("a figure of anything");
                    assert!(!data.rows.is_empty(), "{} has rows", figure.id);
                    for row in &data.rows {
                        assert_eq!(row.len(), data.columns.len(), "{}", figure.id);
                    }
                    assert!(!data.plot.get().contains("<script"), "{}", figure.id);
                    let shown = data.plot.get().contains("&lt;script&gt;");
                    assert_eq!(shown, NAMING.contains(&figure.id), "{}", figure.id);
                }
            }
        }
    }

    /// The figures whose charts name what comes from data.
    const NAMING: [&str; 15] = [
        "suppression_debt",
        "runtime_support",
        "most_failing",
        "failing_steps",
        "failing_steps_by_project",
        "lengthy_pipelines",
        "shortest_functional_tests",
        "cve_per_team",
        "time_to_green",
        "change_points",
        "incidents",
        "flaky_pipelines",
        "minutes_lost",
        "slowest_steps",
        "step_duration_by_week",
    ];

    #[test]
    fn every_figure_takes_a_build_that_began_long_ago() {
        let build = BuildRecord {
            started_ms: i64::MIN / 4,
            failing_step: Some("test"),
            ..testing::build("a", BuildResult::Failure, "2019-10-25T11:00:00Z")
        };
        let snapshot = testing::snapshot(&[build]);
        for figure in ALL.iter().filter(|figure| figure.page == Page::Pipelines) {
            for days in DAYS {
                let filter = Selection::default().with_days(days);
                let data = figure.compute(&snapshot, &filter).expect("a figure");
                let of_failures = !NEEDING_SUCCESS.contains(&figure.id);
                assert_eq!(!data.rows.is_empty(), of_failures, "{}", figure.id);
            }
        }
    }

    #[test]
    fn charts_are_bounded_whatever_the_data() {
        let snapshot = testing::crowded(5_000);
        for figure in ALL {
            let data = figure.compute(&snapshot, &Selection::default());
            let data = data.expect("a figure");
            assert!(!data.rows.is_empty(), "{} has rows", figure.id);
            let bytes = data.plot.get().len();
            assert!(bytes < 260_000, "{}: {bytes} bytes", figure.id);
        }
    }

    /// The figures of builds that succeeded.
    const NEEDING_SUCCESS: [&str; 2] = ["lengthy_pipelines", "shortest_functional_tests"];

    #[test]
    fn cells_are_of_their_column_kind() {
        let snapshot = testing::everywhere("a");
        for figure in ALL {
            let data = figure.compute(&snapshot, &Selection::default());
            let data = data.expect("a figure");
            assert!(!data.rows.is_empty(), "{} has rows", figure.id);
            for (cell, column) in data
                .rows
                .iter()
                .flat_map(|row| row.iter().zip(&data.columns))
            {
                use crate::api::Cell;
                let fits = match (column.kind, cell) {
                    (CellKind::Text, Cell::Text(_))
                    | (CellKind::Count, Cell::Count(_))
                    | (CellKind::Number | CellKind::Percent, Cell::Number(_) | Cell::Missing) => {
                        true
                    }
                    // A major version, or that it is unknown.
                    (CellKind::Text, Cell::Count(_)) => column.id == "major",
                    (CellKind::Instant, Cell::Text(text)) => {
                        text.parse::<jiff::Timestamp>().is_ok()
                    }
                    (CellKind::Date, Cell::Text(text)) => text.parse::<jiff::civil::Date>().is_ok(),
                    _ => false,
                };
                assert!(fits, "{} {}: {cell:?}", figure.id, column.id);
            }
        }
    }
}
