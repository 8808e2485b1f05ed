use std::sync::{Arc, LazyLock};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::server::{
    config::Config,
    figures::testing::{AS_OF, at, build},
    insight::{fill, fill_after},
    model::{BuildResult, HOUR_MS},
    snapshot::{BuildDetails, BuildRecord, Insight, SnapshotBuilder, security::Security},
};

const JOB: &str = "HMCTS_CMC/claim-store/master";

/// A build of a job so many hours after the first: its result and duration in minutes.
type AnyBuild = (usize, i64, BuildResult, Option<u32>);

fn snapshot_of(builds: &[AnyBuild]) -> Snapshot {
    const JOBS: [&str; 3] = [JOB, "_CMC/a", "_DIV/b"];
    static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
        let mut config = Config::built_in();
        config.insight.change_point_builds = 60;
        config.insight.change_point_window = 20;
        config.into()
    });
    let mut builder = SnapshotBuilder::new(Arc::clone(&CONFIG));
    for &(job, hour, result, minutes) in builds {
        builder.push_record(&BuildRecord {
            finished_ms: at(AS_OF) - (1000 - hour) * HOUR_MS,
            duration_ms: minutes.map(|minutes| i64::from(minutes) * 60_000),
            details: BuildDetails {
                git_commit: Some("0123456789abcdef"),
                node: Some(if hour < 40 { "one" } else { "two" }),
                ..BuildDetails::default()
            },
            ..build(JOBS[job], result, AS_OF)
        });
    }
    builder.finish("test".to_owned(), Some(at(AS_OF)), Security::default())
}

fn filled(builds: &[AnyBuild]) -> Snapshot {
    let mut snapshot = snapshot_of(builds);
    fill(&mut snapshot);
    snapshot
}

fn minutes(hour: i64) -> u32 {
    let noise = u32::try_from(hour * 7 % 5).expect("small");
    if hour < 40 { 10 + noise } else { 20 + noise }
}

#[test]
fn durations_of_good_builds_and_rates_of_decided_ones_change() {
    use BuildResult::{Aborted, Failure, NotBuilt, Success, Unstable};
    let result = |hour: i64| match hour {
        3 => Aborted,
        4 => NotBuilt,
        5 => Unstable,
        _ if hour < 60 || hour % 3 == 0 => Success,
        _ => Failure,
    };
    // Failures take very long, and some builds are of unknown duration.
    let duration = |hour: i64| match result(hour) {
        _ if hour % 11 == 5 => None,
        Failure => Some(500),
        _ => Some(minutes(hour)),
    };
    let builds: Vec<AnyBuild> = (30..90)
        .map(|hour| (0, hour, result(hour), duration(hour)))
        .collect();
    let snapshot = filled(&builds);
    let [slower, worse] = snapshot.insight.change_points_of(0) else {
        panic!("{:?}", snapshot.insight.change_points);
    };
    assert_eq!((slower.measure, slower.row), (Measure::Duration, 10));
    // The build before is of unknown duration or not in the series.
    assert_eq!((slower.after_row, slower.until_row), (9, 10));
    assert!(slower.evidence < 0.001);
    assert_eq!(slower.before.builds, 9);
    assert_eq!(slower.before.first_row, 0);
    assert_eq!(slower.before.last_row, 9);
    assert!((slower.before.value - 12.0 * 60_000.0).abs() < 60_000.0);
    assert!((slower.after.value - 22.0 * 60_000.0).abs() < 60_000.0);
    assert_eq!((worse.measure, worse.row), (Measure::FailureRate, 31));
    assert_eq!((worse.before.builds, worse.before.value), (31, 0.0));
    assert_eq!(worse.after.last_row, 59);
    assert!(worse.after_row < 31 && worse.until_row >= 31);
    assert_eq!(snapshot.insight.change_points_of(1), []);

    let [of_slower, of_worse] = &changed::changed(&snapshot, &[slower.clone(), worse.clone()])[..]
    else {
        panic!("one list for each point");
    };
    let node = changed::Changed {
        attribute: "node",
        label: "Node",
        from: "one".to_owned(),
        to: Some("two".to_owned()),
        values: 1,
    };
    assert_eq!(*of_slower, [node]);
    assert_eq!(*of_worse, [], "the node changed long before");
}

#[test]
fn only_the_latest_builds_are_searched() {
    let builds = |last: i64| -> Vec<AnyBuild> {
        (0..last)
            .map(|hour| (0, hour, BuildResult::Success, Some(minutes(hour))))
            .collect()
    };
    assert_eq!(filled(&builds(90)).insight.change_points.len(), 1);
    // 60 builds after the change.
    assert_eq!(filled(&builds(100)).insight.change_points, []);
}

fn any_builds() -> impl Strategy<Value = Vec<AnyBuild>> {
    let results = prop::sample::select(BuildResult::ALL.to_vec());
    let any = (0..3_usize, 0..1000_i64, results, prop::option::of(0..9_u32));
    vec(any, 0..120).prop_map(|mut builds| {
        for (_, hour, result, duration) in &mut builds {
            // With changes.
            if *hour > 400 {
                *duration = duration.map(|minutes| minutes + 8);
            }
            if *hour > 700 {
                *result = BuildResult::Failure;
            }
        }
        builds
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn incremental_change_points_equal_those_of_a_full_computation(
        builds in any_builds(),
        more in any_builds(),
        few in 0..3_usize,
    ) {
        let before = filled(&builds);
        let mut all = builds;
        all.extend(more.into_iter().take(few));
        let mut after = snapshot_of(&all);
        fill_after(&mut after, &before.insight);
        let full = filled(&all);
        prop_assert_eq!(&after.insight, &full.insight);
        for found in &full.insight.change_points {
            prop_assert!(found.after_row < found.row && found.row <= found.until_row);
        }
    }
}

#[test]
fn a_series_is_searched_again_only_if_it_changed() {
    let builds: Vec<AnyBuild> = (10..60)
        .map(|hour| (0, hour, BuildResult::Success, Some(minutes(hour))))
        .collect();
    let before = filled(&builds);
    // What is kept is used as it is.
    let mut kept = before.insight.clone();
    for changes in kept.searched.0.values_mut() {
        *changes = Arc::from([]);
    }
    let mut same = snapshot_of(&builds);
    fill_after(&mut same, &kept);
    assert_eq!(same.insight.change_points, []);
    let mut other = snapshot_of(&builds[1..]);
    fill_after(&mut other, &kept);
    assert_eq!(other.insight.change_points.len(), 1);
    fill_after(&mut other, &Insight::default());
    assert_eq!(other.insight.change_points.len(), 1);
}
