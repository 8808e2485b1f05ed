//! The median duration of the steps that take the most time, by week.
//!
//! Reads the steps of the last 90 days. Each run of a step counts.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, slowest_steps,
    weeks::{self, WEEK_MS, Weeks},
    words,
};
use crate::server::charts::{
    Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit, shorten,
};
use crate::{
    api::Width,
    selection::Selection,
    server::{attributes::select_in, snapshot::Snapshot},
};

/// The most lines of the chart.
const MAX_STEPS: usize = 5;
/// The characters of a step in the key.
const MAX_NAME: usize = 24;

pub const FIGURE: Figure = Figure {
    id: "step_duration_by_week",
    page: Page::Platform,
    topic: Topic::Durations,
    width: Width::Half,
    height: 300,
    title: "Duration of steps over time",
    help: "The five steps that took the most time in builds that finished in the window, at most 90 days: the median \
           duration of their runs, by weeks of seven days that end with the window. Where the source gives no duration, \
           it is measured from the end of the step before, which is an upper bound.",
    rows,
    summary,
    chart,
    opens,
};

/// Weeks in order, and in each the steps that took the most time in all of them first.
fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let window = slowest_steps::with_steps(snapshot, snapshot.window(selection));
    let weeks = Weeks::within(window);
    let all = slowest_steps::steps(snapshot, selection, weeks.window());
    let slowest = slowest_steps::order(&all, MAX_STEPS);
    let starts: Vec<i64> = weeks.starts().collect();
    let ends = starts.iter().skip(1).copied().chain([weeks.end_ms]);
    let (mut week_starts, mut names) = (Vec::new(), Vec::new());
    let (mut counts, mut medians) = (Vec::new(), Vec::new());
    for (&start_ms, end_ms) in starts.iter().zip(ends) {
        let week = Weeks { start_ms, end_ms };
        let mut known = slowest_steps::steps(snapshot, selection, week.window());
        for &step in &slowest {
            week_starts.push(start_ms);
            names.push(snapshot.steps[step].to_string());
            counts.push(known[step].builds);
            medians.push(known[step].minutes(0.5));
        }
    }
    Rows {
        columns: vec![
            Column::new("week_start", "Week from", Values::Instant(week_starts)),
            Column::new("step", "Step", Values::Text(names)),
            Column::new("builds", "Builds", Values::Count(counts)),
            Column::new("p50_minutes", "Median minutes", Values::Measured(medians)),
        ],
        builds: select_in(snapshot, selection, weeks.window()).count(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() && rows.builds == 0 {
        return words::no_builds(context);
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let Some(step) = rows.text("step").first() else {
        return format!("No steps are known of builds{scope} that finished {window}.");
    };
    let medians = rows.measured("p50_minutes");
    let of_step = (0..rows.len()).filter(|&row| rows.text("step")[row] == *step);
    let mut known = of_step.filter_map(|row| medians[row]);
    let first = known.next();
    let spoken = |minutes: f64| format!("{minutes:.1} minutes");
    match (first, known.next_back()) {
        (Some(first), Some(last)) => format!(
            "The median of {} in builds{scope} {window} was {} in the first week and {} in the last.",
            words::name(step),
            spoken(first),
            spoken(last),
        ),
        (Some(only), None) => format!(
            "The median of {} in builds{scope} {window} was {}.",
            words::name(step),
            spoken(only)
        ),
        (None, _) => format!("No durations of steps are known of builds{scope} {window}."),
    }
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let (starts, names) = (rows.instant("week_start"), rows.text("step"));
    let (counts, medians) = (rows.count("builds"), rows.measured("p50_minutes"));
    let has_step = context.selection.has("step");
    let mark = |row: usize| {
        let mark = Mark::new(weeks::middle(starts[row]), medians[row]);
        // Weeks without a known duration are a gap that opens nothing.
        match medians[row] {
            Some(minutes) => mark.opening(row).hover(format!(
                "{}\n{minutes:.1} min, {}",
                names[row],
                words::counted(counts[row], "build", "builds")
            )),
            None => mark,
        }
    };
    let steps = names.iter().take(of_week(rows)).enumerate();
    let lines = steps.map(|(number, step)| {
        let of_step = (0..rows.len()).filter(|&row| names[row] == *step);
        Series::new(
            shorten(step, MAX_NAME),
            Colour::Category(number as u8),
            Shape::Line,
        )
        .opening(if has_step { "" } else { "builds" })
        .with(of_step.map(mark))
    });
    let panel = Panel::new(Unit::Number, "Minutes", lines.collect());
    let base = Base::Time {
        from_ms: starts.first().copied().unwrap_or_default(),
        to_ms: starts.last().map_or(0, |&start_ms| start_ms + WEEK_MS),
    };
    Plane::new(base, vec![panel]).into()
}

/// The number of rows of a week.
fn of_week(rows: &Rows) -> usize {
    let starts = rows.instant("week_start");
    let first = starts.first();
    starts.iter().filter(|start| Some(*start) == first).count()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    // A selection cannot ask for two steps of a build.
    if context.selection.has("step") {
        return Opens::default();
    }
    let starts = rows.instant("week_start");
    let row = |(&start_ms, step): (&i64, &String)| {
        let later = starts.iter().copied().find(|&later| later > start_ms);
        let end_ms = later.unwrap_or(context.window.end_ms);
        opens::finished(start_ms, end_ms).with("step", step)
    };
    Opens {
        rows: starts.iter().zip(rows.text("step")).map(row).collect(),
        columns: vec![("builds", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::{BuildResult::Success, MINUTE_MS, Step, StepDuration},
        snapshot::{BuildDetails, BuildRecord},
    };

    fn with<'a>(steps: &[(&'a str, i64)], finished: &'a str) -> BuildRecord<'a> {
        let steps = steps.iter().map(|&(name, minutes)| Step {
            name,
            end_ms: 0,
            result: Success,
            attempt: 1,
            duration: Some(StepDuration {
                ms: minutes * MINUTE_MS,
                stated: true,
            }),
        });
        BuildRecord {
            details: BuildDetails {
                steps: steps.collect(),
                ..BuildDetails::default()
            },
            ..build("a", Success, finished)
        }
    }

    #[test]
    fn each_week_has_the_medians_of_the_same_steps() {
        let snapshot = snapshot(&[
            with(&[("build", 10), ("test", 30)], "2019-10-15T11:00:00Z"),
            with(&[("build", 20), ("test", 40)], "2019-10-24T11:00:00Z"),
            with(&[("test", 60)], "2019-10-25T11:00:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "2019-10-11T12:00:00.001Z | test | 1 | 30",
                "2019-10-11T12:00:00.001Z | build | 1 | 10",
                "2019-10-18T12:00:00.001Z | test | 2 | 50",
                "2019-10-18T12:00:00.001Z | build | 1 | 20",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "The median of test in builds in the last 14 days was 30.0 minutes in the first week and 50.0 minutes in the last."
        );
    }

    #[test]
    fn a_week_without_a_step_is_a_gap() {
        let snapshot = snapshot(&[
            with(&[("test", 30)], "2019-10-25T11:00:00Z"),
            with(&[], "2019-10-15T11:00:00Z"),
        ]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows[0], "2019-10-11T12:00:00.001Z | test | 0 | –");
        let figure = FIGURE.compute(&snapshot, &Selection::default());
        let figure = figure.expect("a figure");
        assert!(
            figure.plot.get().contains("[null,30.0]"),
            "{}",
            figure.plot.get()
        );
    }
}
