//! The events of the sample, day by day in order of time; only one day is in memory.

use super::{
    SampleOptions,
    builds::{Branch, Build, Outcome, Stage},
    calendar::{day_of, weekday_of},
    faults::Cause,
    pipelines::{Pipeline, When, pipelines},
    random::Random,
    repositories::Repository,
    truth::{Recorder, Truth},
    world::{Origin, World},
    writing,
};
use crate::server::model::{BuildResult, DAY_MS, Event, HOUR_MS};

/// The most builds of a repository in a day.
const CHANCES: usize = 6;
/// Percentage of nights in which a nightly pipeline runs.
const NIGHTS_PERCENT: u32 = 97;
/// Percentage of pull requests among builds of other branches.
const PULL_REQUESTS_PERCENT: u32 = 80;
/// The age of builds that are unfinished at the end, in seconds.
const RUNNING_SECONDS: [u32; 2] = [400, 700];
/// Ordinary pipelines per thousand that always have an unfinished build at the end.
const RUNNING: u32 = 60;
/// Makes unfinished builds independent of the day's other random numbers.
const RUNNING_KEY: u64 = 1;
/// Makes nodes, commits and faults independent of the day's other random numbers.
const ORIGIN_KEY: u64 = 2;

/// An iterator over the events.
pub struct Days {
    world: World,
    pipelines: Vec<Pipeline>,
    repositories: Vec<Repository>,
    /// The state of each pipeline between its builds.
    memories: Vec<Memory>,
    /// The next day to generate.
    day: i64,
    /// The stages of the previous day, in order of time.
    today: std::vec::IntoIter<Stage>,
    /// Stages of builds that began on that day and continue after midnight.
    tomorrow: Vec<Stage>,
    recorder: Option<Recorder>,
}

#[derive(Clone, Copy, Default)]
struct Memory {
    builds: u32,
    builds_elsewhere: u32,
    broken: bool,
    /// The commit of the latest build, and how and when that build ended.
    commit: u64,
    failed: bool,
    ended_ms: i64,
}

/// The properties of a build beside its outcome.
struct Setting {
    origin: Option<Origin>,
    wait_seconds: u32,
    random: Random,
}

impl Days {
    pub fn new(options: &SampleOptions) -> Self {
        let world = World::new(options);
        let (pipelines, repositories) = pipelines(&world, options.scale);
        Self {
            memories: vec![Memory::default(); pipelines.len()],
            pipelines,
            repositories,
            day: world.calendar.first_day(),
            world,
            today: Vec::new().into_iter(),
            tomorrow: Vec::new(),
            recorder: None,
        }
    }

    /// Generates all builds, and describes what is planted in them.
    pub fn truth(options: &SampleOptions) -> Truth {
        let mut days = Self::new(options);
        days.recorder = Some(Recorder::default());
        while days.day <= days.world.calendar.last_day() {
            days.begin_day();
        }
        let recorder = days.recorder.unwrap_or_default();
        recorder.truth(options, &days.world, &days.pipelines)
    }

    fn begin_day(&mut self) {
        let mut stages = std::mem::take(&mut self.tomorrow);
        for index in 0..self.pipelines.len() {
            self.build_all(index, &mut stages);
        }
        let longest_ms = i64::from(RUNNING_SECONDS[1]) * 1000;
        if self.day == day_of(self.world.calendar.as_of_ms - longest_ms) {
            self.leave_some_running(&mut stages);
        }
        stages.sort_unstable_by_key(|stage| {
            let build = (stage.pipeline, stage.branch, stage.number);
            (stage.at_ms, build, stage.position)
        });
        self.day += 1;
        let midnight_ms = self.day * DAY_MS;
        let today = stages.partition_point(|stage| stage.at_ms < midnight_ms);
        self.tomorrow = stages.split_off(today);
        self.today = stages.into_iter();
    }

    /// Generates the builds of a pipeline on the day, on the default branch and on others.
    fn build_all(&mut self, index: usize, stages: &mut Vec<Stage>) {
        let mut random = Random::of(&[self.world.seed, index as u64, self.day.cast_unsigned()]);
        let mut times = [i64::MAX; CHANCES];
        let builds = self.draw_times(index, &mut random, &mut times);
        times.sort_unstable();
        for &scheduled_ms in &times[..builds] {
            if scheduled_ms < self.world.calendar.begin_ms
                || scheduled_ms > self.world.calendar.as_of_ms
            {
                continue;
            }
            self.build(index, scheduled_ms, &mut random, stages);
            let pipeline = &self.pipelines[index];
            if !pipeline.flow_elsewhere.is_empty()
                && random.percent(self.world.catalogue.when.elsewhere_percent)
            {
                self.build_elsewhere(index, scheduled_ms, &mut random, stages);
            }
        }
    }

    /// Draws the times of a pipeline's builds on the day; returns their number.
    fn draw_times(&self, index: usize, random: &mut Random, times: &mut [i64; CHANCES]) -> usize {
        let midnight_ms = self.day * DAY_MS;
        let when = &self.world.catalogue.when;
        match self.pipelines[index].when {
            When::Nightly(at_ms) => {
                times[0] = midnight_ms + at_ms + i64::from(random.below(60)) * 1000;
                usize::from(random.percent(NIGHTS_PERCENT))
            }
            When::Merges(hundredths) => {
                let percent = when.weekdays[weekday_of(self.day)];
                // Per thousand, and divided among the chances.
                let chance = hundredths * percent / 10 / CHANCES as u32;
                let mut builds = 0;
                for _ in 0..CHANCES {
                    if random.per_thousand(chance) {
                        let hour = random.weighted(when.hours.iter().copied()) as i64;
                        let second = i64::from(random.below(3600));
                        times[builds] = midnight_ms + hour * HOUR_MS + second * 1000;
                        builds += 1;
                    }
                }
                builds
            }
        }
    }

    fn build(
        &mut self,
        index: usize,
        scheduled_ms: i64,
        random: &mut Random,
        stages: &mut Vec<Stage>,
    ) {
        let (outcome, own_cause) = self.outcome(index, scheduled_ms, random);
        let mut setting = self.setting(index, Branch::Default, scheduled_ms);
        let build = Build {
            faults: true,
            ..self.build_of(index, &setting, scheduled_ms)
        };
        let number = build.number;
        let mut built = build.stages(outcome, random, &mut setting.random, stages);
        built.cause = built.cause.or(own_cause);
        let commit = setting.origin.map(|origin| origin.commit);
        if let Some(recorder) = &mut self.recorder {
            let pipeline = &self.pipelines[index];
            recorder.record(as_u32(index), number, commit, &built, &self.world, pipeline);
        }
        let memory = &mut self.memories[index];
        memory.builds += 1;
        memory.broken = built.broken;
        memory.commit = commit.unwrap_or_default();
        if let Some((result, ended_ms)) = built.latest {
            memory.failed = result == BuildResult::Failure;
            memory.ended_ms = ended_ms;
        }
    }

    /// Returns a pipeline's next build of the default branch, which no fault breaks.
    fn build_of(&self, index: usize, setting: &Setting, scheduled_ms: i64) -> Build<'_> {
        let pipeline = &self.pipelines[index];
        Build {
            world: &self.world,
            pipeline,
            index: as_u32(index),
            number: pipeline.earlier_builds + self.memories[index].builds + 1,
            branch: Branch::Default,
            scheduled_ms,
            origin: setting.origin,
            wait_seconds: setting.wait_seconds,
            faults: false,
        }
    }

    fn build_elsewhere(
        &mut self,
        index: usize,
        scheduled_ms: i64,
        random: &mut Random,
        stages: &mut Vec<Stage>,
    ) {
        let results = &self.world.catalogue.results;
        let outcome = match random.per_thousand(results.elsewhere_breaks) {
            true => Outcome::Failure(None),
            false => self.other_outcome(random).unwrap_or(Outcome::Success),
        };
        let earlier_builds = self.pipelines[index].earlier_builds;
        let branch = if random.percent(PULL_REQUESTS_PERCENT) {
            let days = u32::try_from(self.day - self.world.calendar.first_day()).unwrap_or(0);
            Branch::PullRequest(earlier_builds / 3 + days / 2 + random.below(4))
        } else {
            let names = &self.world.catalogue.habits.other_branches;
            Branch::Other(&names[random.index(names.len())])
        };
        let mut setting = self.setting(index, branch, scheduled_ms);
        let build = Build {
            number: self.memories[index].builds_elsewhere + 1,
            branch,
            faults: true,
            ..self.build_of(index, &setting, scheduled_ms)
        };
        build.stages(outcome, random, &mut setting.random, stages);
        self.memories[index].builds_elsewhere += 1;
    }

    /// Draws the node, commit and library of a pipeline's next build.
    fn setting(&mut self, index: usize, branch: Branch, scheduled_ms: i64) -> Setting {
        let memory = &self.memories[index];
        let elsewhere = branch != Branch::Default;
        let number = if elsewhere {
            memory.builds_elsewhere
        } else {
            memory.builds
        };
        let build = u64::from(number) << 1 | u64::from(elsewhere);
        let mut random = Random::of(&[self.world.seed, index as u64, build, ORIGIN_KEY]);
        let pipeline = &self.pipelines[index];
        if pipeline.terse {
            return Setting {
                origin: None,
                wait_seconds: 0,
                random,
            };
        }
        let shares = pipeline.pools.iter().map(|(_, share)| *share);
        let (pool, _) = pipeline.pools[random.weighted(shares)];
        let nodes = self.world.catalogue.pools[usize::from(pool)].nodes;
        let node = u8::try_from(random.below(nodes)).expect("pools are tested to be small");
        let release = self.world.library.release_at(as_u32(index), scheduled_ms);
        let wait_seconds = self
            .world
            .wait_seconds(usize::from(pool), scheduled_ms, &mut random);
        let commit = match elsewhere {
            true => random.draw(),
            false => self.commit(index, scheduled_ms, &mut random),
        };
        Setting {
            origin: Some(Origin {
                commit,
                pool,
                node,
                release: u16::try_from(release).expect("a few releases a month"),
            }),
            wait_seconds,
            random,
        }
    }

    /// Returns the commit that a pipeline's next build has: a new one, or that of the build before.
    fn commit(&mut self, index: usize, scheduled_ms: i64, random: &mut Random) -> u64 {
        let (pipeline, memory) = (&self.pipelines[index], &self.memories[index]);
        let habits = &self.world.catalogue.habits;
        let repository = &mut self.repositories[pipeline.repository];
        if matches!(pipeline.when, When::Nightly(_)) {
            if !repository.merged && random.per_thousand(habits.nightly_commits) {
                repository.commit(scheduled_ms);
            }
            return repository.latest(scheduled_ms);
        }
        let reruns = &habits.reruns;
        let share = match (memory.failed, pipeline.flaky) {
            (true, true) => reruns.flaky,
            (true, false) => reruns.failed,
            (false, _) => reruns.good,
        };
        let within_ms = i64::from(reruns.hours) * HOUR_MS;
        let soon = (1..=within_ms).contains(&(scheduled_ms - memory.ended_ms));
        if random.per_thousand(share) && soon {
            memory.commit
        } else {
            repository.commit(scheduled_ms)
        }
    }

    /// Draws the outcome of a pipeline's next build, and its cause if it fails or is lost.
    fn outcome(
        &self,
        index: usize,
        scheduled_ms: i64,
        random: &mut Random,
    ) -> (Outcome, Option<Cause>) {
        let pipeline = &self.pipelines[index];
        if let Some((since_ms, step)) = pipeline.broken
            && scheduled_ms >= since_ms
        {
            return (Outcome::Failure(Some(step)), Some(Cause::Red));
        }
        if let Some(outcome) = self.other_outcome(random) {
            let cause = match outcome {
                Outcome::TimedOut => Some(Cause::TimedOut),
                Outcome::Lost | Outcome::Interrupted => Some(Cause::Lost),
                _ => None,
            };
            return (outcome, cause);
        }
        let (breaks, cause) = if let Some(share) = pipeline.breaks_more(scheduled_ms) {
            (share, Cause::Shift)
        } else if self.memories[index].broken {
            (pipeline.stays_broken, Cause::StillBroken)
        } else {
            let percent = self.world.calendar.breaks_percent(self.day);
            (pipeline.breaks * percent / 100, Cause::Own)
        };
        let cause = if pipeline.flaky { Cause::Flaky } else { cause };
        match random.per_thousand(breaks) {
            true => (Outcome::Failure(None), Some(cause)),
            false => (Outcome::Success, None),
        }
    }

    /// Draws an outcome that is neither success nor failure; none for most builds.
    fn other_outcome(&self, random: &mut Random) -> Option<Outcome> {
        let results = &self.world.catalogue.results;
        let mut left = random.below(1000);
        let shares = [
            (results.aborted, Outcome::Aborted),
            (results.unstable, Outcome::Unstable),
            (results.not_built, Outcome::NotBuilt),
            (results.lost, Outcome::Lost),
            (results.timed_out, Outcome::TimedOut),
            (results.interrupted, Outcome::Interrupted),
            (results.retried, Outcome::Retried),
            (results.unreported, Outcome::Unreported),
        ];
        for (share, outcome) in shares {
            if left < share {
                return Some(outcome);
            }
            left -= share;
        }
        None
    }

    /// Generates builds that are still running at the end.
    fn leave_some_running(&mut self, stages: &mut Vec<Stage>) {
        let tested = &self.world.catalogue.habits.tested_step;
        let mut any = false;
        for index in 0..self.pipelines.len() {
            let pipeline = &self.pipelines[index];
            let long = pipeline.flow.iter().any(|step| step.name == tested);
            let merges = matches!(pipeline.when, When::Merges(_));
            let mut random = Random::of(&[
                self.world.seed,
                index as u64,
                self.day.cast_unsigned(),
                RUNNING_KEY,
            ]);
            if !(long && merges && pipeline.ordinary) || any && !random.per_thousand(RUNNING) {
                continue;
            }
            any = true;
            let seconds = i64::from(random.between(RUNNING_SECONDS));
            // Stages are in whole seconds, but the end may not be.
            let scheduled_ms = (self.world.calendar.as_of_ms.div_euclid(1000) - seconds) * 1000;
            let mut setting = self.setting(index, Branch::Default, scheduled_ms);
            let build = Build {
                wait_seconds: 0,
                ..self.build_of(index, &setting, scheduled_ms)
            };
            let number = build.number;
            let built = build.stages(Outcome::Success, &mut random, &mut setting.random, stages);
            if let Some(recorder) = &mut self.recorder {
                let (index, pipeline) = (as_u32(index), &self.pipelines[index]);
                let commit = setting.origin.map(|origin| origin.commit);
                recorder.record(index, number, commit, &built, &self.world, pipeline);
            }
            self.memories[index].builds += 1;
        }
    }
}

impl Iterator for Days {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(stage) = self.today.next() {
                let pipeline = &self.pipelines[stage.pipeline as usize];
                return Some(writing::event(&stage, pipeline, &self.world));
            }
            if self.day > self.world.calendar.last_day() {
                return None;
            }
            self.begin_day();
        }
    }
}

fn as_u32(index: usize) -> u32 {
    u32::try_from(index).expect("fewer pipelines than u32::MAX")
}
