//! The points at which the durations or the failure rate of a pipeline changed. Plain data, which the module `insight`
//! computes.

use std::{collections::BTreeMap, sync::Arc};

/// A change from some builds of a pipeline to the next.
///
/// Builds are rows of the columns; in [`Searched`], positions in a series.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePoint {
    pub measure: Measure,
    /// Index in [`super::Snapshot::pipelines`].
    pub pipeline: u32,
    /// The first build after the change.
    pub row: u32,
    /// The change happened after this build of the series,
    pub after_row: u32,
    /// and not after this one. Of durations, these are the builds beside the change; of failure rates, the change is
    /// between them with a probability of 99%.
    pub until_row: u32,
    pub before: Level,
    pub after: Level,
    /// Of durations, the p value of the t-test; of failure rates, the logarithm of the factor by which the change makes
    /// the results more likely.
    pub evidence: f64,
}

/// The builds between changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub first_row: u32,
    pub last_row: u32,
    /// The number of builds of the series.
    pub builds: u32,
    /// The mean duration in ms, or the share of failed builds, from 0 to 1.
    pub value: f64,
}

/// The series that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Durations of good builds.
    Duration,
    /// Failed ones of decided builds.
    FailureRate,
}

/// The changes of every series by its fingerprint, for the next snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Searched(pub BTreeMap<u64, Arc<[ChangePoint]>>);

impl Measure {
    pub const ALL: [Self; 2] = [Self::Duration, Self::FailureRate];

    /// The name in APIs and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::FailureRate => "failure_rate",
        }
    }
}

impl ChangePoint {
    /// Returns a change of a series whose builds are these rows.
    #[must_use]
    pub fn in_rows(&self, pipeline: u32, rows: &[u32]) -> Self {
        let row = |position: u32| rows[position as usize];
        let level = |level: &Level| Level {
            first_row: row(level.first_row),
            last_row: row(level.last_row),
            ..*level
        };
        Self {
            pipeline,
            row: row(self.row),
            after_row: row(self.after_row),
            until_row: row(self.until_row),
            before: level(&self.before),
            after: level(&self.after),
            ..*self
        }
    }
}

impl Searched {
    pub fn bytes(&self) -> usize {
        let changes = self.0.values().map(|known| size_of_val(&**known));
        changes.sum::<usize>() + self.0.len() * size_of::<(u64, Arc<[ChangePoint]>)>()
    }
}
