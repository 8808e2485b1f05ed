//! Describes what is planted in the sample, so that what finds it can be checked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    SampleOptions,
    builds::{Built, FAIL_IN_OUTAGE, Stop},
    faults::Cause,
    pipelines::Pipeline,
    world::World,
    writing::commit_text,
};
use crate::server::model::{BuildResult, DAY_MS, EndRules};

/// The time within which a good build of the same commit makes a failure flaky.
const FLAKY_WITHIN_MS: i64 = DAY_MS;

/// The limits by which builds without an end are decided.
const RULES: EndRules = EndRules::DEFAULT;

/// The faults and changes planted in a sample. Counts and builds are those of the default branches.
#[derive(Debug, PartialEq, Serialize)]
pub struct Truth {
    pub seed: u64,
    pub days: u16,
    pub scale: f64,
    pub as_of: String,
    pub incidents: Vec<Incident>,
    pub bad_agent: BadAgent,
    /// None if the sample begins after it was replaced.
    pub bad_release: Option<BadRelease>,
    pub duration_shifts: Vec<DurationShift>,
    pub failure_shifts: Vec<FailureShift>,
    pub red: Vec<Red>,
    pub flaky: Vec<Flaky>,
    /// Parallel steps end in any order.
    pub parallel_steps: &'static [String],
    /// The number of commits that a pipeline built more than once to the end.
    pub repeated_commits: u32,
    /// Those of them with failures.
    pub reruns: Vec<Rerun>,
    /// The pipelines that do not publish the end of a build.
    pub silent: Vec<String>,
    /// The builds of other pipelines that did not come to their end.
    pub unfinished: Vec<Unfinished>,
    /// The builds that ran again after they lost their agents.
    pub retried: Vec<Retried>,
    /// The failed and lost builds, by cause.
    pub causes: Vec<Caused>,
}

/// The builds of a pipeline that failed, or were lost, for the same cause.
#[derive(Debug, PartialEq, Serialize)]
pub struct Caused {
    pub cause: &'static str,
    /// For an incident: its index in `incidents`.
    pub incident: Option<usize>,
    pub pipeline: String,
    pub numbers: Vec<u32>,
}

/// Hours in which most builds failed at a step.
#[derive(Debug, PartialEq, Serialize)]
pub struct Incident {
    pub step: &'static str,
    pub from: String,
    pub until: String,
    pub fail_percent: u32,
    /// The number of builds that failed because of it.
    pub failed: u32,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct BadAgent {
    pub labels: &'static str,
    pub since: String,
    pub steps: &'static [String],
    pub fail_percent: u32,
    pub failed: u32,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct BadRelease {
    pub library: &'static str,
    pub version: String,
    pub step: &'static str,
    /// The instants of this release and of the next one; pipelines follow within `lag_hours`.
    pub from: String,
    pub until: String,
    pub lag_hours: u32,
    pub fail_percent: u32,
    pub failed: u32,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct DurationShift {
    pub pipeline: String,
    pub at: String,
    pub factor: f64,
}

/// A change of the share of builds that fail after a good one.
#[derive(Debug, PartialEq, Serialize)]
pub struct FailureShift {
    pub pipeline: String,
    pub at: String,
    pub from_percent: f64,
    pub to_percent: f64,
}

/// A pipeline that broke and is still broken.
#[derive(Debug, PartialEq, Serialize)]
pub struct Red {
    pub pipeline: String,
    pub since: String,
    pub step: &'static str,
}

/// A pipeline whose builds fail independently of each other.
#[derive(Debug, PartialEq, Serialize)]
pub struct Flaky {
    pub pipeline: String,
    pub fail_percent: f64,
}

/// The completed builds of a commit that a pipeline built more than once, by number.
#[derive(Debug, PartialEq, Serialize)]
pub struct Rerun {
    pub pipeline: String,
    pub commit: String,
    pub failed: Vec<u32>,
    pub good: Vec<u32>,
    /// The failures that a good build followed within 24 hours.
    pub flaky: Vec<u32>,
}

/// A build that stopped before its end, or has not stopped yet.
#[derive(Debug, PartialEq, Serialize)]
pub struct Unfinished {
    pub pipeline: String,
    pub number: u32,
    pub stop: Stop,
    pub latest_event: String,
    /// Its result at the end of the sample.
    pub result: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Retried {
    pub pipeline: String,
    pub number: u32,
}

/// Collects what only the builds themselves show.
#[derive(Default)]
pub struct Recorder {
    failed: BTreeMap<Cause, u32>,
    /// The numbers of failed and lost builds, by cause and pipeline.
    causes: BTreeMap<(Cause, u32), Vec<u32>>,
    /// The completed builds of each pipeline's latest commit.
    runs: BTreeMap<u32, Runs>,
    repeated_commits: u32,
    /// By pipeline, those with failures.
    reruns: Vec<(u32, Runs)>,
    /// By pipeline and number.
    unfinished: BTreeMap<(u32, u32), (Stop, BuildResult, i64)>,
    retried: BTreeSet<(u32, u32)>,
}

struct Runs {
    commit: u64,
    builds: Vec<Run>,
}

struct Run {
    number: u32,
    failed: bool,
    ended_ms: i64,
}

impl Runs {
    fn rerun(&self, pipeline: String) -> Rerun {
        let is_flaky = |failed: &Run| {
            let mut good = self.builds.iter().filter(|run| !run.failed);
            good.any(|good| (1..=FLAKY_WITHIN_MS).contains(&(good.ended_ms - failed.ended_ms)))
        };
        let numbers = |wanted: &dyn Fn(&Run) -> bool| {
            let wanted = self.builds.iter().filter(|run| wanted(run));
            wanted.map(|run| run.number).collect()
        };
        Rerun {
            pipeline,
            commit: commit_text(self.commit),
            failed: numbers(&|run| run.failed),
            good: numbers(&|run| !run.failed),
            flaky: numbers(&|run| run.failed && is_flaky(run)),
        }
    }
}

impl Recorder {
    /// Records a build of a default branch.
    pub fn record(
        &mut self,
        index: u32,
        number: u32,
        commit: Option<u64>,
        built: &Built,
        world: &World,
        pipeline: &Pipeline,
    ) {
        let Some((result, ended_ms)) = built.latest else {
            return;
        };
        let age_ms = world.calendar.as_of_ms - ended_ms;
        let result_now = match built.stop {
            _ if pipeline.silent => result,
            Stop::Ended => result,
            // Published.
            Stop::Interrupted if pipeline.ends_always => result,
            _ if result == BuildResult::Failure && age_ms > RULES.failed_after_ms => result,
            _ if age_ms > RULES.lost_after_ms => BuildResult::Lost,
            _ => BuildResult::Running,
        };
        if built.stop != Stop::Ended && !pipeline.silent {
            let unfinished = (built.stop, result_now, ended_ms);
            self.unfinished.insert((index, number), unfinished);
        }
        if built.retried {
            self.retried.insert((index, number));
        }
        let failed = result == BuildResult::Failure;
        if failed && let Some(cause) = built.cause {
            *self.failed.entry(cause).or_default() += 1;
        }
        if matches!(result_now, BuildResult::Failure | BuildResult::Lost)
            && let Some(cause) = built.cause
        {
            let numbers = self.causes.entry((cause, index)).or_default();
            numbers.push(number);
        }
        let counts = failed || result.is_good();
        let completed = result_now.is_completed();
        let Some(commit) = commit.filter(|_| completed && counts) else {
            return;
        };
        let run = Run {
            number,
            failed,
            ended_ms,
        };
        match self.runs.get_mut(&index) {
            Some(runs) if runs.commit == commit => runs.builds.push(run),
            _ => {
                let builds = vec![run];
                let before = self.runs.insert(index, Runs { commit, builds });
                if let Some(runs) = before {
                    self.close(index, runs);
                }
            }
        }
    }

    fn close(&mut self, pipeline: u32, runs: Runs) {
        if runs.builds.len() > 1 {
            self.repeated_commits += 1;
            if runs.builds.iter().any(|run| run.failed) {
                self.reruns.push((pipeline, runs));
            }
        }
    }

    /// Describes the sample whose builds were recorded.
    pub fn truth(
        mut self,
        options: &SampleOptions,
        world: &World,
        pipelines: &[Pipeline],
    ) -> Truth {
        for (pipeline, runs) in std::mem::take(&mut self.runs) {
            self.close(pipeline, runs);
        }
        let order = |(pipeline, runs): &(u32, Runs)| (*pipeline, runs.builds[0].number);
        self.reruns.sort_by_key(order);
        let name = |pipeline: &Pipeline| [&pipeline.job, "/", pipeline.branch].concat();
        let failed = |cause| self.failed.get(&cause).copied().unwrap_or_default();
        let results = &world.catalogue.results;
        let incidents = world
            .calendar
            .incidents()
            .map(|(index, incident)| Incident {
                step: incident.step,
                from: instant(incident.from_ms),
                until: instant(incident.to_ms),
                fail_percent: FAIL_IN_OUTAGE,
                failed: failed(Cause::Incident(index)),
            });
        let releases = &world.library.releases;
        let bad = world.library.bad_release();
        let until_ms = releases[bad + 1].at_ms;
        let bad_release = (until_ms > world.calendar.begin_ms).then(|| BadRelease {
            library: world.library.name(),
            version: releases[bad].version.clone(),
            step: &results.bad_release.step,
            from: instant(releases[bad].at_ms),
            until: instant(until_ms),
            lag_hours: world.catalogue.library.lag_hours,
            fail_percent: results.bad_release.percent,
            failed: failed(Cause::BadRelease),
        });
        let shifted = pipelines.iter();
        let duration_shifts = shifted.filter_map(|pipeline| {
            let shift = pipeline.duration_shift?;
            Some(DurationShift {
                pipeline: name(pipeline),
                at: instant(shift.at_ms),
                factor: f64::from(shift.after) / f64::from(shift.before),
            })
        });
        let shifted = pipelines.iter();
        let failure_shifts = shifted.filter_map(|pipeline| {
            let shift = pipeline.failure_shift?;
            Some(FailureShift {
                pipeline: name(pipeline),
                at: instant(shift.at_ms),
                from_percent: percent(shift.before),
                to_percent: percent(shift.after),
            })
        });
        let red = pipelines.iter().filter_map(|pipeline| {
            let (since_ms, step) = pipeline.broken?;
            Some(Red {
                pipeline: name(pipeline),
                since: instant(since_ms),
                step,
            })
        });
        let flaky = pipelines.iter().filter(|pipeline| pipeline.flaky);
        let flaky = flaky.map(|pipeline| Flaky {
            pipeline: name(pipeline),
            fail_percent: percent(pipeline.breaks),
        });
        let reruns = self.reruns.iter();
        let reruns = reruns.map(|(index, runs)| runs.rerun(name(&pipelines[*index as usize])));
        let silent = pipelines.iter().filter(|pipeline| pipeline.silent);
        let unfinished = self.unfinished.iter();
        let unfinished = unfinished.map(|(&(index, number), &(stop, result, at_ms))| Unfinished {
            pipeline: name(&pipelines[index as usize]),
            number,
            stop,
            latest_event: instant(at_ms),
            result: result.as_str(),
        });
        let retried = self.retried.iter().map(|&(index, number)| Retried {
            pipeline: name(&pipelines[index as usize]),
            number,
        });
        let known: Vec<usize> = world.calendar.incidents().map(|(index, _)| index).collect();
        let causes = self.causes.into_iter();
        let causes = causes.map(|((cause, index), numbers)| Caused {
            cause: cause.as_str(),
            incident: match cause {
                Cause::Incident(number) => known.iter().position(|&index| index == number),
                _ => None,
            },
            pipeline: name(&pipelines[index as usize]),
            numbers,
        });
        let causes = causes.collect();
        Truth {
            seed: options.seed,
            days: options.days,
            scale: options.scale,
            as_of: instant(options.as_of_ms),
            incidents: incidents.collect(),
            bad_agent: BadAgent {
                labels: &results.bad_pool.labels,
                since: instant(world.calendar.last_tuesday_ms()),
                steps: &results.bad_pool.steps,
                fail_percent: results.bad_pool.percent,
                failed: failed(Cause::BadPool),
            },
            bad_release,
            duration_shifts: duration_shifts.collect(),
            failure_shifts: failure_shifts.collect(),
            red: red.collect(),
            flaky: flaky.collect(),
            parallel_steps: &world.catalogue.habits.parallel_steps,
            repeated_commits: self.repeated_commits,
            reruns: reruns.collect(),
            silent: silent.map(name).collect(),
            unfinished: unfinished.collect(),
            retried: retried.collect(),
            causes,
        }
    }
}

fn percent(per_thousand: u32) -> f64 {
    f64::from(per_thousand) / 10.0
}

fn instant(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).expect("samples are of this era");
    at.to_string()
}
