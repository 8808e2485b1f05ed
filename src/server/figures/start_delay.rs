//! The time from schedule to start, and to the end of the first step, by week.
//!
//! Reads `start_delay_ms`, and the steps of the last 90 days. Waiting for an agent lies inside a build, so it shows in
//! the time to the first step.

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
    id: "start_delay",
    page: Page::Platform,
    topic: Topic::Durations,
    width: Width::Half,
    height: 300,
    title: "Time to start and to the first step",
    help: "From schedule to start, and from schedule to the end of the first step, for builds where they are known, \
           by weeks of seven days that end with the window: median and 95th percentile in minutes. Steps are those of \
           the last 90 days.",
    rows,
    summary,
    chart,
    opens,
};

/// The times of a week's builds, in ms.
#[derive(Clone, Default)]
struct Week {
    delays: Vec<u32>,
    first_steps: Vec<u32>,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let weeks = Weeks::of_selection(snapshot, selection);
    let columns = &snapshot.builds;
    let mut found = vec![Week::default(); weeks.count()];
    let mut builds = 0;
    select_in(snapshot, selection, weeks.window()).each(|build| {
        let index = weeks.index(columns.finished_ms[build]);
        let Some(week) = index.and_then(|index| found.get_mut(index)) else {
            return;
        };
        builds += 1;
        let delay = columns.start_delay_ms[build];
        if delay != UNKNOWN_DURATION {
            week.delays.push(delay);
        }
        if let Some(first) = columns.steps.of(build).next() {
            week.first_steps
                .push(u32::try_from(first.end_ms).unwrap_or_default());
        }
    });
    if found
        .iter()
        .all(|week| week.delays.is_empty() && week.first_steps.is_empty())
    {
        found.clear();
    }
    let starts = weeks.starts().take(found.len()).collect();
    let count =
        |of: fn(&Week) -> usize| Values::Count(found.iter().map(|week| of(week) as u64).collect());
    let minutes = |of: fn(&Week) -> &Vec<u32>, share| {
        let values = found.iter().map(|week| {
            let mut times = of(week).clone();
            (!times.is_empty()).then(|| to_two_decimals(percentile(&mut times, share) / 60_000.0))
        });
        Values::Measured(values.collect())
    };
    let delays: fn(&Week) -> &Vec<u32> = |week| &week.delays;
    let first_steps: fn(&Week) -> &Vec<u32> = |week| &week.first_steps;
    Rows {
        columns: vec![
            Column::new("week_start", "Week from", Values::Instant(starts)),
            Column::new(
                "delays",
                "Builds with a start delay",
                count(|week| week.delays.len()),
            ),
            Column::new(
                "delay_p50_minutes",
                "Median start delay",
                minutes(delays, 0.5),
            ),
            Column::new(
                "delay_p95_minutes",
                "95th percentile",
                minutes(delays, 0.95),
            ),
            Column::new(
                "first_steps",
                "Builds with a first step",
                count(|week| week.first_steps.len()),
            ),
            Column::new(
                "first_step_p50_minutes",
                "Median time to it",
                minutes(first_steps, 0.5),
            ),
            Column::new(
                "first_step_p95_minutes",
                "95th percentile to it",
                minutes(first_steps, 0.95),
            ),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.builds == 0 {
        return words::no_builds(context);
    }
    if rows.is_empty() {
        return format!(
            "No start delay or step is known of builds{} that finished {}.",
            words::scope(context),
            words::window(context)
        );
    }
    let latest = |column: &str| {
        let minutes = rows.measured(column).iter().rev().find_map(|known| *known);
        minutes.map(|minutes| words::duration((minutes * 60_000.0).round() as u64))
    };
    let waited = latest("delay_p50_minutes").map(|time| format!("waited {time} for their start"));
    let first = latest("first_step_p50_minutes");
    let first = first.map(|time| format!("ended their first step after {time}"));
    let parts: Vec<String> = waited.into_iter().chain(first).collect();
    format!(
        "Builds{} {} {}, at the median of the latest week.",
        words::scope(context),
        words::window(context),
        parts.join(" and "),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let narrows = context.selection.has("known");
    let line = |(column, name, colour, shape, opens): (&str, &str, Colour, Shape, &'static str)| {
        let minutes = rows.measured(column);
        let counts = rows.count(opens);
        let mark = |row: usize| {
            let hover = minutes[row].map(|minutes| {
                let builds = words::counted(counts[row], "build", "builds");
                format!("{name}: {minutes:.1} min\n{builds}")
            });
            let mark = Mark::new(weeks::middle(starts[row]), minutes[row])
                .hover(hover.unwrap_or_default());
            // Weeks without builds are a gap that opens nothing.
            if minutes[row].is_some() {
                mark.opening(row)
            } else {
                mark
            }
        };
        Series::new(name, colour, shape)
            .opening(if narrows { "" } else { opens })
            .with((0..rows.len()).map(mark))
    };
    let (first, start) = (Colour::Category(0), Colour::Neutral);
    let lines = [
        (
            "first_step_p95_minutes",
            "First step, p95",
            first,
            Shape::Dashed,
            "first_steps",
        ),
        (
            "first_step_p50_minutes",
            "First step, median",
            first,
            Shape::Line,
            "first_steps",
        ),
        (
            "delay_p95_minutes",
            "Start, p95",
            start,
            Shape::Dashed,
            "delays",
        ),
        (
            "delay_p50_minutes",
            "Start, median",
            start,
            Shape::Line,
            "delays",
        ),
    ];
    let panel = Panel::new(Unit::Number, "minutes", lines.map(line).into());
    Plane::new(weeks::base(starts), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let starts = rows.instant("week_start");
    // A selection cannot ask for two known values of a build.
    if context.selection.has("known") {
        return Opens::default();
    }
    Opens {
        rows: weeks::of_context(context, starts).opens(starts),
        columns: vec![
            ("delays", opens::one("known", "start_delay")),
            ("first_steps", opens::one("known", "first_step")),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::BuildResult::Success,
        snapshot::{BuildDetails, BuildRecord},
    };

    #[test]
    fn delays_are_those_of_builds_where_they_are_known() {
        let delayed = |minutes: i64, finished| BuildRecord {
            details: BuildDetails {
                start_delay_ms: Some(minutes * 60_000),
                ..BuildDetails::default()
            },
            ..build("a", Success, finished)
        };
        let snapshot = snapshot(&[
            delayed(1, "2019-10-25T11:00:00Z"),
            delayed(4, "2019-10-25T11:30:00Z"),
            build("a", Success, "2019-10-25T11:40:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "2019-10-11T12:00:00.001Z | 0 | – | – | 0 | – | –",
                "2019-10-18T12:00:00.001Z | 2 | 2.5 | 3.85 | 0 | – | –",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "Builds in the last 14 days waited 2 min 30 s for their start, at the median of the latest week."
        );
    }
}
