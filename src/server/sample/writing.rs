//! Converts a stage to the event that a CI system would send.

use std::fmt::Write as _;

use super::{
    builds::{Branch, Stage},
    catalogue::Pool,
    pipelines::Pipeline,
    random::mix,
    world::{Origin, World},
};
use crate::server::model::{Codebase, Event, System, Toolchain};

const SERVER: &str = "https://jenkins.example.org";
/// Separates the ids of runs from those of events.
const CORRELATION_KEY: u64 = 0x00c0_44e1;

pub fn event(stage: &Stage, pipeline: &Pipeline, world: &World) -> Event {
    let mut branch = String::with_capacity(16);
    match stage.branch {
        Branch::Default => branch.push_str(pipeline.branch),
        Branch::PullRequest(number) => append(&mut branch, format_args!("PR-{number}")),
        Branch::Other(name) => branch.push_str(name),
    }
    let mut build_id = String::with_capacity(8);
    append(&mut build_id, format_args!("{}", stage.number));
    let job_name = [&pipeline.job, "/", &branch].concat();
    let key = key(stage, world.seed);
    let node = stage.origin.filter(|_| !stage.outside_node);
    let mut id = String::with_capacity(16);
    append(&mut id, format_args!("{key:016x}"));
    // The source receives an event up to three seconds later.
    let delay = i64::try_from(key % 4).expect("less than four");
    let reported = |value: i64| (!pipeline.terse).then_some(value);
    let (mut codebase, mut toolchain) = (Codebase::default(), Toolchain::default());
    if let Some(origin) = stage.origin {
        let release = &world.library.releases[usize::from(origin.release)];
        codebase.git_url = Some(pipeline.git_url.clone());
        toolchain.node_labels = node.map(|origin| pool(origin, world).labels.clone());
        toolchain.shared_library_name = Some(world.library.name().to_owned());
        toolchain.shared_library_version = Some(release.version.clone());
        codebase.product = Some(pipeline.product.clone());
        codebase.component = Some(pipeline.component.clone());
    }
    Event {
        system: System::default(),
        step_duration_ms: None,
        git_commit: node.map(|origin| commit_text(origin.commit)),
        node_name: node.map(|origin| node_name(origin, world)),
        correlation_id: stage.origin.map(|_| correlation_id(stage, world.seed)),
        codebase,
        toolchain,
        id: Some(id),
        build_tag: Some(build_tag(&job_name, &build_id)),
        build_url: pipeline
            .urls
            .then(|| build_url(&pipeline.job, &branch, &build_id)),
        job_name,
        build_id: Some(build_id),
        result: stage.result,
        stage_ms: stage.at_ms,
        received_s: Some((stage.at_ms / 1000 + delay).min(world.calendar.as_of_ms / 1000)),
        scheduled_ms: reported(stage.scheduled_ms),
        duration_ms: reported(i64::from(stage.duration_ms)),
        step: stage.step.map(str::to_owned),
        branch: (!pipeline.terse).then_some(branch),
    }
}

/// Returns a key unique to an event of a sample: the parts do not overlap, and mixing is injective.
fn key(stage: &Stage, seed: u64) -> u64 {
    mix((build_key(stage) | u64::from(stage.position)) ^ mix(seed))
}

/// Returns a key unique to a build, whose lowest six bits are free.
fn build_key(stage: &Stage) -> u64 {
    let elsewhere = u64::from(stage.branch != Branch::Default);
    u64::from(stage.pipeline) << 40 | elsewhere << 39 | u64::from(stage.number) << 6
}

/// Returns the 40 digits of a commit.
pub fn commit_text(commit: u64) -> String {
    let [first, second, third] = [0, 1, 2].map(|part| mix(commit.wrapping_add(part)));
    let mut text = String::with_capacity(40);
    append(
        &mut text,
        format_args!("{first:016x}{second:016x}{:08x}", third >> 32),
    );
    text
}

/// Returns an id of the build's run in the form of a random UUID.
fn correlation_id(stage: &Stage, seed: u64) -> String {
    let key = mix(build_key(stage) ^ mix(seed ^ CORRELATION_KEY));
    let (high, low) = (key, mix(key));
    // The digits of the version and of the variant are fixed.
    let (version, variant) = (0x4000 | high & 0xfff, 0x8000 | low >> 48 & 0x3fff);
    let mut text = String::with_capacity(36);
    append(
        &mut text,
        format_args!(
            "{:08x}-{:04x}-{version:04x}-{variant:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            low & 0xffff_ffff_ffff
        ),
    );
    text
}

fn pool(origin: Origin, world: &World) -> &'static Pool {
    &world.catalogue.pools[usize::from(origin.pool)]
}

fn node_name(origin: Origin, world: &World) -> String {
    let pool = pool(origin, world);
    let mut name = String::with_capacity(pool.node.len() + 4);
    append(
        &mut name,
        format_args!("{}-{:02}", pool.node, u16::from(origin.node) + 1),
    );
    name
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
