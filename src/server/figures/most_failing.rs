//! Pipelines with the most failed builds.
//!
//! Reads `pipeline` and `result`. Each build counts once, even if several of its steps failed.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, ranking, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::server::model::BuildResult;
use crate::server::statistics::percent;
use crate::{
    api::Width,
    selection::Selection,
    server::{attributes::select, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "most_failing",
    page: Page::Pipelines,
    topic: Topic::Causes,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Pipelines that fail most",
    help: "Builds that finished in the window with failure or aborted, by pipeline. Each counts \
           once. The percentage beside a bar is the share of the pipeline's builds that failed. Shows \
           the 50 pipelines with the most failed builds.",
    rows,
    summary,
    chart,
    opens,
};

#[derive(Clone, Copy, Default)]
struct Counts {
    builds: u64,
    failure: u64,
    aborted: u64,
}

impl Counts {
    const fn failed(self) -> u64 {
        self.failure + self.aborted
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut counts = vec![Counts::default(); snapshot.pipelines.len()];
    let mut builds = 0;
    select(snapshot, selection).each(|build| {
        let result = columns.result[build];
        let counts = &mut counts[columns.pipeline[build] as usize];
        counts.builds += 1;
        counts.failure += u64::from(result == BuildResult::Failure);
        counts.aborted += u64::from(result == BuildResult::Aborted);
        builds += 1;
    });
    let mut failing: Vec<(&str, Counts)> = snapshot
        .pipelines
        .iter()
        .map(|pipeline| &*pipeline.label)
        .zip(counts)
        .filter(|(_, counts)| counts.failed() > 0)
        .collect();
    ranking::keep_first(&mut failing, |(name, counts), (other, others)| {
        let by_count = others.failed().cmp(&counts.failed());
        by_count.then_with(|| name.cmp(other))
    });
    let count = |of: fn(Counts) -> u64| {
        Values::Count(failing.iter().map(|&(_, counts)| of(counts)).collect())
    };
    let names = failing.iter().map(|&(name, _)| name.to_owned());
    let percents = failing
        .iter()
        .map(|(_, counts)| percent(counts.failed(), counts.builds));
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(names.collect())),
            Column::new("failure", "Failure", count(|counts| counts.failure)),
            Column::new("aborted", "Aborted", count(|counts| counts.aborted)),
            Column::new("failed", "Failed", count(Counts::failed)),
            Column::new("builds", "Builds", count(|counts| counts.builds)),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents.collect()),
            ),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.builds == 0 {
        return words::no_builds(context);
    }
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        let builds = words::counted(rows.builds, "build", "builds");
        return format!("None of {builds}{scope} failed {window}.");
    }
    format!(
        "{} failed most often {window}: {} of {} ({}).",
        words::name(&rows.text("pipeline")[0]),
        words::thousands(rows.count("failed")[0]),
        words::counted(rows.count("builds")[0], "build", "builds"),
        words::percent(rows.percent("failure_percent")[0].unwrap_or(0.0)),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = rows.text("pipeline");
    let percents = rows.percent("failure_percent");
    let bars = |result: BuildResult, column: &'static str, has_labels: bool| {
        let counts = rows.count(column);
        let mark = |row: usize| {
            let percent = words::percent(percents[row].unwrap_or_default());
            let mark = Mark::of_row(row, counts[row] as f64).hover(format!(
                "{}\n{} of {} failed, {percent}\n{} with {}",
                names[row],
                words::thousands(rows.count("failed")[row]),
                words::counted(rows.count("builds")[row], "build", "builds"),
                words::thousands(counts[row]),
                words::result_label(result),
            ));
            if has_labels {
                mark.label(percent)
            } else {
                mark
            }
        };
        Series::bars(words::result_label(result), Colour::of_result(result))
            .opening(column)
            .with((0..rows.len().min(MAX_NAMES)).map(mark))
    };
    let panel = Panel::new(
        Unit::Count,
        "",
        vec![
            bars(BuildResult::Failure, "failure", false),
            bars(BuildResult::Aborted, "aborted", true),
        ],
    );
    Plane::new(Base::names(names), vec![panel.stacked()]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let only = |wanted| opens::results(context, |result| result == wanted);
    Opens {
        rows: pipelines(rows),
        columns: vec![
            ("failure", only(BuildResult::Failure)),
            ("aborted", only(BuildResult::Aborted)),
            ("failed", opens::failed(context)),
            ("builds", Selection::default()),
        ],
    }
}

/// The conditions of rows that are pipelines.
pub fn pipelines(rows: &Rows) -> Vec<Selection> {
    let names = rows.text("pipeline").iter();
    names.map(|name| opens::one("pipeline", name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn failed_descending_then_pipeline_and_the_good_ones_left_out() {
        let at = "2019-10-25T11:00:00Z";
        let snapshot = snapshot(&[
            build("b", Failure, at),
            build("b", Unknown, at),
            build("a", Aborted, at),
            build("c", Failure, at),
            build("c", Aborted, at),
            build("d", Success, at),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "c | 1 | 1 | 2 | 2 | 100",
                "a | 0 | 1 | 1 | 1 | 100",
                "b | 1 | 0 | 1 | 2 | 50"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "c failed most often in the last 14 days: 2 of 2 builds (100%)."
        );
    }

    #[test]
    fn builds_before_the_window_do_not_count() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-11T12:00:00Z"),
            build("a", Success, "2019-10-11T12:00:01Z"),
        ]);
        let filter = Selection::default();
        assert!(table(&FIGURE, &snapshot, &filter).is_empty());
        assert_eq!(
            summary(&FIGURE, &snapshot, &filter),
            "None of 1 build failed in the last 14 days."
        );
    }

    #[test]
    fn at_most_fifty_pipelines_and_each_its_own_bar() {
        let names: Vec<String> = (0..60)
            .map(|number| format!("{}{number:02}{}", "x".repeat(50), "y".repeat(50)))
            .collect();
        let builds = names
            .iter()
            .map(|name| build(name, Failure, "2019-10-25T11:00:00Z"));
        let snapshot = snapshot(&builds.collect::<Vec<_>>());
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows.len(), 50);
        assert!(rows[49].starts_with(&names[49]));
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        let positions = plot["data"][0]["y"].as_array().expect("positions");
        assert_eq!(positions.len(), MAX_NAMES);
        assert_eq!(positions[19], 19.0);
    }
}
