//! Builds whose names are texts: those that are in no store.

use super::{NumberedBuild, SnapshotBuilder, StepRow};
use crate::server::model::{BuildResult, Codebase, Step, System, Toolchain};

/// A build that is in no store.
#[derive(Clone, Debug)]
pub struct BuildRecord<'a> {
    pub job_name: &'a str,
    pub build_id: &'a str,
    pub branch: Option<&'a str>,
    /// The result of the latest event.
    pub result: BuildResult,
    pub nightly: bool,
    pub started_ms: i64,
    pub finished_ms: i64,
    pub duration_ms: Option<i64>,
    pub failing_step: Option<&'a str>,
    /// From the end of the smoke test to the end of the functional test.
    pub functional_test_ms: Option<i64>,
    pub details: BuildDetails<'a>,
}

/// The values of a build that few figures read.
#[derive(Clone, Debug, Default)]
pub struct BuildDetails<'a> {
    pub system: System,
    pub ended: bool,
    pub start_delay_ms: Option<i64>,
    pub git_commit: Option<&'a str>,
    pub node: Option<&'a str>,
    pub codebase: Option<&'a Codebase>,
    pub toolchain: Option<&'a Toolchain>,
    pub steps: Vec<Step<'a>>,
}

impl SnapshotBuilder {
    /// Adds a build that is in no store; builds on non-default branches are only counted.
    pub fn push_record(&mut self, build: &BuildRecord<'_>) {
        let stored = self.last() + 1;
        if build
            .branch
            .is_some_and(|branch| !self.is_default_branch(branch))
        {
            return self.push_elsewhere(stored);
        }
        let details = &build.details;
        let steps = details.steps.iter().map(|step| {
            let name = self.step(step.name);
            StepRow::new(
                name,
                step.end_ms - build.started_ms,
                step.result,
                step.attempt,
                step.duration,
            )
        });
        let steps: Vec<StepRow> = steps.collect();
        let numbered = NumberedBuild {
            stored,
            pipeline: self.pipeline(build.job_name, &details.system),
            build_id: build.build_id,
            latest_result: build.result,
            nightly: build.nightly,
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|name| self.step(name)),
            functional_test_ms: build.functional_test_ms,
            ended: details.ended,
            start_delay_ms: details.start_delay_ms,
            git_commit: details.git_commit,
            node: details.node.map(|name| self.node(name)),
            codebase: self.codebase(details.codebase.unwrap_or(&Codebase::default())),
            toolchain: self.toolchain(details.toolchain.unwrap_or(&Toolchain::default())),
        };
        self.push(&numbered, steps.into_iter());
    }
}
