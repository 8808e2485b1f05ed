//! One event of the CI system.

use super::BuildResult;

/// A valid event: one stage (step) of one build, as every source hands it to the store.
///
/// Instants are Unix ms. An event belongs to the build of its `build_tag`, else to that of its
/// `job_name` and `build_id`; a source refuses an event with neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique in its source; events without one are told apart by their content.
    pub id: Option<String>,
    pub build_tag: Option<String>,
    pub job_name: String,
    pub build_id: Option<String>,
    pub result: BuildResult,
    pub stage_ms: i64,
    /// When the source received it, Unix s.
    pub received_s: Option<i64>,
    pub scheduled_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub step: Option<String>,
    pub branch: Option<String>,
    pub build_url: Option<String>,
}
