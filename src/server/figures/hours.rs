//! Shared parts of the figures of builds by hour: counts, columns and cells.

use super::{Column, Context, Opens, Rows, Values, opens, words};
use crate::{
    selection::Selection,
    server::{
        charts::{Cell, Cells, Chart, Opens as Opened},
        model::BuildResult,
        statistics::percent,
    },
};

pub const HOURS: usize = 24;
/// The fewest decided builds for a meaningful percentage.
pub const MIN_DECIDED: u64 = 5;

/// The builds of an hour.
#[derive(Clone, Copy, Default)]
pub struct Hour {
    pub builds: u64,
    pub decided: u64,
    failed: u64,
}

impl Hour {
    pub fn count(&mut self, result: BuildResult) {
        self.builds += 1;
        self.decided += u64::from(result.is_decided());
        self.failed += u64::from(result.is_failed());
    }
}

/// The columns after those that say which hour it is.
pub fn columns<'a>(hours: impl Iterator<Item = &'a Hour> + Clone) -> [Column; 4] {
    let counts = |of: fn(&Hour) -> u64| Values::Count(hours.clone().map(of).collect());
    let percents = hours.clone().map(|hour| percent(hour.failed, hour.decided));
    [
        Column::new("builds", "Builds", counts(|hour| hour.builds)),
        Column::new("failed", "Failed", counts(|hour| hour.failed)),
        Column::new(
            "failure_percent",
            "Failure percent",
            Values::Percent(percents.collect()),
        ),
        Column::unlisted("decided", counts(|hour| hour.decided)),
    ]
}

/// The reason why there are no rows; none if there are some.
pub fn no_rows(rows: &Rows, context: &Context<'_>) -> Option<String> {
    if rows.builds == 0 {
        return Some(words::no_builds(context));
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let builds = words::counted(rows.builds, "build", "builds");
    rows.is_empty()
        .then(|| format!("None of {builds}{scope} {window} has a result yet."))
}

/// Cells in the columns of their hours. `line` is the index in `lines` of a row of the table, if it is drawn, and
/// `name` tells which hour it is.
pub fn chart(
    rows: &Rows,
    lines: Vec<String>,
    line: impl Fn(usize) -> Option<usize>,
    name: impl Fn(usize) -> String,
) -> Chart {
    let (hours, decided) = (rows.count("hour"), rows.count("decided"));
    let (failed, percents) = (rows.count("failed"), rows.percent("failure_percent"));
    let cell = |row: usize| {
        let percent = percents[row]?;
        let uncertain = decided[row] < MIN_DECIDED;
        let too_few = if uncertain { "\ntoo few to tell" } else { "" };
        Some(Cell {
            column: usize::try_from(hours[row]).ok()?,
            row: line(row)?,
            percent,
            uncertain,
            label: String::new(),
            hover: format!(
                "{} {}\n{} of {} failed, {}{too_few}",
                name(row),
                words::hour(hours[row]),
                words::thousands(failed[row]),
                words::counted(decided[row], "build", "builds"),
                words::percent(percent),
            ),
            opens: Opened::Row(row),
        })
    };
    Chart::Cells(Cells {
        columns: (0..HOURS).map(|hour| format!("{hour:02}")).collect(),
        rows: lines,
        title: "Builds that failed",
        most: 100.0,
        opens: "builds",
        cells: (0..rows.len()).filter_map(cell).collect(),
    })
}

/// The builds of each row.
pub fn opens(rows: &Rows, context: &Context<'_>, row: impl Fn(usize) -> Selection) -> Opens {
    Opens {
        rows: (0..rows.len()).map(row).collect(),
        columns: vec![
            ("builds", Selection::default()),
            ("failed", opens::failed(context)),
        ],
    }
}
