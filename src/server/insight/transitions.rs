//! The builds that could have broken their pipelines, and those that did.
//!
//! A transition is a completed good-or-failed build after a good one: the pipeline could stay good or fail anew. Later
//! failures of a pipeline that is red already say nothing new.

use crate::server::{
    model::BuildResult,
    snapshot::{Builds, Snapshot},
};

/// The transitions of one kind of pipelines, as rows of the columns in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    pub rows: Vec<u32>,
    /// The positions in `rows` of the new failures.
    pub failures: Vec<u32>,
}

impl Transitions {
    fn push(&mut self, row: u32, failed: bool) {
        if failed {
            let position = u32::try_from(self.rows.len()).expect("fewer builds than u32::MAX");
            self.failures.push(position);
        }
        self.rows.push(row);
    }

    /// Returns when the builds finished.
    pub fn times(&self, builds: &Builds) -> Vec<i64> {
        let finished = |&row: &u32| builds.finished_ms[row as usize];
        self.rows.iter().map(finished).collect()
    }
}

/// Returns the transitions of pipelines that are not nightly, then those of nightly ones.
pub fn transitions(snapshot: &Snapshot) -> [Transitions; 2] {
    let builds = &snapshot.builds;
    let mut was_good = vec![false; snapshot.pipelines.len()];
    let mut kinds = [Transitions::default(), Transitions::default()];
    let columns = builds.pipeline.iter().zip(&builds.result);
    for ((row, (&pipeline, &result)), &nightly) in (0..).zip(columns).zip(&builds.nightly) {
        if !result.is_completed() {
            continue;
        }
        let before = std::mem::replace(&mut was_good[pipeline as usize], result.is_good());
        let failed = result == BuildResult::Failure;
        if before && (failed || result == BuildResult::Success) {
            kinds[usize::from(nightly)].push(row, failed);
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, at, build, snapshot},
        model::HOUR_MS,
        snapshot::BuildRecord,
    };

    #[test]
    fn a_transition_is_a_success_or_failure_after_a_good_build() {
        use BuildResult::{Aborted, Failure, NotBuilt, Success, Unknown, Unstable};
        let results = [
            Success, Success, Unstable, Failure, Failure, Unstable, Success, Aborted, Failure,
            Success, NotBuilt, Success, Unknown, Success, Failure, Success, Success,
        ];
        let hour = |(hour, &result): (i64, &BuildResult)| BuildRecord {
            finished_ms: at(AS_OF) - (results.len() as i64 - hour) * HOUR_MS,
            ..build("HMCTS_CMC/claim-store/master", result, AS_OF)
        };
        let hourly: Vec<_> = (0..).zip(&results).map(hour).collect();
        let [found, nightly] = transitions(&snapshot(&hourly));
        assert_eq!(found.rows, [1, 3, 6, 14, 16]);
        assert_eq!(found.failures, [1, 3]);
        assert_eq!(nightly, Transitions::default());
    }

    #[test]
    fn kinds_are_apart() {
        let of = |job, result, nightly| BuildRecord {
            nightly,
            ..build(job, result, AS_OF)
        };
        let builds = [
            of("_CMC/a", BuildResult::Success, true),
            of("_CMC/b", BuildResult::Success, false),
        ];
        let later = builds.clone().map(|known| BuildRecord {
            finished_ms: at(AS_OF) + HOUR_MS,
            result: BuildResult::Failure,
            ..known
        });
        let [found, nightly] = transitions(&snapshot(&[builds, later].concat()));
        assert_eq!((found.rows, found.failures), (vec![3], vec![0]));
        assert_eq!((nightly.rows, nightly.failures), (vec![2], vec![0]));
    }
}
