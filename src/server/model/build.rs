//! A build and its result.

/// A build's result: that of its latest event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BuildResult {
    Success = 0,
    Unstable = 1,
    Failure = 2,
    Aborted = 3,
    NotBuilt = 4,
    /// A running build, mostly; anything that the CI system does not document.
    Unknown = 5,
}

impl BuildResult {
    /// In the order of tables, legends and the store's numbers.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Unstable,
        Self::Failure,
        Self::Aborted,
        Self::NotBuilt,
        Self::Unknown,
    ];

    /// The name on the wire and in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Unstable => "UNSTABLE",
            Self::Failure => "FAILURE",
            Self::Aborted => "ABORTED",
            Self::NotBuilt => "NOT_BUILT",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The result of a number in the store.
    pub fn from_number(number: u8) -> Self {
        Self::ALL
            .get(usize::from(number))
            .copied()
            .unwrap_or(Self::Unknown)
    }

    /// As the original counts: FAILURE or ABORTED.
    pub const fn is_failed(self) -> bool {
        matches!(self, Self::Failure | Self::Aborted)
    }

    /// The build came to an end that says something.
    pub const fn is_decided(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Unstable | Self::Failure | Self::Aborted
        )
    }
}

/// One build, rolled up from its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build<'a> {
    pub job: &'a str,
    pub number: Option<&'a str>,
    pub branch: Option<&'a str>,
    pub url: Option<&'a str>,
    pub nightly: bool,
    pub result: BuildResult,
    pub started_ms: i64,
    pub finished_ms: i64,
    pub duration_ms: Option<i64>,
    /// Of failed builds, where an event names a step.
    pub failing_step: Option<&'a str>,
    /// When the smoke test last succeeded.
    pub smoke_ms: Option<i64>,
    /// When the functional test last succeeded.
    pub functional_ms: Option<i64>,
    pub events: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_by_its_number() {
        for (number, result) in (0..).zip(BuildResult::ALL) {
            assert_eq!(BuildResult::from_number(number), result);
            assert_eq!(result as u8, number);
        }
        assert_eq!(BuildResult::from_number(6), BuildResult::Unknown);
    }

    #[test]
    fn four_results_are_decided_and_two_of_them_failed() {
        let failed = BuildResult::ALL.map(BuildResult::is_failed);
        assert_eq!(failed, [false, false, true, true, false, false]);
        let decided = BuildResult::ALL.map(BuildResult::is_decided);
        assert_eq!(decided, [true, true, true, true, false, false]);
    }
}
