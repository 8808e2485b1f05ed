//! The wire types of comparisons: the values that differ between two sets of builds, and two selections side by side.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Change;

/// The values that differ between two sets of builds, A and B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BuildDifference {
    /// The result for readers: `12 of 240 tested values differ …`
    pub summary: String,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    pub a: BuildSet,
    pub b: BuildSet,
    /// Builds that both selections hold. They are in A only.
    pub common: u64,
    /// The number of values that were tested.
    pub tested: u64,
    /// The number of values that differ.
    pub found: u64,
    /// The 100 greatest differences at most.
    pub values: Vec<DifferentValue>,
    /// Attributes that are not tested, because nearly every build has a value of its own.
    pub hidden: Vec<String>,
}

/// A set of builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildSet {
    /// The builds for readers: `new failures`.
    pub label: String,
    /// The selection that holds them: `days=7&project=cmc`.
    pub selection: String,
    pub builds: u64,
}

/// A value whose share differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DifferentValue {
    /// `agent`, `library`, `step_duration` …
    pub attribute: String,
    /// The attribute for readers.
    pub label: String,
    pub value: String,
    /// The builds of A with the value, and those of A whose attribute is tested.
    pub a: u64,
    pub of_a: u64,
    pub b: u64,
    pub of_b: u64,
    pub a_percent: f64,
    pub b_percent: f64,
    /// The share in A as a multiple of that in B; null where no build of B has the value.
    pub lift: Option<f64>,
    /// The false discovery rate (Benjamini and Hochberg).
    pub q: f64,
    /// The condition that selects builds with the value: `agent=linux`; null for times.
    pub condition: Option<String>,
}

/// Two selections side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
    pub a: BuildSet,
    pub b: BuildSet,
    /// Builds that both hold. Differences are those between A and the other builds of B.
    pub common: u64,
    /// Counts, the failure rate and times.
    pub measures: Vec<ComparedMeasure>,
    /// The rates of failures at the steps that fail most.
    pub failing_steps: Vec<ComparedMeasure>,
    /// The median durations of the slowest steps.
    pub slow_steps: Vec<ComparedMeasure>,
    pub difference: BuildDifference,
}

/// A number of both sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedMeasure {
    /// `builds`, `failed_percent` …, or the name of a step.
    pub id: String,
    /// The measure for readers.
    pub label: String,
    pub unit: MeasureUnit,
    pub a: MeasuredSide,
    pub b: MeasuredSide,
    /// A is better or worse than B, or it is not clear; null for numbers that are not judged.
    pub change: Option<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeasureUnit {
    Builds,
    Percent,
    Minutes,
}

/// A number, and the builds that it rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeasuredSide {
    /// Null where there is nothing to compute it from.
    pub value: Option<f64>,
    /// The bounds of its 95% interval, of percentages.
    pub interval: Option<[f64; 2]>,
    /// The number of builds that it counts: of a percentage, the part.
    pub builds: u64,
    /// The number of builds that it is computed from.
    pub of: u64,
    /// The selection of exactly the builds counted; null without one.
    pub opens: Option<String>,
}
