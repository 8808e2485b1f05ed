//! A build and its result.

use super::{Codebase, Step, Toolchain};

/// The result of a build, or of a build so far in an event.
///
/// The discriminants of the results that events have are the numbers that the store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BuildResult {
    Success = 0,
    Unstable = 1,
    Failure = 2,
    Aborted = 3,
    NotBuilt = 4,
    /// The event has no result, or one that the CI system does not document.
    Unknown = 5,
    /// The build did not end, and has not been heard of for long. Decided in the snapshot.
    Lost = 6,
    /// The build has not ended yet. Decided in the snapshot.
    Running = 7,
}

impl BuildResult {
    /// Every result, in the order of tables and legends.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Unstable,
        Self::Failure,
        Self::Aborted,
        Self::NotBuilt,
        Self::Lost,
        Self::Running,
        Self::Unknown,
    ];

    /// The results that events have, by their numbers in the store.
    pub const OF_EVENTS: [Self; 6] = [
        Self::Success,
        Self::Unstable,
        Self::Failure,
        Self::Aborted,
        Self::NotBuilt,
        Self::Unknown,
    ];

    /// The name in the API and in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Unstable => "UNSTABLE",
            Self::Failure => "FAILURE",
            Self::Aborted => "ABORTED",
            Self::NotBuilt => "NOT_BUILT",
            Self::Unknown => "UNKNOWN",
            Self::Lost => "LOST",
            Self::Running => "RUNNING",
        }
    }

    /// The result that the store holds as `number`; `Unknown` for any other number.
    pub fn from_number(number: u8) -> Self {
        Self::OF_EVENTS
            .get(usize::from(number))
            .copied()
            .unwrap_or(Self::Unknown)
    }

    /// Failure or aborted. The rule of the original dashboard.
    pub const fn is_failed(self) -> bool {
        matches!(self, Self::Failure | Self::Aborted)
    }

    /// Success or unstable.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Success | Self::Unstable)
    }

    /// The build came to its end, whatever that was.
    pub const fn is_completed(self) -> bool {
        !matches!(self, Self::Lost | Self::Running)
    }

    /// The build ended with a verdict: success, unstable, failure or aborted.
    pub const fn is_decided(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Unstable | Self::Failure | Self::Aborted
        )
    }
}

/// One build, rolled up from its events by [`Rules`](super::Rules).
///
/// Instants are Unix ms. The latest event has the greatest stage time, then receipt time, then id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build<'a> {
    /// The pipeline's whole name, from the latest event: `HMCTS_CMC/claim-store/master`.
    pub job: &'a str,
    /// From the latest event that has one, as do `branch` and `url`.
    pub number: Option<&'a str>,
    pub branch: Option<&'a str>,
    pub url: Option<&'a str>,
    /// `rules.nightly` matches the job's name or the URL.
    pub nightly: bool,
    /// From the latest event: the result so far. An export has the result as of its data.
    pub result: BuildResult,
    /// The latest event's scheduled time, otherwise the earliest stage time.
    pub started_ms: i64,
    /// The latest event's stage time.
    pub finished_ms: i64,
    /// From the latest event; none if it has no duration, even if an earlier one has.
    pub duration_ms: Option<i64>,
    /// For failed builds: the first step with result failure, otherwise the last step.
    pub failing_step: Option<&'a str>,
    /// The last success of `rules.smoke_test_step`.
    pub smoke_ms: Option<i64>,
    /// The last success of `rules.functional_test_step`.
    pub functional_ms: Option<i64>,
    /// The number of events.
    pub events: usize,
    /// An event says that the build ended.
    pub ended: bool,
    /// The time from schedule to start, by the earliest event.
    pub start_delay_ms: Option<i64>,
    /// From the latest event that has one, as do `node` and each field of `codebase` and `toolchain`: the last event is
    /// often sent outside of any node.
    pub git_commit: Option<&'a str>,
    pub node: Option<&'a str>,
    pub codebase: Codebase,
    pub toolchain: Toolchain,
    /// In order of their ends.
    pub steps: Vec<Step<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_by_its_number() {
        for (number, result) in (0..).zip(BuildResult::OF_EVENTS) {
            assert_eq!(BuildResult::from_number(number), result);
            assert_eq!(result as u8, number);
        }
        // The store never holds what the snapshot decides.
        for other in [BuildResult::Lost as u8, BuildResult::Running as u8, 8] {
            assert_eq!(BuildResult::from_number(other), BuildResult::Unknown);
        }
    }

    #[test]
    fn names_and_numbers_of_results_are_different() {
        let number = |result| result as u8;
        let mut numbers = BuildResult::ALL.map(number);
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
        let names = BuildResult::ALL.map(BuildResult::as_str).join(" ");
        assert_eq!(
            names,
            "SUCCESS UNSTABLE FAILURE ABORTED NOT_BUILT LOST RUNNING UNKNOWN"
        );
    }

    #[test]
    fn four_results_are_decided_and_two_of_them_failed() {
        use BuildResult::{Aborted, Failure, Lost, Running, Success, Unstable};

        for result in BuildResult::ALL {
            let is_one_of = |results: &[BuildResult]| results.contains(&result);
            assert_eq!(result.is_good(), is_one_of(&[Success, Unstable]));
            assert_eq!(result.is_failed(), is_one_of(&[Failure, Aborted]));
            assert_eq!(
                result.is_decided(),
                is_one_of(&[Success, Unstable, Failure, Aborted])
            );
            assert_eq!(result.is_completed(), !is_one_of(&[Lost, Running]));
        }
    }
}
