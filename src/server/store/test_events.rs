//! Events for the store's tests.

use crate::server::model::{BuildResult, Codebase, Event, System, Toolchain};

/// Returns a successful event of build 1 of one job.
pub fn event(id: &str, stage_ms: i64) -> Event {
    Event {
        id: Some(id.to_owned()),
        build_tag: Some("jenkins-job-1".to_owned()),
        job_name: "HMCTS_CMC/job/master".to_owned(),
        build_id: Some("1".to_owned()),
        result: BuildResult::Success,
        stage_ms,
        received_s: None,
        scheduled_ms: None,
        duration_ms: None,
        step: None,
        branch: Some("master".to_owned()),
        build_url: None,
        system: System::default(),
        step_duration_ms: None,
        git_commit: None,
        node_name: None,
        correlation_id: None,
        codebase: Codebase::default(),
        toolchain: Toolchain::default(),
    }
}

/// Returns the same event with a failed step.
pub fn failing_at(id: &str, stage_ms: i64, step: &str) -> Event {
    Event {
        result: BuildResult::Failure,
        step: Some(step.to_owned()),
        ..event(id, stage_ms)
    }
}
