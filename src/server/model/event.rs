//! An event of the CI system.

use super::{BuildResult, Codebase, System, Toolchain};

/// A valid event: one stage of one build, in the form in which every source passes it to the store.
///
/// An event belongs to its system's build of its `build_tag`, otherwise to that of its `job_name` and
/// `build_id`. Sources reject events with neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub system: System,
    /// Unique within the source; without one, the event's content identifies it.
    pub id: Option<String>,
    /// The CI system's own key of the build: `jenkins-HMCTS_CMC-claim-store-master-42`.
    pub build_tag: Option<String>,
    /// The pipeline's whole name: `HMCTS_CMC/claim-store/master`.
    pub job_name: String,
    /// The build's number in its job.
    pub build_id: Option<String>,
    /// The result of the build so far.
    pub result: BuildResult,
    /// The end of the stage, Unix ms. It orders the events of a build.
    pub stage_ms: i64,
    /// The time of receipt at the source, Unix s. The greatest one is an event's latest version.
    pub received_s: Option<i64>,
    /// The build's scheduled start, Unix ms.
    pub scheduled_ms: Option<i64>,
    /// The build's duration so far.
    pub duration_ms: Option<i64>,
    /// The name of the stage: `functionalTest:aat`.
    pub step: Option<String>,
    pub branch: Option<String>,
    pub build_url: Option<String>,
    /// The duration of the stage alone, if the source states it.
    pub step_duration_ms: Option<i64>,
    pub git_commit: Option<String>,
    pub node_name: Option<String>,
    /// The publisher's id of the run; kept in the store only.
    pub correlation_id: Option<String>,
    pub codebase: Codebase,
    pub toolchain: Toolchain,
}
