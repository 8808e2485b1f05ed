//! Converts a stage to the event that a CI system would send.

use std::fmt::Write as _;

use super::{
    builds::{Branch, Stage},
    pipelines::Pipeline,
    random::mix,
};
use crate::server::model::{Event, Provenance, System};

const SERVER: &str = "https://jenkins.example.org";

pub fn event(stage: &Stage, pipeline: &Pipeline, seed: u64, as_of_ms: i64) -> Event {
    let mut branch = String::with_capacity(16);
    match stage.branch {
        Branch::Default => branch.push_str(pipeline.branch),
        Branch::PullRequest(number) => append(&mut branch, format_args!("PR-{number}")),
        Branch::Other(name) => branch.push_str(name),
    }
    let mut build_id = String::with_capacity(8);
    append(&mut build_id, format_args!("{}", stage.number));
    let job_name = [&pipeline.job, "/", &branch].concat();
    let key = key(stage, seed);
    let mut id = String::with_capacity(16);
    append(&mut id, format_args!("{key:016x}"));
    // The source receives an event up to three seconds later.
    let delay = i64::try_from(key % 4).expect("less than four");
    let reported = |value: i64| (!pipeline.terse).then_some(value);
    Event {
        system: System::default(),
        step_duration_ms: None,
        git_commit: None,
        node_name: None,
        correlation_id: None,
        provenance: Provenance::default(),
        id: Some(id),
        build_tag: Some(build_tag(&job_name, &build_id)),
        build_url: pipeline
            .urls
            .then(|| build_url(&pipeline.job, &branch, &build_id)),
        job_name,
        build_id: Some(build_id),
        result: stage.result,
        stage_ms: stage.at_ms,
        received_s: Some((stage.at_ms / 1000 + delay).min(as_of_ms / 1000)),
        scheduled_ms: reported(stage.scheduled_ms),
        duration_ms: reported(i64::from(stage.duration_ms)),
        step: stage.step.map(str::to_owned),
        branch: (!pipeline.terse).then_some(branch),
    }
}

/// Returns a key unique to an event of a sample: the parts do not overlap, and mixing is injective.
fn key(stage: &Stage, seed: u64) -> u64 {
    let elsewhere = u64::from(stage.branch != Branch::Default);
    let build = u64::from(stage.pipeline) << 40 | elsewhere << 39 | u64::from(stage.number) << 6;
    mix((build | u64::from(stage.position)) ^ mix(seed))
}

fn build_tag(job_name: &str, build_id: &str) -> String {
    let mut tag = String::with_capacity(job_name.len() + build_id.len() + 9);
    tag.push_str("jenkins-");
    for part in job_name.split('/') {
        tag.push_str(part);
        tag.push('-');
    }
    tag.push_str(build_id);
    tag
}

fn build_url(job: &str, branch: &str, build_id: &str) -> String {
    let mut url = String::with_capacity(SERVER.len() + job.len() + branch.len() + 32);
    url.push_str(SERVER);
    for part in job.split('/').chain([branch]) {
        url.push_str("/job/");
        url.push_str(part);
    }
    append(&mut url, format_args!("/{build_id}/"));
    url
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a string takes everything");
}
