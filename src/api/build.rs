//! The wire type of one build.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BuildSummary;

/// One build with its steps, and the builds around it. What is unknown is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildDetails {
    pub build: BuildSummary,
    /// True if the store could be read; otherwise tag, branch, addresses, the whole commit and the steps of builds older
    /// than 90 days are missing.
    pub complete: bool,
    /// The evidence for the result, for readers.
    pub evidence: String,
    /// The rule that gives a failed or lost build its class, for readers.
    pub class_rule: Option<String>,
    /// The source's tag of the build.
    pub tag: Option<String>,
    pub branch: Option<String>,
    /// The whole commit.
    pub commit: Option<String>,
    /// From schedule to start.
    pub start_delay_ms: Option<u64>,
    /// The build in its CI system.
    pub build_address: Option<ExternalAddress>,
    pub repository_address: Option<ExternalAddress>,
    pub commit_address: Option<ExternalAddress>,
    /// At most 500 steps, in order of their ends.
    pub steps: Vec<BuildStep>,
    /// The number of all steps.
    pub step_count: u64,
    /// The builds of the pipeline before and after this one.
    pub before: Option<BuildSummary>,
    pub after: Option<BuildSummary>,
    /// All builds of the commit, this one included.
    pub same_commit: Option<RelatedBuilds>,
    /// The builds whose first failed step is the same, from an hour before the end of this one to an hour after it; this
    /// one included.
    pub same_failure: Option<RelatedBuilds>,
    /// RFC 3339, UTC.
    pub as_of: String,
    /// The version of the data.
    pub version: String,
}

/// An address outside of the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExternalAddress {
    /// As the source gave it.
    pub text: String,
    /// The address to link to, if it leads to an allowed host.
    pub href: Option<String>,
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildStep {
    /// The whole name: `functionalTest:aat`.
    pub name: String,
    pub environment: Option<String>,
    /// The step's own result; `UNKNOWN` if only the build's is known.
    pub result: String,
    /// From 1: a build that lost its agent runs again.
    pub attempt: u8,
    /// RFC 3339, UTC.
    pub ended_at: String,
    /// From the start of the build to the end of the step.
    pub ended_after_ms: i64,
    pub duration_ms: Option<u64>,
    /// The duration is derived from the ends of other steps: the step took at most this long.
    pub at_most: bool,
}

/// Builds that share something with another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelatedBuilds {
    /// The selection of these builds: `commit=c0ffee…&from=…`.
    pub selection: String,
    pub builds: u64,
    pub pipelines: u64,
    /// At most 10 of the others, the latest first.
    pub others: Vec<BuildSummary>,
}
