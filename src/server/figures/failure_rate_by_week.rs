//! The failure rate and the duration of builds by week, beside those of the same weeks of the period before.
//!
//! Reads `result` and `duration_ms`. Weeks are counted back from the end of the window, so that each is whole but the
//! first.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens,
    weeks::{self, WEEK_MS, Weeks},
    words,
};
use crate::server::charts::{Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select_in,
        significance::Rate,
        snapshot::{Snapshot, UNKNOWN_DURATION},
        statistics::{percent, percentile, to_two_decimals},
    },
};

pub const FIGURE: Figure = Figure {
    id: "failure_rate_by_week",
    page: Page::Platform,
    topic: Topic::Times,
    width: Width::Full,
    height: 320,
    title: "Failure rate by week",
    help: "Failed and aborted builds among the decided ones, by weeks of seven days that end with the window, with \
           95% intervals, beside the same weeks of the period before. The table also has the median duration.",
    rows,
    summary,
    chart,
    opens,
};

/// The decided builds of a week.
#[derive(Clone, Default)]
struct Week {
    decided: u64,
    failed: u64,
    durations: Vec<u32>,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let weeks = Weeks::of_selection(snapshot, selection);
    let mut now = by_week(snapshot, selection, weeks);
    let mut before = by_week(snapshot, selection, weeks.before());
    let builds = now.iter().map(|week| week.decided).sum();
    if builds == 0 {
        now.clear();
        before.clear();
    }
    let counts = |f: fn(&Week) -> u64| Values::Count(now.iter().map(f).collect());
    let interval = |of: &Week| {
        let rate = Rate {
            part: of.failed,
            whole: of.decided,
        };
        rate.interval()
    };
    let bound = |f: fn(crate::server::significance::Interval) -> f64| {
        let bounds = now
            .iter()
            .map(|week| interval(week).map(|known| to_two_decimals(100.0 * f(known))));
        Values::Percent(bounds.collect())
    };
    let rates = |of: &[Week]| {
        Values::Percent(
            of.iter()
                .map(|week| percent(week.failed, week.decided))
                .collect(),
        )
    };
    let starts = weeks.starts().take(now.len()).collect();
    let columns = vec![
        Column::new("week_start", "Week from", Values::Instant(starts)),
        Column::new("builds", "Builds", counts(|week| week.decided)),
        Column::new("failed", "Failed", counts(|week| week.failed)),
        Column::new("failure_percent", "Failure percent", rates(&now)),
        Column::new("low_percent", "At least", bound(|interval| interval.low)),
        Column::new("high_percent", "At most", bound(|interval| interval.high)),
        Column::new("before_percent", "Period before", rates(&before)),
        Column::new("p50_minutes", "Median minutes", medians(&mut now)),
        Column::new(
            "before_p50_minutes",
            "Median minutes before",
            medians(&mut before),
        ),
    ];
    Rows { columns, builds }
}

fn by_week(snapshot: &Snapshot, selection: &Selection, weeks: Weeks) -> Vec<Week> {
    let columns = &snapshot.builds;
    let mut found = vec![Week::default(); weeks.count()];
    select_in(snapshot, selection, weeks.window()).each(|build| {
        let result = columns.result[build];
        let week = weeks
            .index(columns.finished_ms[build])
            .filter(|_| result.is_decided());
        if let Some(week) = week.and_then(|index| found.get_mut(index)) {
            week.decided += 1;
            week.failed += u64::from(result.is_failed());
            let duration = columns.duration_ms[build];
            if duration != UNKNOWN_DURATION {
                week.durations.push(duration);
            }
        }
    });
    found
}

/// In minutes.
fn medians(weeks: &mut [Week]) -> Values {
    let median = |week: &mut Week| {
        let durations = &mut week.durations;
        (!durations.is_empty()).then(|| to_two_decimals(percentile(durations, 0.5) / 60_000.0))
    };
    Values::Measured(weeks.iter_mut().map(median).collect())
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let sum = |column| rows.count(column).iter().sum::<u64>();
    let (failed, builds) = (sum("failed"), sum("builds"));
    format!(
        "{} of {}{} failed {} ({}).",
        words::thousands(failed),
        words::counted(builds, "decided build", "decided builds"),
        words::scope(context),
        words::window(context),
        words::percent(100.0 * failed as f64 / builds as f64),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let (rates, before) = (
        rows.percent("failure_percent"),
        rows.percent("before_percent"),
    );
    let (lows, highs) = (rows.percent("low_percent"), rows.percent("high_percent"));
    let (failed, builds) = (rows.count("failed"), rows.count("builds"));
    let now = |row: usize| {
        let percent = rates[row].map_or_else(|| "–".to_owned(), words::percent);
        let builds = words::counted(builds[row], "build", "builds");
        let mark = Mark::new(weeks::middle(starts[row]), rates[row])
            .interval(lows[row].zip(highs[row]))
            .hover(format!(
                "{percent}\n{} of {builds} failed",
                words::thousands(failed[row])
            ));
        // Weeks without builds are a gap that opens nothing.
        if rates[row].is_some() {
            mark.opening(row)
        } else {
            mark
        }
    };
    let then = |row: usize| {
        let percent = before[row].map_or_else(|| "–".to_owned(), words::percent);
        Mark::new(weeks::middle(starts[row]), before[row])
            .hover(format!("{percent}\nin the period before"))
    };
    let volume = |row: usize| {
        Mark::new(starts[row] as f64, builds[row] as f64)
            .opening(row)
            .hover(words::counted(builds[row], "build", "builds"))
    };
    let rows = || 0..rows.len();
    let width = WEEK_MS as f64;
    let panels = vec![
        Panel::new(
            Unit::Percent,
            "Failed",
            vec![
                Series::new("Period before", Colour::Before, Shape::Dashed).with(rows().map(then)),
                Series::new("This period", Colour::Failure, Shape::Line)
                    .opening("builds")
                    .with(rows().map(now)),
            ],
        ),
        Panel::new(
            Unit::Count,
            "Builds",
            vec![
                Series::new("", Colour::Neutral, Shape::Bars { width })
                    .opening("builds")
                    .with(rows().map(volume)),
            ],
        ),
    ];
    Plane::new(weeks::base(starts), panels).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let starts = rows.instant("week_start");
    Opens {
        rows: weeks::of_context(context, starts).opens(starts),
        columns: vec![
            (
                "builds",
                opens::results(context, |result| result.is_decided()),
            ),
            ("failed", opens::failed(context)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::model::BuildResult::{Failure, Lost, NotBuilt, Success};

    #[test]
    fn weeks_end_with_the_window_and_stand_beside_those_before() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-08T12:00:00Z"),
            build("a", Failure, "2019-10-19T12:00:00Z"),
            build("a", Success, "2019-10-20T12:00:00Z"),
            build("a", NotBuilt, "2019-10-21T12:00:00Z"),
            build("a", Lost, "2019-10-21T12:00:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "2019-10-11T12:00:00.001Z | 0 | 0 | – | – | – | – | – | –",
                "2019-10-18T12:00:00.001Z | 2 | 1 | 50 | 9.45 | 90.55 | 100 | 15 | 15",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "1 of 2 decided builds failed in the last 14 days (50%)."
        );
        let before = Selection::default().with("to", "2019-09-01");
        assert!(table(&FIGURE, &snapshot, &before).is_empty());
    }
}
