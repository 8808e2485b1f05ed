//! Failures of builds that nothing in their code causes, and steps that run at the same time.

use super::{
    builds::{Build, END_SECONDS, Stage},
    random::Random,
};
use crate::server::model::BuildResult;

/// The time until a planted failure, in percent of the step's usual time.
const FAILS_AT_PERCENT: [u32; 2] = [30, 100];

/// The cause of a build's failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// One of the catalogue's incidents, by index.
    Incident(usize),
    BadPool,
    BadRelease,
    /// The pipeline broke and is still broken.
    Red,
    /// The builds of the pipeline fail independently of each other.
    Flaky,
    /// More breaks than usual.
    Shift,
    /// A change of its own, after a build that was good.
    Own,
    /// The build before was broken, and nobody has mended it.
    StillBroken,
    TimedOut,
    /// Nothing more was heard of the build.
    Lost,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident(_) => "incident",
            Self::BadPool => "bad_agent",
            Self::BadRelease => "bad_release",
            Self::Red => "red",
            Self::Flaky => "flaky",
            Self::Shift => "failure_shift",
            Self::Own => "own",
            Self::StillBroken => "still_broken",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
        }
    }
}

/// Fails a build if its node or its release of the library is faulty and the build reaches the step that
/// this breaks. `stages` are all of the build's.
pub fn plant(
    build: &Build<'_>,
    stages: &mut Vec<Stage>,
    first: usize,
    random: &mut Random,
) -> Option<Cause> {
    let (world, origin) = (build.world, build.origin?);
    let results = &world.catalogue.results;
    let bad_pool = &results.bad_pool;
    if usize::from(origin.pool) == world.bad_pool
        && build.scheduled_ms >= world.calendar.last_tuesday_ms()
        && random.percent(bad_pool.percent)
    {
        let step = &bad_pool.steps[random.index(bad_pool.steps.len())];
        let mut steps = [step].into_iter().chain(&bad_pool.steps);
        if steps.any(|step| fail_at(build, step, stages, first, random)) {
            return Some(Cause::BadPool);
        }
    }
    let breaks = world.library.breaks(usize::from(origin.release))?;
    let failed =
        random.percent(breaks.percent) && fail_at(build, &breaks.step, stages, first, random);
    failed.then_some(Cause::BadRelease)
}

/// Fails a build at a step that was good; returns whether there is one.
fn fail_at(
    build: &Build<'_>,
    step: &str,
    stages: &mut Vec<Stage>,
    first: usize,
    random: &mut Random,
) -> bool {
    let found = stages[first..]
        .iter()
        .position(|stage| stage.step == Some(step) && stage.result.is_good());
    let Some(position) = found.map(|position| first + position) else {
        return false;
    };
    let passed_ms = match position == first {
        true => i64::from(stages[position].duration_ms / 1000) * 1000,
        false => stages[position].at_ms - stages[position - 1].at_ms,
    };
    let percent = i64::from(random.between(FAILS_AT_PERCENT));
    let fails_ms = (passed_ms * percent / 100_000 * 1000).max(1000);
    stages.truncate(position + 1);
    let stage = &mut stages[position];
    stage.result = BuildResult::Failure;
    stage.move_by(fails_ms - passed_ms);
    if build.pipeline.silent {
        return true;
    }
    let mut last = *stage;
    last.position += 1;
    last.move_by(i64::from(random.between(END_SECONDS)) * 1000);
    last.step = Some(&build.world.catalogue.results.failed_step);
    last.outside_node = true;
    stages.push(last);
    true
}

/// Lets steps that run at the same time end in any order. The ends themselves stay.
pub fn interleave(stages: &mut [Stage], parallel: &[String], random: &mut Random) {
    let in_group = |stage: &Stage| {
        let ended = !matches!(
            stage.result,
            BuildResult::Aborted | BuildResult::NotBuilt | BuildResult::Unknown
        );
        ended
            && stage
                .step
                .is_some_and(|step| parallel.iter().any(|name| name == step))
    };
    let mut first = 0;
    while first < stages.len() {
        let length = stages[first..]
            .iter()
            .take_while(|stage| in_group(stage))
            .count();
        if length > 1 {
            let before = first
                .checked_sub(1)
                .map_or(BuildResult::Success, |index| stages[index].result);
            shuffle(&mut stages[first..first + length], before, random);
        }
        first += length.max(1);
    }
}

/// Shuffles the steps of stages; each stage then has the worst result so far.
fn shuffle(stages: &mut [Stage], before: BuildResult, random: &mut Random) {
    // A result that a step did not change says nothing about the step.
    let mut earlier = before;
    let own = stages.iter().map(|stage| {
        let changed = stage.result != earlier;
        earlier = stage.result;
        (stage.step, changed.then_some(stage.result))
    });
    let mut own: Vec<_> = own.collect();
    for position in 1..own.len() {
        own.swap(position, random.index(position + 1));
    }
    let mut worst = before;
    for (stage, (step, result)) in stages.iter_mut().zip(own) {
        if let Some(result) = result
            && (worst as u8) < result as u8
        {
            worst = result;
        }
        stage.step = step;
        stage.result = worst;
    }
}
