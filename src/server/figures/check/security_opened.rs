//! Every number and mark of a security figure opens a list of exactly what it counts.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::ALL,
    opened::{counting, drawn},
    sample,
};
use crate::{
    api::{Cell, CellKind, FigureData, OpenedPage, Opens, View},
    error::AppError,
    selection::{Selection, pairs},
    server::{
        config::Config,
        figures::{Page, find, items, testing},
        snapshot::Snapshot,
    },
};

const PAGES: [&str; 6] = [
    "",
    "team=cmc",
    "team=cmc&team=am&days=28",
    "as_of=2019-10-01",
    "as_of=2019-06-30T12:00:00Z&team=cmc",
    "as_of=1999-01-01",
];

/// The list of an address, read as the server reads it.
fn counted(snapshot: &Snapshot, address: &str) -> u64 {
    let (path, query) = address.split_once('?').expect("a query");
    assert_eq!(path, OpenedPage::Items.path());
    let selection = Selection::read(query);
    selection.check().expect("it can be answered");
    let view = View::read(pairs(query), &items::PARAMETERS);
    let number = items::PARAMETERS.map(|name| view.get(name).unwrap_or_default());
    items::check(snapshot, number).expect("a number");
    let listed = items::listed(snapshot, &selection, number).expect("a list");
    assert!(!listed.row.is_empty() && !listed.column.is_empty());
    listed.items.len() as u64
}

/// Checks each count of a table; returns how many there are.
fn check_cells(snapshot: &Snapshot, page: &Selection, figure: &FigureData) -> usize {
    let opens = figure.opens();
    let mut checked = 0;
    for (index, row) in figure.rows.iter().enumerate() {
        for (cell, column) in row.iter().zip(&figure.columns) {
            let what = format!("{} {} of {row:?} on {page:?}", figure.id, column.id);
            let address = opens.address(page, index, &column.id);
            let is_count = matches!(column.kind, CellKind::Count);
            match (is_count, address) {
                (true, address) => {
                    let Cell::Count(count) = cell else {
                        panic!("{what}: {cell:?}")
                    };
                    let listed = counted(snapshot, &address.expect(&what));
                    assert_eq!(Ok(listed), u64::try_from(*count), "{what}");
                    checked += 1;
                }
                (false, Some(address)) => {
                    // Numbers of a row open the same day, and each day has weeks of its own to compute.
                    if column.id == "debt" && index.is_multiple_of(9) {
                        check_day(snapshot, &address, row, &what);
                    }
                    checked += 1;
                }
                (false, None) => {}
            }
        }
    }
    checked
}

/// A row of the trend opens the Security page of its day, whose latest numbers are those of the row.
fn check_day(snapshot: &Snapshot, address: &str, row: &[Cell], what: &str) {
    let (path, query) = address.split_once('?').expect("a query");
    assert_eq!(path, OpenedPage::Security.path(), "{what}");
    let selection = Selection::parse(query).expect("a selection");
    let trend = find("security_trend").expect("a figure");
    let then = trend.compute(snapshot, &selection).expect("a figure");
    assert_eq!(then.rows.last().map(Vec::as_slice), Some(row), "{what}");
}

/// Checks each mark against what it opens; returns how many there are.
fn check_marks(snapshot: &Snapshot, page: &Selection, figure: &FigureData) -> usize {
    let opens = figure.opens();
    let mut checked = 0;
    for (marks, trace) in &counting(figure) {
        let column = marks["column"].as_str().expect("a column");
        let list = |name: &str| marks[name].as_array();
        for (point, value) in drawn(trace).iter().enumerate() {
            // As `address` in `plotly.js` does.
            let (opens, row) = match (list("conditions"), list("rows")) {
                (Some(conditions), _) => {
                    let conditions = conditions[point].as_str().expect("conditions").to_owned();
                    let row = (!conditions.is_empty()).then_some(0);
                    let rows = vec![conditions];
                    (
                        Opens {
                            rows,
                            ..opens.clone()
                        },
                        row,
                    )
                }
                (None, Some(rows)) => {
                    let row = rows[point].as_u64();
                    (opens.clone(), row.and_then(|row| usize::try_from(row).ok()))
                }
                (None, None) => (opens.clone(), Some(point)),
            };
            let what = format!("{} {column} of mark {point} on {page:?}", figure.id);
            let value = value.as_f64().unwrap_or_default();
            let Some(row) = row else {
                assert_eq!(value, 0.0, "{what}");
                continue;
            };
            assert!(value > 0.0, "{what}");
            let address = opens.address(page, row, column).expect(&what);
            match opens.page {
                OpenedPage::Items => {
                    assert_eq!(counted(snapshot, &address) as f64, value, "{what}")
                }
                _ => assert_eq!(opens.address(page, row, "debt"), Some(address), "{what}"),
            }
            checked += 1;
        }
    }
    checked
}

/// Checks every security figure on every page; returns the numbers of cells and marks by figure.
fn check_all(snapshot: &Snapshot) -> BTreeMap<&'static str, (usize, usize)> {
    let mut checked = BTreeMap::new();
    for page in PAGES {
        let page = Selection::parse(page).expect("a selection");
        for figure in ALL.iter().filter(|figure| figure.page == Page::Security) {
            let data = figure.compute(snapshot, &page).expect("a figure");
            let (cells, marks) = checked.entry(figure.id).or_insert((0, 0));
            *cells += check_cells(snapshot, &page, &data);
            *marks += check_marks(snapshot, &page, &data);
        }
    }
    checked
}

#[tokio::test(flavor = "multi_thread")]
async fn every_security_number_opens_a_list_of_what_it_counts() {
    for seed in [1, 2, 3] {
        let super::Sample {
            snapshot,
            _directory,
            ..
        } = sample(seed, 1).await;
        let checked = check_all(&snapshot);
        assert_eq!(checked.len(), 12);
        for (figure, (cells, marks)) in checked {
            // Rows of these are repositories and things that are due, whose names are links.
            let counts = !["node_versions", "java_versions", "security_due"].contains(&figure);
            assert_eq!(cells > 5, counts, "{figure}: {cells}");
            assert!(marks > 5, "{figure}: {marks}");
        }
    }
}

#[test]
fn names_of_every_kind_name_a_row() {
    for name in ["a|b%7C%&=+ #?", "<script>\u{202e}😀", "a"] {
        check_all(&testing::everywhere(name));
    }
    check_all(&testing::crowded(30));
}

#[test]
fn an_address_that_names_no_number_says_which_part_is_wrong() {
    let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
    for (number, wrong) in [
        (["", "a", "rules"], Some("figure")),
        (["heatmap", "a", "rules"], Some("figure")),
        (["security_trend", "a", "rules"], Some("figure")),
        (["suppression_debt", "a", ""], Some("column")),
        (["suppression_debt", "a", "team"], Some("column")),
        (["suppression_debt", "", "rules"], Some("row")),
        (["security_calendar", "soon", "findings"], Some("row")),
        (["open_findings", "bad", "open"], Some("row")),
        (["js_checks", "nothing", "repositories"], Some("row")),
        (["node_versions", "eight", "repositories"], Some("row")),
        (["security_due", "today", "finding"], Some("row")),
        // It may have been there before.
        (["suppression_debt", "nobody", "rules"], None),
        (["node_versions", "unknown", "repositories"], None),
    ] {
        let checked = items::check(&snapshot, number);
        let listed = items::listed(&snapshot, &Selection::default(), number);
        for found in [checked, listed.map(drop)] {
            let named = found.err().map(|error| match error {
                AppError::UnknownValue { parameter, .. } => parameter,
                other => panic!("{other}"),
            });
            assert_eq!(named.as_deref(), wrong, "{number:?}");
        }
    }
}
