//! The median and the 95th percentile of the duration of builds by week, beside those of the period before.
//!
//! Reads `result` and `duration_ms`. Weeks are counted back from the end of the window, so that each is whole but the
//! first.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens,
    weeks::{self, Weeks},
    words,
};
use crate::server::charts::{Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select_in,
        snapshot::{Snapshot, UNKNOWN_DURATION},
        statistics::{percentile, to_two_decimals},
    },
};

pub const FIGURE: Figure = Figure {
    id: "duration_by_week",
    page: Page::Pipelines,
    topic: Topic::Durations,
    width: Width::Full,
    height: 320,
    title: "Duration of builds by week",
    help: "Decided builds (success, unstable, failure, aborted) whose duration the CI system reports, by weeks of seven \
           days that end with the window: half of them took less than the median, 95% less than the 95th percentile. \
           Dashed lines are those of the same weeks of the period before. The histogram of the durations has a page of \
           its own, “Duration of builds”.",
    rows,
    summary,
    chart,
    opens,
};

/// The known durations of the builds of each week, in ms.
fn durations(snapshot: &Snapshot, selection: &Selection, weeks: Weeks) -> Vec<Vec<u32>> {
    let columns = &snapshot.builds;
    let mut found = vec![Vec::new(); weeks.count()];
    select_in(snapshot, selection, weeks.window()).each(|build| {
        let duration = columns.duration_ms[build];
        if duration == UNKNOWN_DURATION || !columns.result[build].is_decided() {
            return;
        }
        let index = weeks.index(columns.finished_ms[build]);
        if let Some(week) = index.and_then(|index| found.get_mut(index)) {
            week.push(duration);
        }
    });
    found
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let weeks = Weeks::of_selection(snapshot, selection);
    let mut now = durations(snapshot, selection, weeks);
    let mut before = durations(snapshot, selection, weeks.before());
    let builds = now.iter().map(|week| week.len() as u64).sum();
    if builds == 0 {
        now.clear();
        before.clear();
    }
    let counts = now.iter().map(|week| week.len() as u64).collect();
    let minutes = |weeks: &mut [Vec<u32>], share: f64| {
        let minutes = weeks.iter_mut().map(|durations| {
            (!durations.is_empty())
                .then(|| to_two_decimals(percentile(durations, share) / 60_000.0))
        });
        Values::Measured(minutes.collect())
    };
    Rows {
        columns: vec![
            Column::new(
                "week_start",
                "Week from",
                Values::Instant(weeks.starts().take(now.len()).collect()),
            ),
            Column::new("builds", "Builds", Values::Count(counts)),
            Column::new("p50_minutes", "Median minutes", minutes(&mut now, 0.5)),
            Column::new("p95_minutes", "95th percentile", minutes(&mut now, 0.95)),
            Column::new(
                "before_p50_minutes",
                "Median before",
                minutes(&mut before, 0.5),
            ),
            Column::new(
                "before_p95_minutes",
                "95th percentile before",
                minutes(&mut before, 0.95),
            ),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!("No duration is known of a decided build{scope} {window}."),
        };
    }
    let latest = (0..rows.len())
        .rev()
        .find_map(|row| Some((row, rows.measured("p50_minutes")[row]?)));
    let (row, median) = latest.expect("a week with builds");
    let p95 = rows.measured("p95_minutes")[row].unwrap_or(median);
    let builds = words::counted(rows.count("builds")[row], "build", "builds");
    let took = format!("took less than {median:.1} minutes, 95% less than {p95:.1}.");
    let which = if row + 1 == rows.len() {
        "last"
    } else {
        "latest with builds"
    };
    match rows.len() {
        1 => format!("Half of {builds}{scope} {window} {took}"),
        weeks => format!("In the {which} of {weeks} weeks, half of {builds}{scope} {took}"),
    }
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let counts = rows.count("builds");
    let opens = if context.selection.has("known") {
        ""
    } else {
        "builds"
    };
    let line = |column: &str, name: &str, colour: Colour| {
        let minutes = rows.measured(column);
        let mark = |row: usize| {
            let mark = Mark::new(weeks::middle(starts[row]), minutes[row]);
            // Weeks without builds are a gap that opens nothing.
            match minutes[row] {
                Some(minutes) => mark.opening(row).hover(format!(
                    "{name}: {minutes:.1} min\n{}",
                    words::counted(counts[row], "build", "builds")
                )),
                None => mark,
            }
        };
        Series::new(name, colour, Shape::Line)
            .opening(opens)
            .with((0..rows.len()).map(mark))
    };
    let ghost = |column: &str, name: &str| {
        let minutes = rows.measured(column);
        let mark = |row: usize| {
            let hover = minutes[row].map(|minutes| format!("{name}: {minutes:.1} min"));
            Mark::new(weeks::middle(starts[row]), minutes[row]).hover(hover.unwrap_or_default())
        };
        Series::new(name, Colour::Before, Shape::Dashed).with((0..rows.len()).map(mark))
    };
    let lines = vec![
        ghost("before_p95_minutes", "95% before"),
        ghost("before_p50_minutes", "Median before"),
        line("p95_minutes", "95%", Colour::Category(0)),
        line("p50_minutes", "Median", Colour::Neutral),
    ];
    let panel = Panel::new(Unit::Number, "Minutes", lines);
    Plane::new(weeks::base(starts), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    // A selection cannot ask for two known values of a build.
    if context.selection.has("known") {
        return Opens::default();
    }
    let starts = rows.instant("week_start");
    let decided = opens::results(context, |result| result.is_decided());
    Opens {
        rows: weeks::of_context(context, starts).opens(starts),
        columns: vec![("builds", decided.narrowed(&opens::one("known", "duration")))],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::BuildResult::{Aborted, Lost, Success},
        snapshot::BuildRecord,
    };

    fn taking(minutes: i64, finished: &str) -> BuildRecord<'_> {
        BuildRecord {
            duration_ms: Some(minutes * 60_000),
            ..build("a", Success, finished)
        }
    }

    #[test]
    fn weeks_have_percentiles_of_decided_builds_beside_those_before() {
        let snapshot = snapshot(&[
            taking(30, "2019-10-08T12:00:00Z"),
            taking(10, "2019-10-20T12:00:00Z"),
            BuildRecord {
                result: Aborted,
                ..taking(20, "2019-10-21T12:00:00Z")
            },
            BuildRecord {
                result: Lost,
                ..taking(90, "2019-10-21T12:00:00Z")
            },
            BuildRecord {
                duration_ms: None,
                ..taking(0, "2019-10-22T12:00:00Z")
            },
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "2019-10-11T12:00:00.001Z | 0 | – | – | – | –",
                "2019-10-18T12:00:00.001Z | 2 | 15 | 19.5 | 30 | 30",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "In the last of 2 weeks, half of 2 builds took less than 15.0 minutes, 95% less than 19.5."
        );
    }

    #[test]
    fn without_durations_there_are_no_rows() {
        let unknown = BuildRecord {
            duration_ms: None,
            ..taking(0, "2019-10-22T12:00:00Z")
        };
        let snapshot = snapshot(&[unknown]);
        assert!(table(&FIGURE, &snapshot, &Selection::default()).is_empty());
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "No duration is known of a decided build in the last 14 days."
        );
    }
}
