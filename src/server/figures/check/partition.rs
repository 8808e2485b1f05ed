//! Classes divide the failed and lost builds, and minutes lost count each build once: properties of any builds.

use proptest::{collection::vec, option, prelude::*};

use super::super::{Rows, find, testing};
use crate::{
    selection::Selection,
    server::{
        model::{BuildResult, HOUR_MS, MINUTE_MS},
        snapshot::{BuildDetails, BuildRecord, Class, Snapshot, UNKNOWN_DURATION},
    },
};

/// A build: its pipeline, result, half hours before the time of the data, commit, failed step, minutes, and whether it
/// told its end.
type AnyBuild = (
    usize,
    usize,
    i64,
    Option<usize>,
    Option<usize>,
    Option<i64>,
    bool,
);

const COMMITS: [&str; 2] = ["1111111111111111", "2222222222222222"];
const STEPS: [&str; 3] = ["checkout", "build", "test"];
const JOBS: [&str; 3] = ["a/claim-store/master", "a/div-api/master", "b"];

fn any_build() -> impl Strategy<Value = AnyBuild> {
    (
        0..JOBS.len(),
        0..BuildResult::OF_EVENTS.len(),
        // Most are near others of their commit.
        prop_oneof![3 => 0..200_i64, 1 => 0..5000_i64],
        option::weighted(0.8, 0..COMMITS.len()),
        option::weighted(0.8, 0..STEPS.len()),
        option::weighted(0.8, 0..90_i64),
        prop::bool::weighted(0.8),
    )
}

fn recorded(builds: &[AnyBuild]) -> Snapshot {
    // Enough that their pipelines tell when builds end.
    let telling =
        (0..JOBS.len() * 6).map(|number| (number % 3, 0, 5000, None, None, Some(1), true));
    let builds = telling.chain(builds.iter().copied());
    let records = builds.map(|(job, result, half_hours, commit, step, minutes, ended)| {
        let finished_ms = testing::at(testing::AS_OF) - half_hours * HOUR_MS / 2;
        BuildRecord {
            finished_ms,
            started_ms: finished_ms - minutes.unwrap_or(7) * MINUTE_MS,
            duration_ms: minutes.map(|minutes| minutes * MINUTE_MS),
            failing_step: step.map(|step| STEPS[step]),
            details: BuildDetails {
                ended,
                git_commit: commit.map(|commit| COMMITS[commit]),
                ..BuildDetails::default()
            },
            ..testing::build(JOBS[job], BuildResult::OF_EVENTS[result], testing::AS_OF)
        }
    });
    testing::snapshot(&records.collect::<Vec<_>>())
}

fn is_failed_or_lost(result: BuildResult) -> bool {
    matches!(result, BuildResult::Failure | BuildResult::Lost)
}

/// Returns whether a build repeats a flaky failure: it is of the same pipeline and commit, and neither before the failure
/// nor after the good build that followed within a day.
fn is_rerun(snapshot: &Snapshot, build: usize) -> bool {
    let builds = &snapshot.builds;
    let of_commit = |other: &usize| {
        builds.commit[build] != 0
            && builds.commit[*other] == builds.commit[build]
            && builds.pipeline[*other] == builds.pipeline[build]
    };
    let failures = (0..build)
        .filter(of_commit)
        .filter(|&failed| builds.result[failed] == BuildResult::Failure);
    let mut goods = failures.filter_map(|failed| {
        let mut later = (failed + 1..builds.len()).filter(of_commit);
        let good = later.find(|&good| builds.result[good].is_good())?;
        let after_ms = builds.finished_ms[good] - builds.finished_ms[failed];
        (after_ms <= 24 * HOUR_MS).then_some(good)
    });
    goods.any(|good| build <= good)
}

fn rows(snapshot: &Snapshot, id: &str) -> Rows {
    let selection = Selection::default().with_days(180);
    (find(id).expect("a figure").rows)(snapshot, &selection)
}

proptest! {
    #[test]
    fn classes_divide_failed_and_lost_builds(builds in vec(any_build(), 0..60)) {
        let snapshot = recorded(&builds);
        let results = &snapshot.builds.result;
        let classes = &snapshot.insight.classes;
        prop_assert_eq!(classes.len(), results.len());
        for (&result, &class) in results.iter().zip(classes) {
            prop_assert_eq!(is_failed_or_lost(result), class != Class::None, "{:?}", class);
            prop_assert_eq!(result == BuildResult::Lost, class == Class::Lost);
        }
        let rows = rows(&snapshot, "failure_classes");
        let known = Class::ALL.into_iter().filter(|&class| class != Class::None);
        let counted: u64 = known.map(|class| rows.count(class.as_str()).iter().sum::<u64>()).sum();
        let failed = results.iter().filter(|&&result| is_failed_or_lost(result)).count() as u64;
        prop_assert_eq!((counted, rows.builds), (failed, failed));
    }

    #[test]
    fn each_minute_of_reruns_lost_and_failed_builds_is_lost_once(builds in vec(any_build(), 0..60)) {
        let snapshot = recorded(&builds);
        let columns = &snapshot.builds;
        let mut expected = [(0, 0); 3];
        for build in 0..columns.len() {
            let result = columns.result[build];
            let kind = match result {
                _ if is_rerun(&snapshot, build) => 0,
                BuildResult::Lost => 1,
                BuildResult::Failure | BuildResult::Aborted => 2,
                _ => continue,
            };
            let ms = match (result, columns.duration_ms[build]) {
                (BuildResult::Lost, _) => columns.finished_ms[build] - columns.started_ms[build],
                (_, UNKNOWN_DURATION) => 0,
                (_, known) => known.into(),
            };
            expected[kind] = (expected[kind].0 + 1, expected[kind].1 + ms / MINUTE_MS);
        }
        for id in ["minutes_lost", "minutes_lost_by_team"] {
            let rows = rows(&snapshot, id);
            let found = [("rerun", "rerun_minutes"), ("lost", "lost_minutes"), ("failed", "failed_minutes")];
            let found = found.map(|(builds, minutes)| {
                let minutes: f64 = rows.number(minutes).iter().sum();
                (rows.count(builds).iter().sum::<u64>(), minutes.round() as i64)
            });
            prop_assert_eq!(found, expected, "{}", id);
            let all: f64 = rows.number("minutes").iter().sum();
            let of_kinds: i64 = expected.iter().map(|&(_, minutes)| minutes).sum();
            prop_assert_eq!(all.round() as i64, of_kinds);
            let last = rows.percent("running_percent").last().copied().flatten();
            prop_assert_eq!(last, (of_kinds > 0).then_some(100.0));
        }
    }
}
