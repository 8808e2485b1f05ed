//! The steps that take the most time, and how their median changed against the period before.
//!
//! Reads the steps of the last 90 days. A build counts once for each step that it has.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select_in,
        model::{DAY_MS, HOUR_MS},
        snapshot::{STEP_DAYS, Snapshot, Window},
        statistics::{percentile, to_two_decimals},
    },
};

const MAX_STEPS: usize = 30;

pub const FIGURE: Figure = Figure {
    id: "slowest_steps",
    page: Page::Platform,
    topic: Topic::Durations,
    width: Width::Half,
    height: 300,
    title: "Steps that take the most time",
    help: "The runs of each step in builds that finished in the window, at most 90 days: the sum of their known \
           durations, their median and 95th percentile, and the median of the period before. Where the source gives no \
           duration, it is measured from the end of the step before, which is an upper bound.",
    rows,
    summary,
    chart,
    opens,
};

/// A step in the builds of a window.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub builds: u64,
    last_build: usize,
    /// In ms.
    durations: Vec<u32>,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let window = with_steps(snapshot, snapshot.window(selection));
    let mut now = steps(snapshot, selection, window);
    let mut before = steps(snapshot, selection, window.before());
    let order = order(&now, MAX_STEPS);
    let builds = select_in(snapshot, selection, window).count();
    let names = order.iter().map(|&step| snapshot.steps[step].to_string());
    let counts = order.iter().map(|&step| now[step].builds);
    let hours = order
        .iter()
        .map(|&step| to_two_decimals(now[step].total_ms() as f64 / HOUR_MS as f64));
    let columns = vec![
        Column::new("step", "Step", Values::Text(names.collect())),
        Column::new("builds", "Builds", Values::Count(counts.collect())),
        Column::new("hours", "Hours", Values::Number(hours.collect())),
        Column::new(
            "p50_minutes",
            "Median minutes",
            minutes(&mut now, &order, 0.5),
        ),
        Column::new(
            "p95_minutes",
            "95th percentile",
            minutes(&mut now, &order, 0.95),
        ),
        Column::new(
            "before_p50_minutes",
            "Median before",
            minutes(&mut before, &order, 0.5),
        ),
    ];
    Rows { columns, builds }
}

/// The part of a window whose builds have their steps in memory.
pub(super) fn with_steps(snapshot: &Snapshot, window: Window) -> Window {
    let first_ms = snapshot.as_of_ms.unwrap_or_default() - i64::from(STEP_DAYS) * DAY_MS + 1;
    if window.start_ms >= first_ms {
        return window;
    }
    Window {
        start_ms: first_ms.min(window.end_ms),
        days: None,
        ends_early: true,
        ..window
    }
}

/// By step.
pub(super) fn steps(snapshot: &Snapshot, selection: &Selection, window: Window) -> Vec<Known> {
    let mut steps = vec![Known::default(); snapshot.steps.len()];
    select_in(snapshot, selection, window).each(|build| {
        for step in snapshot.builds.steps.of(build) {
            let Some(known) = steps.get_mut(usize::from(step.name)) else {
                continue;
            };
            // Numbers of builds begin with 0.
            known.builds += u64::from(known.last_build != build + 1);
            known.last_build = build + 1;
            let ms = step
                .duration
                .and_then(|duration| u32::try_from(duration.ms).ok());
            known.durations.extend(ms);
        }
    });
    steps
}

fn minutes(steps: &mut [Known], order: &[usize], share: f64) -> Values {
    let minutes = order.iter().map(|&step| steps[step].minutes(share));
    Values::Measured(minutes.collect())
}

impl Known {
    fn total_ms(&self) -> u64 {
        self.durations.iter().map(|&ms| u64::from(ms)).sum()
    }

    /// A percentile of the known durations.
    pub fn minutes(&mut self, share: f64) -> Option<f64> {
        let durations = &mut self.durations;
        (!durations.is_empty()).then(|| to_two_decimals(percentile(durations, share) / 60_000.0))
    }
}

/// The numbers of the steps that took the most time.
pub(super) fn order(steps: &[Known], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..steps.len())
        .filter(|&step| steps[step].builds > 0)
        .collect();
    order.sort_by_key(|&step| (std::cmp::Reverse(steps[step].total_ms()), step));
    order.truncate(most);
    order
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() && rows.builds == 0 {
        return words::no_builds(context);
    }
    let Some(step) = rows.text("step").first() else {
        return format!(
            "No steps are known of builds{} that finished {}.",
            words::scope(context),
            words::window(context)
        );
    };
    let hours = match rows.number("hours")[0].round() as u64 {
        0 => "less than an hour".to_owned(),
        hours => words::counted(hours, "hour", "hours"),
    };
    format!(
        "“{}” takes the most time of builds{} {}: {hours}.",
        words::name(step),
        words::scope(context),
        words::window(context),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let (steps, hours) = (rows.text("step"), rows.number("hours"));
    let mark = |row: usize| {
        let builds = words::counted(rows.count("builds")[row], "build", "builds");
        Mark::of_row(row, hours[row])
            .label(format!("{:.1} h", hours[row]))
            .hover(format!("{}\n{:.1} h in {builds}", steps[row], hours[row]))
    };
    let has_step = context.selection.has("step");
    let bars = Series::bars("", Colour::Neutral).opening(if has_step { "" } else { "builds" });
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Number, "hours", vec![bars]);
    Plane::new(Base::names(steps), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    // A selection cannot ask for two steps of a build.
    if context.selection.has("step") {
        return Opens::default();
    }
    let steps = rows.text("step").iter();
    Opens {
        rows: steps
            .map(|step| opens::one("step", step.as_str()))
            .collect(),
        columns: vec![("builds", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, table},
        *,
    };
    use crate::server::{
        model::{
            BuildResult::{Failure, Success},
            MINUTE_MS, Step, StepDuration,
        },
        snapshot::{BuildDetails, BuildRecord},
    };

    fn step(name: &str, minutes: i64) -> Step<'_> {
        Step {
            name,
            end_ms: 0,
            result: Success,
            attempt: 1,
            duration: (minutes > 0).then_some(StepDuration {
                ms: minutes * MINUTE_MS,
                stated: true,
            }),
        }
    }

    #[test]
    fn a_build_counts_once_for_each_of_its_steps() {
        let with = |steps: Vec<Step<'static>>, finished| BuildRecord {
            details: BuildDetails {
                steps,
                ..BuildDetails::default()
            },
            ..build("a", Failure, finished)
        };
        let snapshot = snapshot(&[
            with(
                vec![step("test", 30), step("test", 90), step("build", 10)],
                "2019-10-25T11:00:00Z",
            ),
            with(
                vec![step("build", 20), step("report", 0)],
                "2019-10-25T10:00:00Z",
            ),
            with(vec![step("build", 5)], "2019-10-01T10:00:00Z"),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "test | 1 | 2 | 60 | 87 | –",
                "build | 2 | 0.5 | 15 | 19.5 | 5",
                "report | 1 | 0 | – | – | –",
            ]
        );
    }
}
