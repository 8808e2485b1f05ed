//! The builds behind a figure's numbers. A page of a selection is narrowed by the conditions of a row and of a
//! column, which are complete: they hold what the page's own conditions on the same keys leave.

use jiff::tz::TimeZone;

use super::{Context, Rows};
use crate::{
    api::{self, ColumnConditions, OpenedPage},
    selection::{DAYS, Selection, minutes},
    server::{
        charts::plotly::{Marks, Points},
        figures::words,
        model::BuildResult,
        snapshot::{Window, instant_ms},
    },
};

/// The most rows whose conditions are sent: those of two weeks of quarters of an hour.
pub const MAX_ROWS: usize = 1500;
/// The most bytes of them, which only extremely long names reach.
const MAX_BYTES: usize = 120_000;

/// The conditions of a figure's numbers.
#[derive(Default)]
pub struct Opens {
    /// By row.
    pub rows: Vec<Selection>,
    /// By column that counts builds.
    pub columns: Vec<(&'static str, Selection)>,
}

/// A figure that is not about builds: `items` has what its numbers open.
pub fn nothing(_: &Rows, _: &Context<'_>) -> Opens {
    Opens::default()
}

/// The failed results, as far as the page selects them.
pub fn failed(context: &Context<'_>) -> Selection {
    results(context, |result| result.is_failed())
}

/// The results that meet a condition, as far as the page selects them.
pub fn results(context: &Context<'_>, wanted: impl Fn(BuildResult) -> bool) -> Selection {
    of_results(context.selection, wanted)
}

/// The same of a page that is no figure.
pub fn of_results(page: &Selection, wanted: impl Fn(BuildResult) -> bool) -> Selection {
    let on_page = |result: &BuildResult| {
        !page.has("result") || page.values("result").any(|known| known == result.as_str())
    };
    let results = BuildResult::ALL.into_iter();
    let results = results.filter(|result| wanted(*result)).filter(on_page);
    results.map(|result| ("result", result.as_str())).collect()
}

pub fn one(key: &str, value: impl Into<String>) -> Selection {
    [(key, value)].into_iter().collect()
}

/// The part of a window that lies in that of the page.
pub fn within(context: &Context<'_>, window: Window) -> Selection {
    let page = context.window;
    let is_whole = page.days.is_some() && !page.ends_early && window.end_ms == page.end_ms;
    match window.days {
        Some(days) if is_whole && DAYS.contains(&days) => one("days", days.to_string()),
        _ => finished(window.start_ms, window.end_ms),
    }
}

/// Builds that finished from an instant until before another.
pub fn finished(start_ms: i64, end_ms: i64) -> Selection {
    let pairs = [("from", start_ms), ("to", end_ms)];
    instants(&pairs)
}

/// Builds that started from an instant until before another, as far as the page selects them.
pub fn started(context: &Context<'_>, start_ms: i64, end_ms: i64) -> Selection {
    let page = |key| {
        let value = context.selection.value(key)?;
        instant_ms(value, context.time_zone)
    };
    let start_ms = page("started_from").map_or(start_ms, |from| from.max(start_ms));
    let end_ms = page("started_to").map_or(end_ms, |to| to.min(end_ms));
    instants(&[("started_from", start_ms), ("started_to", end_ms)])
}

fn instants(pairs: &[(&str, i64)]) -> Selection {
    let texts = pairs.iter();
    texts
        .map(|&(key, at_ms)| (key, words::instant(Some(at_ms))))
        .collect()
}

/// Builds of a known duration of at least so many minutes and less than others, as far as the page selects them.
pub fn lasted(context: &Context<'_>, min: f64, max: Option<f64>) -> Selection {
    let page = |key| context.selection.value(key).and_then(minutes);
    let min = page("min_minutes").map_or(min, |known| known.max(min));
    let max = match (page("max_minutes"), max) {
        (Some(known), Some(max)) => Some(known.min(max)),
        (known, max) => known.or(max),
    };
    let max = max.map(|max| ("max_minutes", max.to_string()));
    let min = ("min_minutes", min.to_string());
    std::iter::once(min).chain(max).collect()
}

/// The form that is sent, with the conditions of these rows.
pub fn encoded(
    opens: &Opens,
    marks: &[Marks],
    part: std::ops::Range<usize>,
    zone: &TimeZone,
) -> api::Opens {
    let rows = opens.rows.get(part.clone()).unwrap_or_default();
    let rows = rows.iter().map(Selection::encoded);
    let columns = opens
        .columns
        .iter()
        .map(|(column, conditions)| ColumnConditions {
            column: (*column).to_owned(),
            conditions: conditions.encoded(),
        });
    sent(part.start, rows, columns.collect(), marks, zone)
}

/// The form that is sent of conditions that are encoded already.
pub fn sent(
    first_row: usize,
    rows: impl Iterator<Item = String>,
    columns: Vec<ColumnConditions>,
    marks: &[Marks],
    zone: &TimeZone,
) -> api::Opens {
    let mut bytes = 0;
    let rows = rows.take_while(|row| {
        bytes += row.len();
        bytes <= MAX_BYTES
    });
    api::Opens {
        page: OpenedPage::Builds,
        first_row: first_row as u64,
        rows: rows.collect(),
        columns,
        marks: marks.iter().map(encoded_marks).collect(),
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

fn encoded_marks(marks: &Marks) -> api::Marks {
    let mut encoded = api::Marks {
        column: marks.column.to_owned(),
        ..api::Marks::default()
    };
    match &marks.points {
        Points::First(_) => {}
        Points::Rows(rows) => {
            let number = |row: &Option<usize>| row.and_then(|row| u32::try_from(row).ok());
            encoded.rows = Some(rows.iter().map(number).collect());
        }
        Points::Conditions(conditions) => {
            encoded.conditions.clone_from(conditions);
        }
    }
    encoded
}

/// The part that the marks of a chart need; tables that the server rendered need none.
pub fn for_marks(mut opens: api::Opens, marks: &[Marks]) -> api::Opens {
    let rows = marks.iter().map(Marks::rows).max().unwrap_or_default();
    let first = usize::try_from(opens.first_row).unwrap_or_default();
    opens.rows.truncate(rows.saturating_sub(first));
    opens
}

/// The first or the last rows of a table, at most `most`.
pub fn part(rows: usize, most: usize, ends_with_the_first: bool) -> std::ops::Range<usize> {
    let left_out = rows.saturating_sub(most);
    if ends_with_the_first {
        left_out..rows
    } else {
        0..rows - left_out
    }
}
