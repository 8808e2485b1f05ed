//! The events of the sample, day by day in order of time; only one day is in memory.

use super::{
    SampleOptions,
    builds::{Branch, Build, Outcome, Stage},
    calendar::{Calendar, day_of, weekday_of},
    catalogue::{Catalogue, catalogue},
    pipelines::{Pipeline, When, pipelines},
    random::Random,
    writing,
};
use crate::server::model::{DAY_MS, Event, HOUR_MS};

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

/// An iterator over the events.
pub struct Days {
    seed: u64,
    catalogue: &'static Catalogue,
    calendar: Calendar,
    pipelines: Vec<Pipeline>,
    /// The state of each pipeline between its builds.
    memories: Vec<Memory>,
    /// The next day to generate.
    day: i64,
    /// The stages of the previous day, in order of time.
    today: std::vec::IntoIter<Stage>,
    /// Stages of builds that began on that day and continue after midnight.
    tomorrow: Vec<Stage>,
}

#[derive(Clone, Copy, Default)]
struct Memory {
    builds: u32,
    builds_elsewhere: u32,
    broken: bool,
}

impl Days {
    pub fn new(options: &SampleOptions) -> Self {
        let catalogue = catalogue();
        let calendar = Calendar::new(catalogue, options.as_of_ms, options.days);
        let pipelines = pipelines(catalogue, &calendar, options.seed, options.scale);
        Self {
            seed: options.seed,
            catalogue,
            memories: vec![Memory::default(); pipelines.len()],
            pipelines,
            day: calendar.first_day(),
            calendar,
            today: Vec::new().into_iter(),
            tomorrow: Vec::new(),
        }
    }

    fn begin_day(&mut self) {
        let mut stages = std::mem::take(&mut self.tomorrow);
        for index in 0..self.pipelines.len() {
            self.build_all(index, &mut stages);
        }
        let longest_ms = i64::from(RUNNING_SECONDS[1]) * 1000;
        if self.day == day_of(self.calendar.as_of_ms - longest_ms) {
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
        let mut random = Random::of(&[self.seed, index as u64, self.day.cast_unsigned()]);
        let mut times = [i64::MAX; CHANCES];
        let builds = self.draw_times(index, &mut random, &mut times);
        times.sort_unstable();
        for &scheduled_ms in &times[..builds] {
            if scheduled_ms < self.calendar.begin_ms || scheduled_ms > self.calendar.as_of_ms {
                continue;
            }
            self.build(index, scheduled_ms, &mut random, stages);
            let pipeline = &self.pipelines[index];
            if !pipeline.flow_elsewhere.is_empty()
                && random.percent(self.catalogue.when.elsewhere_percent)
            {
                self.build_elsewhere(index, scheduled_ms, &mut random, stages);
            }
        }
    }

    /// Draws the times of a pipeline's builds on the day; returns their number.
    fn draw_times(&self, index: usize, random: &mut Random, times: &mut [i64; CHANCES]) -> usize {
        let midnight_ms = self.day * DAY_MS;
        let when = &self.catalogue.when;
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
        let outcome = self.outcome(index, scheduled_ms, random);
        let pipeline = &self.pipelines[index];
        let memory = &mut self.memories[index];
        memory.builds += 1;
        let build = Build {
            pipeline,
            index: as_u32(index),
            number: pipeline.earlier_builds + memory.builds,
            branch: Branch::Default,
            scheduled_ms,
        };
        let results = &self.catalogue.results;
        memory.broken = build.stages(outcome, &self.calendar, results, random, stages);
    }

    fn build_elsewhere(
        &mut self,
        index: usize,
        scheduled_ms: i64,
        random: &mut Random,
        stages: &mut Vec<Stage>,
    ) {
        let results = &self.catalogue.results;
        let outcome = match random.per_thousand(results.elsewhere_breaks) {
            true => Outcome::Failure(None),
            false => self.other_outcome(random).unwrap_or(Outcome::Success),
        };
        let pipeline = &self.pipelines[index];
        let memory = &mut self.memories[index];
        memory.builds_elsewhere += 1;
        let branch = if random.percent(PULL_REQUESTS_PERCENT) {
            let days = u32::try_from(self.day - self.calendar.first_day()).unwrap_or(0);
            Branch::PullRequest(pipeline.earlier_builds / 3 + days / 2 + random.below(4))
        } else {
            let names = &self.catalogue.habits.other_branches;
            Branch::Other(&names[random.index(names.len())])
        };
        let build = Build {
            pipeline,
            index: as_u32(index),
            number: memory.builds_elsewhere,
            branch,
            scheduled_ms,
        };
        build.stages(outcome, &self.calendar, results, random, stages);
    }

    fn outcome(&self, index: usize, scheduled_ms: i64, random: &mut Random) -> Outcome {
        let pipeline = &self.pipelines[index];
        if let Some((since_ms, step)) = pipeline.broken
            && scheduled_ms >= since_ms
        {
            return Outcome::Failure(Some(step));
        }
        if let Some(outcome) = self.other_outcome(random) {
            return outcome;
        }
        let breaks = if self.memories[index].broken {
            pipeline.stays_broken
        } else {
            pipeline.breaks * self.calendar.breaks_percent(self.day) / 100
        };
        match random.per_thousand(breaks) {
            true => Outcome::Failure(None),
            false => Outcome::Success,
        }
    }

    /// Draws an outcome that is neither success nor failure; none for most builds.
    fn other_outcome(&self, random: &mut Random) -> Option<Outcome> {
        let results = &self.catalogue.results;
        let mut left = random.below(1000);
        let shares = [
            (results.aborted, Outcome::Aborted),
            (results.unstable, Outcome::Unstable),
            (results.not_built, Outcome::NotBuilt),
            (results.lost, Outcome::Lost),
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
        let results = &self.catalogue.results;
        let tested = &self.catalogue.habits.tested_step;
        let mut any = false;
        for (index, pipeline) in self.pipelines.iter().enumerate() {
            let long = pipeline.flow.iter().any(|step| step.name == tested);
            let merges = matches!(pipeline.when, When::Merges(_));
            let mut random = Random::of(&[
                self.seed,
                index as u64,
                self.day.cast_unsigned(),
                RUNNING_KEY,
            ]);
            if !(long && merges && pipeline.ordinary) || any && !random.per_thousand(RUNNING) {
                continue;
            }
            any = true;
            let memory = &mut self.memories[index];
            memory.builds += 1;
            let seconds = i64::from(random.between(RUNNING_SECONDS));
            let build = Build {
                pipeline,
                index: as_u32(index),
                number: pipeline.earlier_builds + memory.builds,
                branch: Branch::Default,
                // Stages are in whole seconds, but the end may not be.
                scheduled_ms: (self.calendar.as_of_ms.div_euclid(1000) - seconds) * 1000,
            };
            build.stages(
                Outcome::Success,
                &self.calendar,
                results,
                &mut random,
                stages,
            );
        }
    }
}

impl Iterator for Days {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(stage) = self.today.next() {
                let pipeline = &self.pipelines[stage.pipeline as usize];
                return Some(writing::event(
                    &stage,
                    pipeline,
                    self.seed,
                    self.calendar.as_of_ms,
                ));
            }
            if self.day > self.calendar.last_day() {
                return None;
            }
            self.begin_day();
        }
    }
}

fn as_u32(index: usize) -> u32 {
    u32::try_from(index).expect("fewer pipelines than u32::MAX")
}
