//! One build of the sample: its steps in order, until it ends or fails.

use super::{
    faults::{self, Cause},
    pipelines::{Pipeline, PlannedStep},
    promotions,
    random::Random,
    world::{Origin, World},
};
use crate::server::model::BuildResult;
use serde::Serialize;

/// Percentage of builds that fail at a step that is down.
pub const FAIL_IN_OUTAGE: u32 = 88;
const QUEUE_SECONDS: [u32; 2] = [2, 40];
/// The time from the last step to the entry that ends the build.
pub const END_SECONDS: [u32; 2] = [1, 9];
/// The duration of a step that times out, in percent of the usual.
const TIME_OUT_PERCENT: u32 = 400;
/// The time until a build that lost its agent runs again.
const RETRY_SECONDS: [u32; 2] = [20, 90];
/// The share of the checkout in the time to the end of the first other step.
const CHECKOUT_PERCENT: [u32; 2] = [8, 20];

/// An event of a build in compact form, so that a whole day can be sorted.
#[derive(Clone, Copy)]
pub struct Stage {
    pub at_ms: i64,
    pub scheduled_ms: i64,
    pub duration_ms: u32,
    /// Index in the sample's pipelines.
    pub pipeline: u32,
    pub number: u32,
    /// The number of earlier events of the build.
    pub position: u8,
    pub branch: Branch,
    pub result: BuildResult,
    pub step: Option<&'static str>,
    /// None if the pipeline does not report it.
    pub origin: Option<Origin>,
    /// Sent after the build has left its node.
    pub outside_node: bool,
}

impl Stage {
    /// Lets the stage end later, or earlier, by whole seconds.
    pub fn move_by(&mut self, later_ms: i64) {
        self.at_ms += later_ms;
        let duration_ms = i64::from(self.duration_ms) + later_ms;
        self.duration_ms = u32::try_from(duration_ms).expect("no build ends before it begins");
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Branch {
    Default,
    PullRequest(u32),
    /// One of the catalogue's other branches.
    Other(&'static str),
}

/// The outcome of a build.
#[derive(Clone, Copy)]
pub enum Outcome {
    Success,
    Unstable,
    /// Fails at the step of this name, or at any.
    Failure(Option<&'static str>),
    Aborted,
    NotBuilt,
    /// Nothing more is heard of it after some step.
    Lost,
    /// A step times out, and nothing follows.
    TimedOut,
    /// Stopped in the middle of a step.
    Interrupted,
    /// Runs again after it lost its agent.
    Retried,
    /// Ends without a result.
    Unreported,
}

/// The way a build stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    Ended,
    /// It has not stopped yet.
    Running,
    Lost,
    TimedOut,
    Interrupted,
}

pub struct Build<'a> {
    pub world: &'a World,
    pub pipeline: &'a Pipeline,
    /// Index of the pipeline.
    pub index: u32,
    pub number: u32,
    pub branch: Branch,
    pub scheduled_ms: i64,
    pub origin: Option<Origin>,
    /// The wait for a node.
    pub wait_seconds: u32,
    /// A faulty node or library can break it.
    pub faults: bool,
}

/// The outcome of a build.
pub struct Built {
    /// It failed, or was aborted, for a reason of its own or in an incident.
    pub broken: bool,
    /// The cause of its failure.
    pub cause: Option<Cause>,
    /// The result and instant of its latest stage; none if all are after the sample's end.
    pub latest: Option<(BuildResult, i64)>,
    pub stop: Stop,
    /// Its steps ran again.
    pub retried: bool,
}

/// A build while its stages are generated.
struct Run<'a> {
    build: &'a Build<'a>,
    stages: &'a mut Vec<Stage>,
    stage: Stage,
    begin_ms: i64,
    /// Extra milliseconds in durations, because stages have whole seconds.
    odd_ms: u32,
    stop: Stop,
}

impl Build<'_> {
    /// Adds the build's stages up to the end of the calendar. `own` decides what `random` does not, so that
    /// faults and nodes change no other build.
    pub fn stages(
        &self,
        outcome: Outcome,
        random: &mut Random,
        own: &mut Random,
        stages: &mut Vec<Stage>,
    ) -> Built {
        let first = stages.len();
        let waits_ms = ms(random.between(QUEUE_SECONDS)) + ms(self.wait_seconds);
        let begin_ms = self.scheduled_ms + waits_ms;
        let run = Run {
            build: self,
            stages: &mut *stages,
            stage: Stage {
                at_ms: begin_ms,
                scheduled_ms: self.scheduled_ms,
                duration_ms: 0,
                pipeline: self.index,
                number: self.number,
                position: 0,
                branch: self.branch,
                result: BuildResult::Success,
                step: None,
                origin: self.origin,
                outside_node: false,
            },
            begin_ms,
            odd_ms: random.below(1000),
            stop: Stop::Ended,
        };
        let (incident, mut stop) = run.through(self.flow(), outcome, random, own);
        let broken = stages.last().is_some_and(|stage| stage.result.is_failed());
        let fault = match self.faults {
            true => faults::plant(self, stages, first, own),
            false => None,
        };
        if fault.is_some() {
            stop = Stop::Ended;
        }
        if self.pipeline.parallel {
            let parallel = &self.world.catalogue.habits.parallel_steps;
            faults::interleave(&mut stages[first..], parallel, own);
        }
        promotions::promote(self, stages, first, own);
        if leave_running(stages, first, self.world.calendar.as_of_ms) {
            stop = Stop::Running;
        }
        let checkout = &self.world.catalogue.habits.checkout_step;
        let checkouts = stages[first..].iter();
        let checkouts = checkouts.filter(|stage| stage.step == Some(checkout));
        let retried = checkouts.count() > 1;
        let latest = stages[first..].last();
        Built {
            broken,
            cause: fault.or(incident.map(Cause::Incident)),
            latest: latest.map(|stage| (stage.result, stage.at_ms)),
            stop,
            retried,
        }
    }

    fn flow(&self) -> &[PlannedStep] {
        match self.branch {
            Branch::Default => &self.pipeline.flow,
            Branch::PullRequest(_) | Branch::Other(_) => &self.pipeline.flow_elsewhere,
        }
    }
}

impl Run<'_> {
    /// Returns the index of the incident in which the build failed, and how it stopped.
    fn through(
        mut self,
        flow: &[PlannedStep],
        outcome: Outcome,
        random: &mut Random,
        own: &mut Random,
    ) -> (Option<usize>, Stop) {
        let incident = self.run(flow, outcome, random, own);
        (incident, self.stop)
    }

    fn run(
        &mut self,
        flow: &[PlannedStep],
        outcome: Outcome,
        random: &mut Random,
        own: &mut Random,
    ) -> Option<usize> {
        let world = self.build.world;
        let results = &world.catalogue.results;
        if matches!(outcome, Outcome::NotBuilt) {
            let step = flow.first().map(|step| step.name);
            self.wait(random.between([1, 15]));
            self.push(step, BuildResult::NotBuilt);
            self.end(&results.failed_step, BuildResult::NotBuilt, own);
            return None;
        }
        let turn = turning_step(flow, outcome, random);
        let warning = random.per_thousand(results.warnings);
        let takes_percent = self.build.pipeline.takes_percent(self.build.scheduled_ms);
        let mut result = BuildResult::Success;
        let mut retries = u32::from(self.build.pipeline.checks_out);
        let mut left = flow.iter().enumerate();
        while let Some((index, step)) = left.next() {
            let turns = index == turn;
            let broken = turns && matches!(outcome, Outcome::Failure(_) | Outcome::Aborted);
            let usual = step.seconds * noise_percent(random) / 100 * takes_percent / 100;
            // A failing step fails before its end.
            let share = if broken {
                random.between([30, 100])
            } else {
                100
            };
            let seconds = (usual * share / 100).max(1);
            if index == 0 && self.build.pipeline.checks_out {
                self.check_out(seconds, own);
            } else {
                self.wait(seconds);
            }
            let incident = world.calendar.incident(self.stage.at_ms, step.name);
            let incident = incident.filter(|_| random.percent(FAIL_IN_OUTAGE));
            match outcome {
                _ if incident.is_some() => {
                    self.fail(step, random);
                    return incident;
                }
                Outcome::Failure(_) if turns => {
                    self.fail(step, random);
                    return None;
                }
                Outcome::Aborted if turns => {
                    self.push(Some(step.name), BuildResult::Aborted);
                    let steps = &results.aborted_steps;
                    self.end(&steps[own.index(steps.len())], BuildResult::Aborted, own);
                    return None;
                }
                Outcome::Lost if turns => {
                    self.push(Some(step.name), result);
                    self.stop = Stop::Lost;
                    return None;
                }
                Outcome::TimedOut if turns => {
                    self.wait(seconds * (TIME_OUT_PERCENT - 100) / 100);
                    self.push(Some(step.name), BuildResult::Failure);
                    self.stop = Stop::TimedOut;
                    return None;
                }
                // Of a build without any event nobody would know.
                Outcome::Interrupted if turns && self.stage.position > 0 => {
                    self.stop = Stop::Interrupted;
                    if self.build.pipeline.ends_always {
                        self.end(&results.failed_step, BuildResult::Aborted, own);
                    }
                    return None;
                }
                Outcome::Retried if turns && retries > 0 => {
                    retries -= 1;
                    self.wait(own.between(RETRY_SECONDS));
                    self.change_node(own);
                    left = flow.iter().enumerate();
                    continue;
                }
                Outcome::Unstable if turns => result = BuildResult::Unstable,
                _ => {}
            }
            self.push(Some(step.name), result);
            if index == 0 && warning {
                self.wait(1);
                let names = &results.warning_steps;
                self.push(Some(&names[random.index(names.len())]), result);
            }
        }
        if matches!(outcome, Outcome::Unreported) {
            result = BuildResult::Unknown;
        }
        self.end(&results.succeeded_step, result, own);
        None
    }

    /// Moves to any node of the same pool.
    fn change_node(&mut self, own: &mut Random) {
        if let Some(origin) = &mut self.stage.origin {
            let nodes = self.build.world.catalogue.pools[usize::from(origin.pool)].nodes;
            origin.node = u8::try_from(own.below(nodes)).expect("pools are tested to be small");
        }
    }

    /// Waits for the first step, after a stage for the checkout if there is time for one.
    fn check_out(&mut self, seconds: u32, own: &mut Random) {
        let part = seconds * own.between(CHECKOUT_PERCENT) / 100;
        self.wait(part);
        if part > 0 {
            let step = &self.build.world.catalogue.habits.checkout_step;
            self.push(Some(step), BuildResult::Success);
        }
        self.wait(seconds - part);
    }

    fn wait(&mut self, seconds: u32) {
        self.stage.at_ms += ms(seconds);
    }

    fn push(&mut self, step: Option<&'static str>, result: BuildResult) {
        let passed_ms = u32::try_from(self.stage.at_ms - self.begin_ms);
        self.stage.duration_ms = passed_ms.expect("no build takes weeks") + self.odd_ms;
        self.stage.step = step;
        self.stage.result = result;
        self.stages.push(self.stage);
        self.stage.position += 1;
    }

    fn fail(&mut self, step: &PlannedStep, random: &mut Random) {
        let results = &self.build.world.catalogue.results;
        let nameless = random.per_thousand(results.nameless_failures);
        self.push((!nameless).then_some(step.name), BuildResult::Failure);
        self.end(&results.failed_step, BuildResult::Failure, random);
    }

    /// Adds the entry that ends the build, if the pipeline publishes it.
    fn end(&mut self, step: &'static str, result: BuildResult, random: &mut Random) {
        self.wait(random.between(END_SECONDS));
        if self.build.pipeline.silent {
            return;
        }
        self.stage.outside_node = true;
        self.push(Some(step), result);
    }
}

/// Returns the index of the step at which the build's outcome is decided.
fn turning_step(flow: &[PlannedStep], outcome: Outcome, random: &mut Random) -> usize {
    let named = match outcome {
        Outcome::Failure(name) => flow.iter().position(|step| Some(step.name) == name),
        _ => None,
    };
    named.unwrap_or_else(|| random.weighted(flow.iter().map(|step| step.breaks)))
}

/// Varies a duration: most steps take about as long as usual, a few take longer.
fn noise_percent(random: &mut Random) -> u32 {
    let usual = 88 + random.below(30);
    if random.per_thousand(60) {
        usual + random.below(90)
    } else {
        usual
    }
}

/// Drops stages after the end of the calendar; returns whether there are any: the build is still running
/// then.
fn leave_running(stages: &mut Vec<Stage>, first: usize, as_of_ms: i64) -> bool {
    let known = stages[first..]
        .iter()
        .filter(|stage| stage.at_ms <= as_of_ms);
    let known = first + known.count();
    if known == stages.len() {
        return false;
    }
    stages.truncate(known);
    true
}

fn ms(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}
