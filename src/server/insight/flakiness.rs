//! Flaky failures: a good build of the same commit followed soon, so the code was not their cause.

use foldhash::{HashMap, HashSet};

use crate::server::{
    attributes::Selected,
    model::{BuildResult, DAY_MS},
    significance::Rate,
    snapshot::{Flake, Snapshot},
};

/// Without commits, a pipeline needs so many builds for its number of changes.
const MIN_BUILDS: usize = 20;

/// Returns the flaky failures, sorted by row.
pub fn flakes(snapshot: &Snapshot) -> Vec<Flake> {
    let builds = &snapshot.builds;
    let within = snapshot.config.insight.flaky_within;
    let within_ms = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
    // The failures of a pipeline and commit that no good build has followed: the latest one, and before each another.
    let mut latest: HashMap<(u32, u64), u32> = HashMap::default();
    let mut failures: Vec<(u32, Option<u32>)> = Vec::new();
    let mut flakes = Vec::new();
    let columns = builds.pipeline.iter().zip(&builds.commit);
    for (row, ((&pipeline, &commit), &result)) in (0_u32..).zip(columns.zip(&builds.result)) {
        if commit == 0 {
            continue;
        }
        if result == BuildResult::Failure {
            let number = u32::try_from(failures.len()).expect("fewer builds than u32::MAX");
            let before = latest.insert((pipeline, commit), number);
            failures.push((row, before));
        } else if result.is_good() && !latest.is_empty() {
            let mut next = latest.remove(&(pipeline, commit));
            while let Some(number) = next {
                let (failed, before) = failures[number as usize];
                let finished = |row: u32| builds.finished_ms[row as usize];
                if finished(row) - finished(failed) <= within_ms {
                    flakes.push(Flake { failed, good: row });
                }
                next = before;
            }
        }
    }
    flakes.sort_unstable_by_key(|flake| flake.failed);
    flakes
}

/// The flakiness of a pipeline, at the time of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flakiness {
    /// Commits with a flaky failure, and commits with at least two completed builds, of the days of the rate.
    pub flaked: u32,
    pub repeated: u32,
    /// Flaky failures of these days.
    pub flakes: u32,
    /// The row of the latest flaky failure of these days.
    pub latest: Option<u32>,
    /// Enough of its commits flaked, one of them in the last days.
    pub flaky: bool,
    /// The number of changes between good and failed and of neighbours, where no commit is known.
    pub changes: Option<(u32, u32)>,
}

impl Flakiness {
    pub fn rate(&self) -> Rate {
        Rate {
            part: self.flaked.into(),
            whole: self.repeated.into(),
        }
    }
}

/// A pipeline while its builds are read.
#[derive(Clone, Default)]
struct Reading {
    known: Flakiness,
    /// Good or failed builds, changes between them, and whether the latest was good.
    builds: usize,
    changes: u32,
    good: Option<bool>,
    has_commits: bool,
}

/// Returns the flakiness of every pipeline over selected builds, usually those of the days of the rate, which end at an
/// instant.
pub fn by_pipeline(snapshot: &Snapshot, selected: &Selected<'_>, end_ms: i64) -> Vec<Flakiness> {
    let builds = &snapshot.builds;
    let mut pipelines = vec![Reading::default(); snapshot.pipelines.len()];
    let mut completed: HashMap<(u32, u64), u32> = HashMap::default();
    selected.each(|row| {
        let (pipeline, commit, result) =
            (builds.pipeline[row], builds.commit[row], builds.result[row]);
        let reading = &mut pipelines[pipeline as usize];
        if result.is_completed() && commit != 0 {
            let runs = completed.entry((pipeline, commit)).or_default();
            *runs += 1;
            reading.known.repeated += u32::from(*runs == 2);
        }
        reading.has_commits |= commit != 0;
        if result.is_good() || result == BuildResult::Failure {
            let changed = reading
                .good
                .is_some_and(|before| before != result.is_good());
            reading.changes += u32::from(changed);
            reading.good = Some(result.is_good());
            reading.builds += 1;
        }
    });
    let flaky_ms = end_ms - i64::from(snapshot.config.insight.flaky_days) * DAY_MS;
    let mut flaked: HashSet<(u32, u64)> = HashSet::default();
    for flake in &snapshot.insight.flakes {
        let row = flake.failed as usize;
        if !selected.contains(row) {
            continue;
        }
        let pipeline = builds.pipeline[row];
        let known = &mut pipelines[pipeline as usize].known;
        known.flaked += u32::from(flaked.insert((pipeline, builds.commit[row])));
        known.flakes += 1;
        known.latest = Some(flake.failed);
        known.flaky |= builds.finished_ms[row] >= flaky_ms;
    }
    let least = snapshot.config.insight.flaky_commits;
    let finished = |reading: Reading| Flakiness {
        flaky: reading.known.flaky && reading.known.flaked >= least,
        changes: (!reading.has_commits && reading.builds >= MIN_BUILDS).then(|| {
            (
                reading.changes,
                u32::try_from(reading.builds - 1).unwrap_or(u32::MAX),
            )
        }),
        ..reading.known
    };
    pipelines.into_iter().map(finished).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Selection;
    use crate::server::{
        attributes::select,
        figures::testing::{AS_OF, at, build, snapshot},
        model::HOUR_MS,
        snapshot::{BuildDetails, BuildRecord},
    };

    use BuildResult::{Aborted, Failure, Success, Unstable};

    const JOB: &str = "HMCTS_CMC/claim-store/master";
    const A: Option<&str> = Some("aaaaaaaaaaaaaaaa");
    const B: Option<&str> = Some("bbbbbbbbbbbbbbbb");

    /// Builds of a pipeline with a commit, so many hours before the time of the data.
    fn builds(known: &[(BuildResult, Option<&str>, i64)]) -> Snapshot {
        let records = known
            .iter()
            .map(|&(result, git_commit, hours)| BuildRecord {
                finished_ms: at(AS_OF) - hours * HOUR_MS,
                details: BuildDetails {
                    git_commit,
                    ..BuildDetails::default()
                },
                ..build(JOB, result, AS_OF)
            });
        snapshot(&records.collect::<Vec<_>>())
    }

    fn flakiness(snapshot: &Snapshot) -> Vec<Flakiness> {
        let end_ms = at(AS_OF) + 1;
        by_pipeline(snapshot, &select(snapshot, &Selection::default()), end_ms)
    }

    fn rows(snapshot: &Snapshot) -> Vec<(u32, u32)> {
        let flakes = snapshot.insight.flakes.iter();
        flakes.map(|flake| (flake.failed, flake.good)).collect()
    }

    #[test]
    fn a_failure_is_flaky_if_a_good_build_of_its_commit_follows_within_a_day() {
        let snapshot = builds(&[
            (Failure, A, 60),
            (Failure, A, 58),
            (Failure, B, 50),
            (Aborted, A, 40),
            (Unstable, A, 34),
            (Success, A, 33),
            (Success, B, 25),
        ]);
        assert_eq!(
            rows(&snapshot),
            [(1, 4)],
            "26 hours after the first, 25 after the third"
        );
        assert_eq!(snapshot.reruns()[..], [NONE, NONE, NONE, 1, 1, NONE, NONE]);
        let [known] = flakiness(&snapshot)[..] else {
            panic!("one pipeline");
        };
        assert_eq!((known.flaked, known.repeated, known.flakes), (1, 2, 1));
        assert!(!known.flaky && known.latest == Some(1) && known.changes.is_none());
    }

    const NONE: u32 = u32::MAX;

    #[test]
    fn neither_other_commits_nor_unknown_ones_nor_earlier_builds_make_a_failure_flaky() {
        let snapshot = builds(&[
            (Success, A, 9),
            (Failure, A, 8),
            (Success, B, 7),
            (Failure, None, 6),
            (Success, None, 5),
        ]);
        assert_eq!(rows(&snapshot), []);
        assert!(!flakiness(&snapshot)[0].flaky);
    }

    #[test]
    fn several_failures_of_a_commit_are_flaky_and_rerun() {
        let snapshot = builds(&[
            (Failure, A, 9),
            (Failure, A, 8),
            (Success, B, 7),
            (Success, A, 6),
        ]);
        assert_eq!(rows(&snapshot), [(0, 3), (1, 3)]);
        assert_eq!(snapshot.reruns()[..], [NONE, 0, NONE, 0]);
        let [known] = flakiness(&snapshot)[..] else {
            panic!("one pipeline");
        };
        assert_eq!((known.flaked, known.repeated, known.flakes), (1, 1, 2));
    }

    #[test]
    fn a_pipeline_is_flaky_for_seven_days_and_counted_for_fourteen() {
        for (days, flaky, flaked) in [(6, true, 2), (8, false, 2), (13, false, 2), (15, false, 0)] {
            let hours = days * 24;
            let snapshot = builds(&[
                (Failure, A, hours),
                (Success, A, hours - 1),
                (Failure, B, hours),
                (Success, B, hours - 1),
            ]);
            let known = flakiness(&snapshot)[0];
            assert_eq!((known.flaky, known.flaked), (flaky, flaked), "{days}");
        }
    }

    #[test]
    fn changes_are_counted_where_no_commit_is_known() {
        let mut known: Vec<_> = (0..20).map(|hour| (Success, None, 30 - hour)).collect();
        known[4].0 = Failure;
        known[9].0 = Failure;
        known[10].0 = Failure;
        known[15].0 = Aborted;
        assert_eq!(
            flakiness(&builds(&known))[0].changes,
            None,
            "of 19 good or failed"
        );
        known.push((Failure, None, 1));
        assert_eq!(flakiness(&builds(&known))[0].changes, Some((5, 19)));
        known.push((Success, A, 1));
        assert_eq!(flakiness(&builds(&known))[0].changes, None);
    }
}
