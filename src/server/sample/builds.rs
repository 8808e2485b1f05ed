//! One build of the sample: its steps in order, until it ends or fails.

use super::{
    calendar::Calendar,
    catalogue::Results,
    pipelines::{Pipeline, PlannedStep},
    random::Random,
};
use crate::server::model::BuildResult;

/// Percentage of builds that fail at a step that is down.
const FAIL_IN_OUTAGE: u32 = 88;
const QUEUE_SECONDS: [u32; 2] = [2, 40];

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
    /// The result was never reported.
    Lost,
}

pub struct Build<'a> {
    pub pipeline: &'a Pipeline,
    /// Index of the pipeline.
    pub index: u32,
    pub number: u32,
    pub branch: Branch,
    pub scheduled_ms: i64,
}

/// A build while its stages are generated.
struct Run<'a> {
    stages: &'a mut Vec<Stage>,
    stage: Stage,
    begin_ms: i64,
    /// Extra milliseconds in durations, because stages have whole seconds.
    odd_ms: u32,
}

impl Build<'_> {
    /// Adds the build's stages up to the end of the calendar; returns whether it failed.
    pub fn stages(
        &self,
        outcome: Outcome,
        calendar: &Calendar,
        results: &'static Results,
        random: &mut Random,
        stages: &mut Vec<Stage>,
    ) -> bool {
        let first = stages.len();
        let begin_ms = self.scheduled_ms + ms(random.between(QUEUE_SECONDS));
        let run = Run {
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
            },
            begin_ms,
            odd_ms: random.below(1000),
        };
        run.through(self.flow(), outcome, calendar, results, random);
        let failed = stages.last().is_some_and(|stage| stage.result.is_failed());
        leave_running(stages, first, calendar.as_of_ms);
        failed
    }

    fn flow(&self) -> &[PlannedStep] {
        match self.branch {
            Branch::Default => &self.pipeline.flow,
            Branch::PullRequest(_) | Branch::Other(_) => &self.pipeline.flow_elsewhere,
        }
    }
}

impl Run<'_> {
    fn through(
        mut self,
        flow: &[PlannedStep],
        outcome: Outcome,
        calendar: &Calendar,
        results: &'static Results,
        random: &mut Random,
    ) {
        if matches!(outcome, Outcome::NotBuilt) {
            let step = flow.first().map(|step| step.name);
            self.wait(random.between([1, 15]));
            return self.push(step, BuildResult::NotBuilt);
        }
        let turn = turning_step(flow, outcome, random);
        let warning = random.per_thousand(results.warnings);
        let mut result = BuildResult::Success;
        for (index, step) in flow.iter().enumerate() {
            let turns = index == turn;
            let broken = turns && matches!(outcome, Outcome::Failure(_) | Outcome::Aborted);
            let usual = step.seconds * noise_percent(random) / 100;
            // A failing step fails before its end.
            let share = if broken {
                random.between([30, 100])
            } else {
                100
            };
            self.wait((usual * share / 100).max(1));
            let down = calendar.is_down(self.stage.at_ms, step.name);
            let down = down && random.percent(FAIL_IN_OUTAGE);
            match outcome {
                _ if down => return self.fail(step, results, random),
                Outcome::Failure(_) if turns => return self.fail(step, results, random),
                Outcome::Aborted if turns => {
                    return self.push(Some(step.name), BuildResult::Aborted);
                }
                Outcome::Lost if turns => return self.push(Some(step.name), BuildResult::Unknown),
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

    fn fail(mut self, step: &PlannedStep, results: &'static Results, random: &mut Random) {
        let nameless = random.per_thousand(results.nameless_failures);
        self.push((!nameless).then_some(step.name), BuildResult::Failure);
        self.wait(random.between([1, 9]));
        self.push(Some(&results.failed_step), BuildResult::Failure);
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

/// Drops stages after the end of the calendar: the build is still running then.
fn leave_running(stages: &mut Vec<Stage>, first: usize, as_of_ms: i64) {
    let known = stages[first..]
        .iter()
        .filter(|stage| stage.at_ms <= as_of_ms);
    let known = first + known.count();
    if known == stages.len() {
        return;
    }
    stages.truncate(known);
    if let Some(latest) = stages[first..].last_mut()
        && !latest.result.is_failed()
    {
        latest.result = BuildResult::Unknown;
    }
}

fn ms(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}
