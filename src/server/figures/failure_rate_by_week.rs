//! The failure rate and the duration of builds by week, beside those of the same weeks of the period before.
//!
//! Reads `result` and `duration_ms`. Weeks are counted back from the end of the window, so that each is whole but the
//! first.

use plotly::{
    Plot, Scatter,
    common::{DashType, ErrorData, ErrorType, Line, Marker, Mode},
    layout::{Axis, AxisType},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, theme, time_axis,
    weeks::{self, WEEK_MS, Weeks},
    words,
};
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
    width: Width::Full,
    height: 320,
    title: "Failure rate by week",
    help: "Failed and aborted builds among the decided ones, by weeks of seven days that end with the window, with \
           95% intervals, beside the same weeks of the period before. The table also has the median duration.",
    rows,
    summary,
    plot,
    opens,
    marks,
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
    let mut found = vec![Week::default(); weeks.len()];
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

fn plot(rows: &Rows, context: &Context<'_>) -> Plot {
    let middle =
        |&start_ms: &i64| time_axis::local_minute(start_ms + WEEK_MS / 2, context.time_zone);
    let weeks: Vec<String> = rows.instant("week_start").iter().map(middle).collect();
    let rates = rows.percent("failure_percent");
    let distance = |bounds: &[Option<f64>]| {
        let pairs = rates.iter().zip(bounds);
        let distances = pairs.map(|(rate, bound)| match (rate, bound) {
            (Some(rate), Some(bound)) => (bound - rate).abs(),
            _ => 0.0,
        });
        distances.collect::<Vec<f64>>()
    };
    let error = ErrorData::new(ErrorType::Data)
        .array(distance(rows.percent("high_percent")))
        .array_minus(distance(rows.percent("low_percent")))
        .symmetric(false)
        .color(theme::OTHER);
    let counts = rows.count("failed").iter().zip(rows.count("builds"));
    let counts = counts.map(|(failed, builds)| format!("{failed} of {builds}"));
    let mut plot = Plot::new();
    let now = Scatter::new(weeks.clone(), rates.to_vec())
        .name("This period")
        .mode(Mode::LinesMarkers)
        .line(Line::new().color(theme::BLUE))
        .marker(Marker::new().color(theme::BLUE).size(8))
        .error_y(error)
        .text_array(counts.collect())
        .hover_template("%{y:.1f}% (%{text})<extra></extra>");
    plot.add_trace(now);
    let before = Scatter::new(weeks, rows.percent("before_percent").to_vec())
        .name("Period before")
        .mode(Mode::Lines)
        .line(Line::new().color(theme::OTHER).dash(DashType::Dash))
        .hover_template("%{y:.1f}% in the period before<extra></extra>");
    plot.add_trace(before);
    plot.set_layout(
        theme::layout()
            .show_legend(false)
            .x_axis(Axis::new().type_(AxisType::Date).fixed_range(true))
            .y_axis(Axis::new().tick_suffix("%").fixed_range(true)),
    );
    plot
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

fn marks(rows: &Rows, _: &Context<'_>) -> Vec<Marks> {
    let before = Marks {
        column: "",
        points: Points::Rows(Vec::new()),
    };
    vec![weeks::marks(rows, "builds"), before]
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
