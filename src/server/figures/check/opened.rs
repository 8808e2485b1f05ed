//! Every number of a build figure opens exactly the builds that it counts.

use super::super::{ALL, Page};
use crate::{
    api::{Cell, FigureData, OpenedPage, Opens},
    selection::Selection,
    server::{
        attributes::select,
        figures::{Figure, testing::with_incidents},
        snapshot::Snapshot,
    },
};

/// Pages with conditions of every kind.
const PAGES: [&str; 15] = [
    "",
    "days=1",
    "days=28&project=cmc",
    "days=180&type=nightly",
    "days=28&result=FAILURE&result=SUCCESS",
    "from=2019-10-20&to=2019-10-24T12:00:00Z",
    "from=2019-10-01&days=28",
    "as_of=2019-10-20T03:04:05Z&days=7",
    "min_minutes=5.5&max_minutes=40&days=28",
    "started_from=2019-10-22T03:07:00Z&days=7",
    "weekday=friday&weekday=monday&hour=9&hour=10&days=28",
    "failed_step=unknown&failed_step=build&days=180",
    "compare=previous&days=7&project=cmc",
    "compare=previous&from=2019-10-20T05:06:07Z&to=2019-10-22T12:00:00Z",
    "as_of=2019-10-20T03:04:05Z&compare=previous&days=1",
];

/// Counts the builds of an address as the server reads it.
fn opened(snapshot: &Snapshot, address: &str) -> u64 {
    let query = address.strip_prefix(OpenedPage::Builds.path());
    let selection = Selection::parse(query.expect("a list of builds")).expect("an address");
    snapshot.check(&selection).expect("it can be answered");
    select(snapshot, &selection).count()
}

/// Checks each cell that opens builds; returns how many there are.
fn check_cells(snapshot: &Snapshot, page: &Selection, figure: &FigureData) -> usize {
    let opens = figure.opens();
    let mut checked = 0;
    for (index, row) in figure.rows.iter().enumerate() {
        for (cell, column) in row.iter().zip(&figure.columns) {
            let Some(address) = opens.address(page, index, &column.id) else {
                continue;
            };
            let expected = match cell {
                // Nothing is behind a zero, so it is no link.
                Cell::Count(0) => continue,
                Cell::Count(count) => u64::try_from(*count).expect("a count"),
                // The number of a build.
                _ => 1,
            };
            let what = format!("{} {} of {row:?} on {page:?}", figure.id, column.id);
            assert_eq!(opened(snapshot, &address), expected, "{what}: {address}");
            checked += 1;
        }
    }
    checked
}

/// The marks that count something, with their traces; those of other traces are labels, and a figure without rows has none.
pub(super) fn counting(figure: &FigureData) -> Vec<(serde_json::Value, serde_json::Value)> {
    let plot: serde_json::Value = serde_json::from_str(figure.plot.get()).expect("JSON");
    let traces = plot["data"].as_array().expect("traces");
    let marks = plot["opens"]["marks"].as_array().into_iter().flatten();
    let marks = marks.cloned().zip(traces.iter().cloned());
    marks.filter(|(marks, _)| marks["column"] != "").collect()
}

/// Checks each mark of the chart against what it shows; returns how many there are.
fn check_marks(snapshot: &Snapshot, page: &Selection, figure: &FigureData) -> usize {
    let opens = figure.opens();
    let mut checked = 0;
    for (marks, trace) in &counting(figure) {
        let name = marks["column"].as_str().expect("a column");
        let conditions = marks["conditions"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        if !conditions.is_empty() {
            checked += check_conditions(snapshot, page, &opens, (name, conditions), trace);
            continue;
        }
        let column = figure.columns.iter().position(|known| known.id == name);
        let column = column.expect("a mark is of a column");
        let row = |row: &serde_json::Value| row.as_u64().and_then(|row| usize::try_from(row).ok());
        let drawn = drawn(trace);
        let points: Vec<Option<usize>> = match marks["rows"].as_array() {
            Some(rows) => rows.iter().map(row).collect(),
            None => (0..drawn.len()).map(Some).collect(),
        };
        assert_eq!(points.len(), drawn.len(), "{}: {page:?}", figure.id);
        for (row, value) in points.into_iter().zip(drawn) {
            let Some(row) = row else { continue };
            let cell = &figure.rows[row][column];
            let shows = |cell: &Cell| match cell {
                Cell::Count(count) => value.as_f64() == Some(*count as f64),
                Cell::Number(number) => value.as_f64() == Some(*number),
                _ => false,
            };
            // Some marks are as long as another number of their row, which is told by their column.
            let is_drawn = figure.rows[row].iter().any(shows);
            assert!(is_drawn, "{} draws {value} for {cell:?}", figure.id);
            assert!(opens.address(page, row, name).is_some());
            checked += 1;
        }
    }
    checked
}

/// Checks the marks that are no rows: a bar is as long as the number of builds that it opens.
fn check_conditions(
    snapshot: &Snapshot,
    page: &Selection,
    opens: &Opens,
    (column, conditions): (&str, &[serde_json::Value]),
    trace: &serde_json::Value,
) -> usize {
    let drawn = drawn(trace);
    assert_eq!(conditions.len(), drawn.len(), "{column}: {page:?}");
    let of_column = opens.columns.iter().find(|known| known.column == column);
    let of_column = &of_column.expect("a column that opens").conditions;
    for (of_mark, value) in conditions.iter().zip(&drawn) {
        let of_mark = of_mark.as_str().expect("conditions");
        let narrowed = page.narrowed(&Selection::read(&[of_mark, of_column].join("&")));
        let address = format!("{}{}", OpenedPage::Builds.path(), narrowed.query());
        let builds = opened(snapshot, &address);
        let what = format!("{column} of {of_mark} on {page:?}");
        // Lines of the period before are as high as they count builds.
        if trace["type"] == "bar" || trace["mode"] == "lines" {
            assert_eq!(value.as_f64(), Some(builds as f64), "{what}");
        } else {
            assert_eq!(builds > 0, !value.is_null(), "{what}");
        }
    }
    drawn.len()
}

/// The values of a trace's marks, in the order in which plotly.js numbers them.
pub(super) fn drawn(trace: &serde_json::Value) -> Vec<serde_json::Value> {
    let list = |name: &str| trace[name].as_array().cloned().unwrap_or_default();
    match trace["type"].as_str() {
        Some("heatmap") => list("z")
            .iter()
            .flat_map(|line| line.as_array().cloned().unwrap_or_default())
            .collect(),
        _ if trace["orientation"] == "h" => list("x"),
        _ => list("y"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_opens_the_builds_that_it_counts() {
    let figures = ALL.iter().filter(|figure| figure.page != Page::Security);
    let figures: Vec<&Figure> = figures.copied().collect();
    let mut checked = vec![(0, 0); figures.len()];
    for seed in [1, 2, 3] {
        let super::Sample {
            snapshot,
            _directory,
            ..
        } = super::sample(seed, 40).await;
        let snapshot = &with_incidents(snapshot);
        for page in PAGES {
            let page = Selection::parse(page).expect("a selection");
            for (figure, (cells, marks)) in figures.iter().zip(&mut checked) {
                let data = figure.compute(snapshot, &page).expect("a figure");
                *cells += check_cells(snapshot, &page, &data);
                *marks += check_marks(snapshot, &page, &data);
            }
        }
    }
    for (figure, (cells, marks)) in figures.iter().zip(checked) {
        assert!(cells > 5 && marks > 5, "{}: {cells} {marks}", figure.id);
    }
}
