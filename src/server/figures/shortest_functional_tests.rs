//! Functional tests that are suspiciously short and may test nothing.
//!
//! Reads `pipeline` and `functional_test_ms`, which a build has if it passed both the smoke test and the
//! functional test. Only the latest such build of each pipeline counts.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, most_failing, opens, words,
};
use crate::server::charts::{
    self, Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit,
};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{NO_TEST, Snapshot},
    },
};

/// The most pipelines that are listed.
const MOST: usize = 10;
/// Tests of this duration or longer are not short.
const LIMIT_MS: i64 = 500_000;

pub const FIGURE: Figure = Figure {
    id: "shortest_functional_tests",
    page: Page::Pipelines,
    topic: Topic::Durations,
    width: Width::Full,
    height: 260,
    title: "Shortest functional tests",
    help: "The 10 pipelines with the shortest functional tests under 500 seconds: a very short test \
           may test nothing. For each pipeline, the latest build in the window that passed the smoke \
           test and the functional test counts. The duration is the time between the ends of these \
           two steps, which the configuration names.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let builds = &snapshot.builds;
    let mut latest: Vec<Option<usize>> = vec![None; snapshot.pipelines.len()];
    // Builds are sorted by their end, so the last one is the latest.
    select(snapshot, selection).each(|build| {
        if builds.functional_test_ms[build] != NO_TEST {
            latest[builds.pipeline[build] as usize] = Some(build);
        }
    });
    let tested = latest.iter().flatten().count() as u64;
    let mut shortest: Vec<(i64, &str, usize)> = latest
        .into_iter()
        .flatten()
        .map(|build| {
            (
                builds.functional_test_ms[build],
                snapshot.pipeline_label(build),
                build,
            )
        })
        .filter(|&(test_ms, ..)| 0 < test_ms && test_ms < LIMIT_MS)
        .collect();
    shortest.sort_unstable();
    shortest.truncate(MOST);
    let names = shortest.iter().map(|(_, name, _)| (*name).to_owned());
    let finished = shortest
        .iter()
        .map(|&(.., build)| builds.finished_ms[build]);
    let build_id = |build: usize| builds.build_id.get(build).into_owned();
    let build_ids = shortest.iter().map(|&(.., build)| build_id(build));
    let seconds = shortest
        .iter()
        .map(|&(test_ms, ..)| test_ms as f64 / 1000.0);
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(names.collect())),
            Column::new("build_id", "Build", Values::Text(build_ids.collect())),
            Column::new("seconds", "Seconds", Values::Number(seconds.collect())),
            Column::unlisted("finished", Values::Instant(finished.collect())),
        ],
        builds: tested,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let window = words::window(context);
    let scope = words::scope(context);
    let rules = &context.config.rules;
    if rows.builds == 0 {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!(
                "No build{scope} {window} passed both steps, {} and {}.",
                rules.smoke_test_step, rules.functional_test_step,
            ),
        };
    }
    let tested = words::counted(rows.builds, "pipeline", "pipelines");
    if rows.is_empty() {
        return format!(
            "Among {tested} with functional tests{scope} {window}, none has a latest test under 500 seconds.",
        );
    }
    format!(
        "Among {tested} with functional tests{scope} {window}, {} has the shortest: {} seconds.",
        charts::shorten(&rows.text("pipeline")[0], 80),
        rows.number("seconds")[0],
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = rows.text("pipeline");
    let seconds = rows.number("seconds");
    let mark = |row: usize| {
        Mark::of_row(row, seconds[row])
            .label(format!("{:.0} s", seconds[row]))
            .hover(format!(
                "{}\nBuild {}: {} seconds",
                names[row],
                rows.text("build_id")[row],
                seconds[row],
            ))
    };
    let bars = Series::bars("", Colour::Neutral).opening("build_id");
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Number, "Seconds (under 500)", vec![bars]);
    Plane::new(Base::names(names), vec![panel]).into()
}

/// A row is one build: that of the pipeline that finished at the instant.
fn opens(rows: &Rows, _: &Context<'_>) -> Opens {
    let at = rows.instant("finished").iter();
    let one = |(pipeline, &at_ms): (Selection, &i64)| {
        pipeline.narrowed(&opens::finished(at_ms, at_ms + 1))
    };
    let pipelines = most_failing::pipelines(rows).into_iter();
    Opens {
        rows: pipelines.zip(at).map(one).collect(),
        columns: vec![("build_id", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{self, build, snapshot, table},
        model::BuildResult,
        snapshot::BuildRecord,
    };

    fn tested<'a>(
        job_name: &'a str,
        build_id: &'a str,
        hour: u8,
        test_ms: Option<i64>,
    ) -> BuildRecord<'a> {
        BuildRecord {
            build_id,
            functional_test_ms: test_ms,
            ..build(
                job_name,
                BuildResult::Success,
                &format!("2019-10-25T{hour:02}:00:00Z"),
            )
        }
    }

    fn rows_of(builds: &[BuildRecord<'_>]) -> Vec<String> {
        table(&FIGURE, &snapshot(builds), &Selection::default())
    }

    #[test]
    fn only_the_latest_tested_build_of_a_pipeline_counts() {
        let builds = [
            tested("a", "10", 9, Some(120_500)),
            tested("a", "9", 8, Some(3_000)),
            tested("a", "11", 10, None),
        ];
        assert_eq!(rows_of(&builds), ["a | 10 | 120.5"]);
    }

    #[test]
    fn a_latest_test_that_is_not_short_does_not_bring_back_an_earlier_one() {
        let builds = [
            tested("a", "1", 8, Some(3_000)),
            tested("a", "2", 9, Some(500_000)),
        ];
        assert_eq!(rows_of(&builds), Vec::<String>::new());
    }

    #[test]
    fn only_durations_above_0_and_below_500_seconds_are_kept() {
        let builds = [
            tested("a", "1", 9, Some(499_999)),
            tested("b", "1", 9, Some(500_000)),
            tested("c", "1", 9, Some(0)),
            tested("d", "1", 9, Some(-5_000)),
        ];
        assert_eq!(rows_of(&builds), ["a | 1 | 499.999"]);
    }

    #[test]
    fn the_ten_shortest_ascend_then_by_name() {
        let names: Vec<String> = (0..12)
            .rev()
            .map(|number| format!("p{number:02}"))
            .collect();
        let test_ms = |row: usize| Some(1_000 * (1 + row as i64 / 2));
        let builds: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(row, name)| tested(name, "1", 9, test_ms(row)))
            .collect();
        let rows = rows_of(&builds);
        assert_eq!(rows.len(), 10);
        assert_eq!(rows[..3], ["p10 | 1 | 1", "p11 | 1 | 1", "p08 | 1 | 2"]);
    }

    #[test]
    fn an_empty_table_says_why() {
        let say = |builds: &[BuildRecord<'_>]| {
            testing::summary(&FIGURE, &snapshot(builds), &Selection::default())
        };
        assert_eq!(
            say(&[tested("a", "1", 9, None)]),
            "No build in the last 14 days passed both steps, smoketest:aat and functionalTest:aat."
        );
        assert_eq!(
            say(&[tested("a", "1", 9, Some(900_000))]),
            "Among 1 pipeline with functional tests in the last 14 days, none has a latest test under 500 seconds."
        );
    }
}
