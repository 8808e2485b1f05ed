//! The things that the numbers of the Security page's figures count: one list for each row and column.
//!
//! A key names a row of a figure's table by the values that tell it apart. Lists are computed from the same facts as
//! the tables, for the same selection, so that each has as many items as its number says.

mod dated;
mod facts;

use std::{ops::Range, sync::Arc};

use jiff::tz::TimeZone;

use super::{
    Figure, Rows, Values, findings_by_week, opens, rows::instant_text, security_calendar,
    security_due, security_trend, security_words::product, suppression_debt, versions,
};
use crate::{
    api::{self, ColumnConditions, OpenedPage},
    error::AppError,
    numbers,
    selection::{Selection, encoded as query},
    server::{
        charts::plotly::Marks,
        insight::security::{Selected, selected},
        snapshot::Snapshot,
    },
};

/// The parameters of an address that name a number.
pub const PARAMETERS: [&str; 3] = ["figure", "row", "column"];

/// Something that a number counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its repository; several where teams or vulnerabilities are counted.
    pub repositories: Vec<String>,
    pub team: String,
    /// Its name: of vulnerabilities, a version, checks.
    pub what: String,
    /// The end of the rule or the support, or the instant since which a finding is overdue, Unix ms.
    pub until_ms: Option<i64>,
    /// The days since it was first seen or opened; at least so many where `at_least`.
    pub age_days: Option<u64>,
    pub at_least: bool,
    /// Flags of a rule, by their names in the API.
    pub flags: Vec<&'static str>,
    pub state: String,
}

/// The facts of a selection.
struct Facts<'a> {
    snapshot: &'a Snapshot,
    selected: Selected<'a>,
}

/// The lists of a figure.
struct Lists {
    figure: &'static str,
    /// The columns whose values name a row.
    key: &'static [&'static str],
    /// Numbers that only the chart has, beside the columns of counts, with their names for readers.
    marks: &'static [(&'static str, &'static str)],
    /// The items of a row and a column; none if the row cannot be read.
    items: fn(&Facts<'_>, &str, &str) -> Option<Vec<Item>>,
    /// The row in words.
    words: fn(&str) -> String,
}

/// One line for each figure.
const LISTS: [Lists; 11] = [
    of_rows("cve_most_frequent", &["cve"], facts::cve),
    of_rows("cve_per_team", &["team"], facts::team),
    of_rows("js_checks", &["check"], facts::check),
    of_marks("node_versions", &versions::MARKS, facts::node_version),
    of_marks("java_versions", &versions::MARKS, facts::java_version),
    Lists {
        marks: &suppression_debt::MARKS,
        ..of_rows("suppression_debt", &["team"], dated::rules)
    },
    of_weeks(security_calendar::FIGURE.id, dated::ending),
    of_rows("open_findings", &["severity"], dated::open),
    of_weeks(findings_by_week::FIGURE.id, dated::changed),
    Lists {
        words: runtime_words,
        ..of_rows(
            "runtime_support",
            &["product", "version", "support"],
            dated::runtimes,
        )
    },
    Lists {
        words: security_due::class_words,
        ..of_marks("security_due", &security_due::MARKS, dated::due)
    },
];

type Items = fn(&Facts<'_>, &str, &str) -> Option<Vec<Item>>;

const fn of_rows(figure: &'static str, key: &'static [&'static str], items: Items) -> Lists {
    Lists {
        figure,
        key,
        marks: &[],
        items,
        words: str::to_owned,
    }
}

const fn of_weeks(figure: &'static str, items: Items) -> Lists {
    Lists {
        words: week_words,
        ..of_rows(figure, &["week_start"], items)
    }
}

/// The lists of a figure whose rows are things themselves, which its chart counts.
const fn of_marks(
    figure: &'static str,
    marks: &'static [(&'static str, &'static str)],
    items: Items,
) -> Lists {
    Lists {
        marks,
        ..of_rows(figure, &[], items)
    }
}

fn week_words(row: &str) -> String {
    format!("week from {}", numbers::instant(row))
}

fn runtime_words(row: &str) -> String {
    let parts: Vec<String> = row.split('|').map(whole).collect();
    match &*parts {
        [name, version, support] => format!("{} {version}, {support}", product(name)),
        _ => row.to_owned(),
    }
}

/// The key of a row with these values.
fn key(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        parts => {
            let parts: Vec<String> = parts.iter().map(|part| escaped(part)).collect();
            parts.join("|")
        }
    }
}

/// A part of a key, without the character between parts.
fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace('|', "%7C")
}

/// The part that was escaped.
fn whole(part: &str) -> String {
    part.replace("%7C", "|").replace("%25", "%")
}

impl Lists {
    fn of(figure: &str) -> Option<&'static Self> {
        LISTS.iter().find(|lists| lists.figure == figure)
    }

    /// The columns whose numbers open lists, with their names for readers.
    fn columns(&self, rows: &Rows) -> Vec<(&'static str, &'static str)> {
        let counts = rows.columns.iter();
        let counts = counts.filter(|column| matches!(column.values, Values::Count(_)));
        let counts = counts.map(|column| (column.id, column.title));
        counts.chain(self.marks.iter().copied()).collect()
    }

    /// The name of a column for readers.
    fn title(
        &self,
        figure: &Figure,
        snapshot: &Snapshot,
        column: &str,
    ) -> Result<&'static str, AppError> {
        let nothing = Snapshot::empty(Arc::clone(&snapshot.config));
        let columns = self.columns(&(figure.rows)(&nothing, &Selection::default()));
        let known = || columns.iter().map(|(id, _)| (*id).to_owned()).collect();
        let found = columns.iter().find(|(id, _)| *id == column);
        found
            .map(|(_, title)| *title)
            .ok_or_else(|| AppError::unknown_value("column", column, known()))
    }

    fn items_of(
        &self,
        snapshot: &Snapshot,
        selection: &Selection,
        row: &str,
        column: &str,
    ) -> Result<Vec<Item>, AppError> {
        let facts = Facts {
            snapshot,
            selected: selected(snapshot, selection),
        };
        let items = (self.items)(&facts, row, column).filter(|_| !row.is_empty());
        items.ok_or_else(|| AppError::unknown_value("row", row, Vec::new()))
    }

    fn key_of(&self, rows: &Rows, row: usize) -> String {
        let parts: Vec<String> = self.key.iter().map(|id| text(rows, id, row)).collect();
        key(&parts)
    }
}

/// The value of a cell as text.
fn text(rows: &Rows, id: &str, row: usize) -> String {
    let column = rows.columns.iter().find(|column| column.id == id);
    match &column.expect("a key is of columns").values {
        Values::Text(values) => values[row].clone(),
        Values::Instant(values) => instant_text(values[row]),
        _ => panic!("no key is a number"),
    }
}

/// Returns the addresses that the numbers of a figure open, if these are not builds; only those of the rows of `part`.
pub fn encoded(
    figure: &Figure,
    rows: &Rows,
    marks: &[Marks],
    part: Range<usize>,
    zone: &TimeZone,
) -> Option<api::Opens> {
    if figure.id == security_trend::FIGURE.id {
        return Some(days(rows, marks, part, zone));
    }
    let lists = Lists::of(figure.id)?;
    let columns = lists.columns(rows).into_iter();
    let columns = columns.map(|(id, _)| ColumnConditions {
        column: id.to_owned(),
        conditions: query([("figure", figure.id), ("column", id)]),
    });
    let part = if lists.key.is_empty() { 0..0 } else { part };
    let keys = part
        .clone()
        .map(|row| query([("row", &*lists.key_of(rows, row))]));
    let sent = opens::sent(part.start, keys, columns.collect(), marks, zone);
    Some(api::Opens {
        page: OpenedPage::Items,
        ..sent
    })
}

/// The days of the trend: the Security page as of each.
fn days(rows: &Rows, marks: &[Marks], part: Range<usize>, zone: &TimeZone) -> api::Opens {
    let columns = rows.columns.iter();
    let columns = columns.filter(|column| matches!(column.values, Values::Measured(_)));
    let columns = columns.map(|column| ColumnConditions {
        column: column.id.to_owned(),
        conditions: String::new(),
    });
    let days = part
        .clone()
        .map(|row| query([("as_of", &*text(rows, "at", row))]));
    api::Opens {
        page: OpenedPage::Security,
        ..opens::sent(part.start, days, columns.collect(), marks, zone)
    }
}

/// The things that a number counts.
pub struct Listed {
    pub figure: &'static Figure,
    /// The row and the column in words.
    pub row: String,
    pub column: &'static str,
    /// The organisation's, for dates.
    pub zone: TimeZone,
    pub items: Vec<Item>,
}

/// Returns what a number of a figure counts, by the key of its row and the id of its column.
///
/// # Errors
/// [`AppError::UnknownValue`] names the parameter `figure`, `row` or `column`.
pub fn listed(
    snapshot: &Snapshot,
    selection: &Selection,
    [figure, row, column]: [&str; 3],
) -> Result<Listed, AppError> {
    let (of, lists) = find(figure)?;
    let title = lists.title(of, snapshot, column)?;
    Ok(Listed {
        figure: of,
        row: (lists.words)(row),
        column: title,
        zone: snapshot.config.time_zone.clone(),
        items: lists.items_of(snapshot, selection, row, column)?,
    })
}

/// Checks the address of a list without making it.
///
/// # Errors
/// As [`listed`].
pub fn check(snapshot: &Snapshot, [figure, row, column]: [&str; 3]) -> Result<(), AppError> {
    let (of, lists) = find(figure)?;
    lists.title(of, snapshot, column)?;
    // Whether a row can be read does not depend on the facts.
    let nothing = Snapshot::empty(Arc::clone(&snapshot.config));
    let items = lists.items_of(&nothing, &Selection::default(), row, column);
    items.map(drop)
}

fn find(figure: &str) -> Result<(&'static Figure, &'static Lists), AppError> {
    let known = || LISTS.iter().map(|lists| lists.figure.to_owned()).collect();
    super::find(figure)
        .zip(Lists::of(figure))
        .ok_or_else(|| AppError::unknown_value("figure", figure, known()))
}

impl Facts<'_> {
    fn team(&self, repository: &str) -> String {
        self.snapshot.config.owners.team(repository).to_owned()
    }
}
