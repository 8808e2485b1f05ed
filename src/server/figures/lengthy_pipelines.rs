//! The pipelines with the longest successful builds.
//!
//! Reads `pipeline`, `result` and `duration_ms`. A build counts if it succeeded and has a known
//! duration.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, most_failing, opens, ranking, words,
};
use crate::server::charts::{
    self, Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit,
};
use crate::server::model::{BuildResult, MINUTE_MS};
use crate::server::statistics::{percentile, to_two_decimals};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Snapshot, UNKNOWN_DURATION},
    },
};

pub const FIGURE: Figure = Figure {
    id: "lengthy_pipelines",
    page: Page::Pipelines,
    topic: Topic::Durations,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Slowest succeeding pipelines",
    help: "The 50 pipelines whose successful builds in the window take longest on average, by the \
           duration that the CI system reports. Builds without a known duration are left out. The \
           line extends to the 95th percentile: 95% of the builds took less. Percentiles are \
           interpolated between the two nearest builds.",
    rows,
    summary,
    chart,
    opens,
};

/// The durations of a pipeline's successful builds, in ms.
struct Durations {
    pipeline: usize,
    durations: Vec<u32>,
    mean: f64,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let builds = &snapshot.builds;
    let mut succeeded = 0_u64;
    let mut by_pipeline = vec![Vec::new(); snapshot.pipelines.len()];
    select(snapshot, selection).each(|build| {
        if builds.result[build] != BuildResult::Success {
            return;
        }
        succeeded += 1;
        if builds.duration_ms[build] != UNKNOWN_DURATION {
            by_pipeline[builds.pipeline[build] as usize].push(builds.duration_ms[build]);
        }
    });
    let with_mean = |(pipeline, durations): (usize, Vec<u32>)| {
        let sum: u64 = durations.iter().map(|&ms| u64::from(ms)).sum();
        let mean = sum as f64 / durations.len() as f64;
        Durations {
            pipeline,
            durations,
            mean,
        }
    };
    let known = by_pipeline
        .into_iter()
        .enumerate()
        .filter(|(_, durations)| !durations.is_empty());
    let mut slowest: Vec<Durations> = known.map(with_mean).collect();
    let with_duration: u64 = slowest.iter().map(|one| one.durations.len() as u64).sum();
    let name = |pipeline: usize| &snapshot.pipelines[pipeline].label;
    ranking::keep_first(&mut slowest, |a, b| {
        let by_mean = b.mean.total_cmp(&a.mean);
        by_mean.then_with(|| name(a.pipeline).cmp(name(b.pipeline)))
    });
    let minutes = |ms: f64| to_two_decimals(ms / MINUTE_MS as f64);
    let mut percentiles = |share| {
        let of_one = |one: &mut Durations| minutes(percentile(&mut one.durations, share));
        slowest.iter_mut().map(of_one).collect()
    };
    let (p50, p95) = (percentiles(0.5), percentiles(0.95));
    let names = slowest.iter().map(|one| name(one.pipeline).to_string());
    let counts = slowest.iter().map(|one| one.durations.len() as u64);
    let means = slowest.iter().map(|one| minutes(one.mean));
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(names.collect())),
            Column::new("builds", "Builds", Values::Count(counts.collect())),
            Column::new("mean_min", "Mean (min)", Values::Number(means.collect())),
            Column::new("p50_min", "Median (min)", Values::Number(p50)),
            Column::new("p95_min", "95th percentile (min)", Values::Number(p95)),
        ],
        builds: if with_duration > 0 {
            with_duration
        } else {
            succeeded
        },
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let window = words::window(context);
    let scope = words::scope(context);
    if rows.is_empty() && rows.builds == 0 {
        return match context.as_of_ms {
            None => words::no_builds(context),
            Some(_) => format!("No builds{scope} succeeded {window}."),
        };
    }
    if rows.is_empty() {
        return format!(
            "None of {}{scope} {window} has a known duration.",
            words::counted(rows.builds, "successful build", "successful builds"),
        );
    }
    if rows.builds == 1 {
        return format!(
            "The only successful build{scope} {window} with a known duration is of {}: {:.1} minutes.",
            charts::shorten(&rows.text("pipeline")[0], 80),
            rows.number("mean_min")[0],
        );
    }
    format!(
        "Among {}{scope} {window} with a known duration, those of {} took longest: {:.1} minutes on average.",
        words::counted(rows.builds, "successful build", "successful builds"),
        charts::shorten(&rows.text("pipeline")[0], 80),
        rows.number("mean_min")[0],
    )
}

/// The mean as a bar, and a line to the duration that 95% of the builds stay under.
fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = rows.text("pipeline");
    let (means, p50, p95) = (
        rows.number("mean_min"),
        rows.number("p50_min"),
        rows.number("p95_min"),
    );
    let mark = |row: usize| {
        Mark::of_row(row, means[row])
            .interval(Some((means[row], p95[row].max(means[row]))))
            .hover(format!(
                "{}\nMean {} min, median {} min\n95% under {} min\n{}",
                names[row],
                means[row],
                p50[row],
                p95[row],
                words::counted(rows.count("builds")[row], "build", "builds"),
            ))
    };
    let bars = Series::bars("", Colour::Neutral).opening("builds");
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Number, "Mean minutes, line to 95%", vec![bars]);
    Plane::new(Base::names(names), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let succeeded = opens::results(context, |result| result == BuildResult::Success);
    Opens {
        rows: most_failing::pipelines(rows),
        // Of a known duration.
        columns: vec![(
            "builds",
            opens::lasted(context, 0.0, None).narrowed(&succeeded),
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{self, build, snapshot, table},
        snapshot::BuildRecord,
    };

    const AT: &str = "2019-10-25T09:00:00Z";

    fn taking(job_name: &str, minutes: i64) -> BuildRecord<'_> {
        BuildRecord {
            duration_ms: Some(minutes * MINUTE_MS),
            ..build(job_name, BuildResult::Success, AT)
        }
    }

    fn rows_of(builds: &[BuildRecord<'_>]) -> Vec<String> {
        table(&FIGURE, &snapshot(builds), &Selection::default())
    }

    #[test]
    fn percentiles_are_interpolated_linearly() {
        let builds = [
            taking("a", 30),
            taking("a", 10),
            taking("a", 20),
            taking("a", 100),
        ];
        assert_eq!(rows_of(&builds), ["a | 4 | 40 | 25 | 89.5"]);
        assert_eq!(rows_of(&builds[..1]), ["a | 1 | 30 | 30 | 30"]);
    }

    #[test]
    fn only_succeeded_builds_with_a_duration_count() {
        let builds = [
            taking("a", 10),
            BuildRecord {
                duration_ms: None,
                ..taking("a", 0)
            },
            BuildRecord {
                result: BuildResult::Failure,
                ..taking("a", 90)
            },
            BuildRecord {
                result: BuildResult::Unstable,
                ..taking("b", 90)
            },
        ];
        assert_eq!(rows_of(&builds), ["a | 1 | 10 | 10 | 10"]);
    }

    #[test]
    fn the_longest_of_many_are_kept_then_by_name() {
        let names: Vec<String> = (0..60).map(|number| format!("p{number:02}")).collect();
        // Each two neighbours have equal durations.
        let minutes = (0..60).map(|number| number / 2 + 1);
        let builds: Vec<_> = names
            .iter()
            .zip(minutes)
            .map(|(name, minutes)| taking(name, minutes))
            .collect();
        let rows = rows_of(&builds);
        assert_eq!(rows.len(), 50);
        assert_eq!(
            rows[..3],
            [
                "p58 | 1 | 30 | 30 | 30",
                "p59 | 1 | 30 | 30 | 30",
                "p56 | 1 | 29 | 29 | 29"
            ]
        );
        assert_eq!(rows[49], "p11 | 1 | 6 | 6 | 6");
    }

    #[test]
    fn an_empty_table_says_why() {
        let filter = Selection::default();
        let say =
            |builds: &[BuildRecord<'_>]| testing::summary(&FIGURE, &snapshot(builds), &filter);
        let without = BuildRecord {
            duration_ms: None,
            ..taking("a", 0)
        };
        assert_eq!(
            say(&[without.clone(), without]),
            "None of 2 successful builds in the last 14 days has a known duration."
        );
        assert_eq!(say(&[]), "No builds succeeded in the last 14 days.");
    }

    #[test]
    fn pipelines_with_equal_labels_stay_apart_in_the_chart() {
        let long = |end: &str| format!("{}{end}{}", "a".repeat(40), "b".repeat(40));
        let (one, two) = (long("1"), long("2"));
        let plot = testing::plot(
            &FIGURE,
            &snapshot(&[taking(&one, 1), taking(&two, 2)]),
            &Selection::default(),
        );
        assert_eq!(plot["data"][0]["y"], serde_json::json!([0.0, 1.0]));
        let labels = &plot["layout"]["yaxis"]["ticktext"];
        assert_eq!(labels[0], labels[1]);
    }
}
