//! The first failing steps of failed builds.
//!
//! Reads `result` and `failing_step`, which the roll-up of events determines.

use std::cmp::Reverse;

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::server::model::BuildResult;
use crate::server::statistics::percent;
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Snapshot, UNKNOWN_STEP},
    },
};

/// The row of builds without a known step.
const UNKNOWN: &str = "unknown";
pub const FIGURE: Figure = Figure {
    id: "failing_steps",
    page: Page::Pipelines,
    topic: Topic::Causes,
    width: Width::Full,
    height: 500,
    title: "Steps where builds fail",
    help: "Builds that finished in the window with failure, by the first step that failed: the step \
           of the first event with result failure. Warnings that are published as steps do not \
           count. Builds without a known step are unknown. The chart shows the 20 most frequent \
           steps, the table all of them.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut counts = vec![0_u64; snapshot.steps.len()];
    let mut unknown = 0;
    select(snapshot, selection).each(|build| {
        if columns.result[build] != BuildResult::Failure {
            return;
        }
        match columns.failing_step[build] {
            UNKNOWN_STEP => unknown += 1,
            step => counts[step as usize] += 1,
        }
    });
    let mut steps: Vec<(&str, u64)> = snapshot
        .steps
        .iter()
        .map(|step| &**step)
        .zip(counts)
        .collect();
    match steps.iter_mut().find(|(step, _)| *step == UNKNOWN) {
        Some((_, count)) => *count += unknown,
        None => steps.push((UNKNOWN, unknown)),
    }
    steps.retain(|&(_, count)| count > 0);
    steps.sort_unstable_by_key(|&(step, count)| (Reverse(count), step));
    let builds = steps.iter().map(|&(_, count)| count).sum();
    let names = steps.iter().map(|&(step, _)| step.to_owned()).collect();
    let counts: Vec<u64> = steps.iter().map(|&(_, count)| count).collect();
    let percents = counts.iter().map(|&count| percent(count, builds)).collect();
    Rows {
        columns: vec![
            Column::new("step", "Step", Values::Text(names)),
            Column::new("builds", "Builds", Values::Count(counts)),
            Column::new("percent", "Percent", Values::Percent(percents)),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return if context.as_of_ms.is_none() {
            words::no_builds(context)
        } else {
            format!("No build{scope} ended with failure {window}.")
        };
    }
    let steps = rows.text("step");
    let failed = words::counted(rows.builds, "failed build", "failed builds");
    let Some(first) = steps.iter().position(|step| step != UNKNOWN) else {
        return format!(
            "The failing steps of {failed}{scope} {window} are unknown: the source names no steps."
        );
    };
    format!(
        "{} of {failed}{scope} {window} failed first at {} ({}).",
        words::thousands(rows.count("builds")[first]),
        words::name(&steps[first]),
        words::percent(rows.percent("percent")[first].unwrap_or(0.0)),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let steps = rows.text("step");
    let counts = rows.count("builds");
    let percents = rows.percent("percent");
    let mark = |row: usize| {
        let share = words::percent(percents[row].unwrap_or_default());
        let builds = words::counted(counts[row], "build", "builds");
        Mark::of_row(row, counts[row] as f64)
            .label(format!("{share} ({})", words::thousands(counts[row])))
            .hover(format!("{}\n{builds}, {share}", steps[row]))
    };
    let bars = Series::bars("", Colour::Failure).opening("builds");
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Count, "", vec![bars]);
    Plane::new(Base::names(steps), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let steps = rows.text("step").iter();
    Opens {
        rows: steps.map(|step| opens::one("failed_step", step)).collect(),
        columns: vec![(
            "builds",
            opens::results(context, |result| result == BuildResult::Failure),
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::{model::BuildResult::*, snapshot::BuildRecord};

    const AT: &str = "2019-10-25T11:00:00Z";

    fn failed_at(step: &str) -> BuildRecord<'_> {
        BuildRecord {
            failing_step: Some(step),
            ..build("a", Failure, AT)
        }
    }

    #[test]
    fn only_failure_counts_and_steps_go_by_builds_then_name() {
        let aborted = BuildRecord {
            result: Aborted,
            ..failed_at("deploy")
        };
        let builds = ["b", "a", "b", "a", "c"].map(failed_at);
        let mut builds = builds.to_vec();
        builds.push(aborted);
        let snapshot = snapshot(&builds);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows, ["a | 2 | 40", "b | 2 | 40", "c | 1 | 20"]);
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "2 of 5 failed builds in the last 14 days failed first at a (40%)."
        );
    }

    #[test]
    fn builds_without_a_step_are_unknown_and_the_sentence_says_so() {
        let nameless = build("a", Failure, AT);
        let mixed = snapshot(&[nameless.clone(), failed_at(UNKNOWN), failed_at("test")]);
        let rows = table(&FIGURE, &mixed, &Selection::default());
        assert_eq!(rows, ["unknown | 2 | 66.67", "test | 1 | 33.33"]);
        assert!(summary(&FIGURE, &mixed, &Selection::default()).contains("failed first at test"));
        let all_unknown = snapshot(&[nameless]);
        let sentence = summary(&FIGURE, &all_unknown, &Selection::default());
        assert!(
            sentence.ends_with("are unknown: the source names no steps."),
            "{sentence}"
        );
        let good = snapshot(&[build("a", Success, AT)]);
        let sentence = summary(&FIGURE, &good, &Selection::default());
        assert_eq!(sentence, "No build ended with failure in the last 14 days.");
    }

    #[test]
    fn the_ring_draws_every_build_and_no_label_twice() {
        let names: Vec<String> = (0..20)
            .map(|number| format!("{}{number:02}{}", "x".repeat(50), "y".repeat(50)))
            .collect();
        let builds: Vec<_> = names.iter().map(|name| failed_at(name)).collect();
        let plot = plot(&FIGURE, &snapshot(&builds), &Selection::default());
        let bars = plot["data"][0]["x"].as_array().expect("bars");
        assert_eq!(bars.len(), MAX_NAMES);
    }
}
