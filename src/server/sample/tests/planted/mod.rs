//! The events of a sample have everything that is planted in it, as its description says.

mod faults;
mod origins;

use std::sync::LazyLock;

use super::*;
use crate::server::{
    model::{BuildResult::*, Rules},
    sample::truth::Truth,
};

const DAYS: u16 = 60;
const SEEDS: u64 = 3;

/// A sample whose builds have at least one event each, in order of time.
struct Sample {
    options: SampleOptions,
    builds: Vec<Vec<Event>>,
    truth: Truth,
}

fn samples() -> &'static [Sample] {
    static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let seeds = (1..=SEEDS).map(|seed| {
            let options = SampleOptions {
                seed,
                ..options(DAYS)
            };
            Sample {
                options,
                builds: by_build(events(&options)),
                truth: truth(&options),
            }
        });
        seeds.collect()
    });
    &SAMPLES
}

impl Sample {
    /// The builds of default branches.
    fn on_page(&self) -> impl Iterator<Item = &Vec<Event>> {
        self.builds.iter().filter(|build| on_page(&build[0]))
    }

    /// The builds of a pipeline, by the time of their schedule.
    fn of_pipeline(&self, name: &str) -> Vec<&Vec<Event>> {
        let all = self.builds.iter();
        let mut builds: Vec<_> = all.filter(|build| build[0].job_name == name).collect();
        builds.sort_by_key(|build| build[0].scheduled_ms);
        builds
    }
}

/// Returns half a year of the pipelines that are described by name.
fn described_pipelines() -> impl Iterator<Item = Sample> {
    (1..=SEEDS).map(|seed| {
        let options = SampleOptions {
            seed,
            ..options(180)
        };
        let truth = truth(&options);
        let shifts = truth.duration_shifts.iter().map(|shift| &shift.pipeline);
        let names = shifts
            .chain(truth.failure_shifts.iter().map(|shift| &shift.pipeline))
            .chain(truth.red.iter().map(|red| &red.pipeline))
            .chain(truth.flaky.iter().map(|flaky| &flaky.pipeline));
        let names: HashSet<&String> = names.collect();
        let events = events(&options).filter(|event| names.contains(&event.job_name));
        Sample {
            options,
            builds: by_build(events),
            truth,
        }
    })
}

fn by_build(events: impl Iterator<Item = Event>) -> Vec<Vec<Event>> {
    let mut builds: BTreeMap<_, Vec<Event>> = BTreeMap::new();
    for event in events {
        let tag = event.build_tag.clone();
        builds.entry(tag).or_default().push(event);
    }
    builds.into_values().collect()
}

fn rules() -> Rules {
    Config::built_in().rules
}

fn last(build: &[Event]) -> &Event {
    build.last().expect("an event")
}

fn is_good(build: &[Event]) -> bool {
    last(build).result.is_good()
}

fn is_ended(build: &[Event], rules: &Rules) -> bool {
    let step = last(build).step.as_deref();
    step.is_some_and(|step| rules.steps.is_final(step))
}

/// The build ended, or its pipeline is silent, or it went wrong without an end.
fn is_completed(sample: &Sample, build: &[Event], rules: &Rules) -> bool {
    let last = last(build);
    let old = last.stage_ms < sample.options.as_of_ms - rules.ends.failed_after_ms;
    is_ended(build, rules)
        || sample.truth.silent.contains(&last.job_name)
        || old && matches!(last.result, Failure | Aborted | NotBuilt)
}

/// The pipeline and the number of a build, as they are described.
fn identity(build: &[Event]) -> (&str, u32) {
    let number = build[0].build_id.as_deref().expect("a number");
    (&build[0].job_name, number.parse().expect("digits"))
}

/// Returns the first event that says that the build failed.
fn failure(build: &[Event]) -> Option<&Event> {
    build.iter().find(|event| event.result == Failure)
}

fn failed_at(build: &[Event], step: &str) -> bool {
    failure(build).is_some_and(|event| event.step.as_deref() == Some(step))
}

fn has_step(build: &[Event], step: &str) -> bool {
    build
        .iter()
        .any(|event| event.step.as_deref() == Some(step))
}

fn labels(build: &[Event]) -> Option<&str> {
    build[0].toolchain.node_labels.as_deref()
}

fn ms(instant: &str) -> i64 {
    let instant: jiff::Timestamp = instant.parse().expect("an instant");
    instant.as_millisecond()
}

/// Returns the percentage of the builds that match, and their number.
fn share<'a>(
    builds: impl Iterator<Item = &'a Vec<Event>>,
    matches: impl Fn(&'a Vec<Event>) -> bool,
) -> (f64, usize) {
    let (mut all, mut found) = (0, 0);
    for build in builds {
        all += 1;
        found += usize::from(matches(build));
    }
    (100.0 * found as f64 / all.max(1) as f64, all)
}
