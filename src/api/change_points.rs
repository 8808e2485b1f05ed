//! The wire types of change points.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BuildMark;

/// A point at which the durations of a pipeline's good builds or the share of failed builds changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangePoint {
    /// `duration` or `failure_rate`.
    pub measure: String,
    /// The first build after the change.
    pub build: BuildMark,
    /// The change happened after this build and not after the next one. Of durations, these are the builds beside the
    /// change; of failure rates, it is between them with a probability of 99%.
    pub after: BuildMark,
    pub until: BuildMark,
    /// The builds before the change, up to the change before.
    pub from: ChangeLevel,
    /// The builds since, up to the next change.
    pub to: ChangeLevel,
    /// Of durations: the p value of a t-test.
    pub p: Option<f64>,
    /// Of failure rates: the logarithm of the factor by which the change makes the results more likely.
    pub likelihood_gain: Option<f64>,
    /// The commit, the library, the agent and the node, as far as they changed between `after` and `until`.
    pub changed: Vec<ChangedValue>,
    /// The conditions of a list of the builds after `after` and up to `until`.
    pub conditions: String,
}

/// The builds between two changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeLevel {
    /// The number of builds.
    pub builds: u64,
    /// Of durations.
    pub mean_ms: Option<f64>,
    /// Of failure rates.
    pub failed: Option<u64>,
    pub failed_percent: Option<f64>,
    /// The conditions of a list of these builds.
    pub conditions: String,
}

/// A value that changed at a change point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedValue {
    /// `agent`, `commit`, `library` or `node`.
    pub attribute: String,
    pub label: String,
    /// The value of the last build before.
    pub from: String,
    /// The value of the last build of the interval; none if it is unknown.
    pub to: Option<String>,
    /// The number of distinct values in the interval that are not `from`.
    pub values: u64,
}
