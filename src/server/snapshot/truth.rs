//! Decides which builds are completed, still running or lost.
//!
//! An event has the result of its build so far. A running build says success while nothing has failed, and
//! one that is interrupted publishes nothing more. So the result of a build also depends on the time of the
//! data, and on whether its pipeline tells when its builds end.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt as _};

use super::{Builds, Pipeline, Snapshot};
use crate::server::model::{BuildResult, DAY_MS, EndRules};

/// A pipeline is judged by its builds of so many days,
const JUDGED_MS: i64 = 180 * DAY_MS;
/// by at least so many of them,
const MIN_JUDGED: u32 = 5;
/// and tells when its builds end if at least so many percent of them did.
const MIN_PERCENT: u64 = 50;

/// The evidence for the result of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// An event says that the build ended.
    FinalStep,
    /// The pipeline does not tell when its builds end.
    LatestEvent,
    /// The latest event says that the build went wrong, and nothing followed.
    TimedOutOrInterrupted,
    StillRunning,
    /// Nothing has followed the latest event for long.
    Lost,
}

impl Evidence {
    /// The evidence for readers.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FinalStep => "an event says that the build ended",
            Self::LatestEvent => "the latest event: this pipeline does not say when a build ends",
            Self::TimedOutOrInterrupted => "timed out or interrupted: nothing followed its failure",
            Self::StillRunning => "still running: no event says that the build ended",
            Self::Lost => "lost: its events stopped, and none says that the build ended",
        }
    }

    /// Returns the result of a build whose latest event has this one.
    const fn result(self, latest: BuildResult) -> BuildResult {
        match self {
            Self::FinalStep | Self::LatestEvent | Self::TimedOutOrInterrupted => latest,
            Self::StillRunning => BuildResult::Running,
            Self::Lost => BuildResult::Lost,
        }
    }
}

/// The part of a build's events that shows whether it ended.
#[derive(Clone, Copy, Debug)]
pub struct LatestEvent {
    pub result: BuildResult,
    pub at_ms: i64,
    /// This or an earlier event says that the build ended.
    pub ended: bool,
}

/// The time and the limits by which builds are decided.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    pub as_of_ms: i64,
    pub rules: EndRules,
}

impl Judge {
    /// Returns the result of a build.
    pub const fn result(&self, latest: LatestEvent, tells_end: bool) -> BuildResult {
        self.evidence(latest, tells_end).result(latest.result)
    }

    const fn evidence(&self, latest: LatestEvent, tells_end: bool) -> Evidence {
        if latest.ended {
            return Evidence::FinalStep;
        }
        if !tells_end {
            return Evidence::LatestEvent;
        }
        let age_ms = self.as_of_ms.saturating_sub(latest.at_ms);
        let went_wrong = matches!(
            latest.result,
            BuildResult::Failure | BuildResult::Aborted | BuildResult::NotBuilt
        );
        if went_wrong && age_ms > self.rules.failed_after_ms {
            Evidence::TimedOutOrInterrupted
        } else if age_ms <= self.rules.lost_after_ms {
            Evidence::StillRunning
        } else {
            Evidence::Lost
        }
    }

    /// Returns whether a build shows if its pipeline tells when its builds end.
    const fn is_judged(&self, latest: LatestEvent) -> bool {
        let age_ms = self.as_of_ms.saturating_sub(latest.at_ms);
        latest.result.is_good() && self.rules.lost_after_ms < age_ms && age_ms < JUDGED_MS
    }
}

/// The builds by which a pipeline or a system is judged, and those of them that told their end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    judged: u32,
    told: u32,
}

impl Ends {
    /// Counts a build if it shows whether its pipeline tells when its builds end.
    pub fn add(&mut self, judge: &Judge, latest: LatestEvent) {
        let judged = u32::from(judge.is_judged(latest));
        self.judged += judged;
        self.told += judged & u32::from(latest.ended);
    }

    /// Returns whether the pipeline or system tells when its builds end; none if too few builds show it.
    fn tell(self) -> Option<bool> {
        let enough = u64::from(self.judged) * MIN_PERCENT <= u64::from(self.told) * 100;
        (self.judged >= MIN_JUDGED).then_some(enough)
    }
}

/// Returns whether each pipeline tells when its builds end, from its system and its builds. Where these are
/// too few, the builds of all pipelines of its system decide.
pub fn tell_ends<S: Copy + Eq + Hash>(pipelines: &[(S, Ends)]) -> Vec<bool> {
    let mut systems: HashMap<S, Ends> = HashMap::new();
    for &(system, Ends { judged, told }) in pipelines {
        let all = systems.entry(system).or_default();
        all.judged += judged;
        all.told += told;
    }
    let tells = |&(system, ends): &(S, Ends)| {
        let of_system = || systems.get(&system).and_then(|all| all.tell());
        ends.tell().or_else(of_system).unwrap_or(false)
    };
    pipelines.iter().map(tells).collect()
}

/// Sets which pipelines tell when their builds end, and the result of every build.
pub(super) fn decide(
    builds: &mut Builds,
    pipelines: &mut [Pipeline],
    as_of_ms: Option<i64>,
    rules: EndRules,
) {
    builds.result.clone_from(&builds.latest_result);
    let Some(as_of_ms) = as_of_ms else {
        return;
    };
    let judge = Judge { as_of_ms, rules };
    // Nearly all builds are older than this. Their exact age decides nothing, so it stands for theirs: without
    // it, the two loops take half the time.
    let old_ms = as_of_ms.saturating_sub(rules.lost_after_ms + 1);
    let old = |result, ended| LatestEvent {
        result,
        at_ms: old_ms,
        ended,
    };
    let up_to = |limit_ms: i64| builds.finished_ms.partition_point(|&at| at <= limit_ms);
    let recent = up_to(old_ms);
    let judged = up_to(as_of_ms.saturating_sub(JUDGED_MS)).min(recent)..recent;
    let mut ends = vec![Ends::default(); pipelines.len()];
    let columns = builds.pipeline[judged.clone()].iter();
    let columns = columns.zip(&builds.latest_result[judged.clone()]);
    for ((&pipeline, &result), &ended) in columns.zip(&builds.ended[judged]) {
        ends[pipeline as usize].add(&judge, old(result, ended));
    }
    let systems = pipelines.iter().map(|pipeline| pipeline.system.as_str());
    let of_systems: Vec<(&str, Ends)> = systems.zip(ends).collect();
    let tell_ends = tell_ends(&of_systems);
    for (pipeline, &tells_end) in pipelines.iter_mut().zip(&tell_ends) {
        pipeline.tells_end = tells_end;
    }
    let columns = builds.result[..recent].iter_mut();
    let columns = columns.zip(&builds.pipeline).zip(&builds.latest_result);
    for (((result, &pipeline), &latest), &ended) in columns.zip(&builds.ended) {
        *result = judge.result(old(latest, ended), tell_ends[pipeline as usize]);
    }
    for build in recent..builds.len() {
        let tells_end = tell_ends[builds.pipeline[build] as usize];
        builds.result[build] = judge.result(builds.latest_event(build), tells_end);
    }
}

impl Builds {
    fn latest_event(&self, build: usize) -> LatestEvent {
        LatestEvent {
            result: self.latest_result[build],
            at_ms: self.finished_ms[build],
            ended: self.ended[build],
        }
    }
}

impl Snapshot {
    /// Returns how the result of a build is known; none without any data.
    pub fn evidence(&self, build: usize) -> Option<Evidence> {
        let judge = Judge {
            as_of_ms: self.as_of_ms?,
            rules: self.config.rules.ends,
        };
        let tells_end = self.pipelines[self.builds.pipeline[build] as usize].tells_end;
        Some(judge.evidence(self.builds.latest_event(build), tells_end))
    }

    /// Returns how many pipelines do not tell when their builds end.
    pub fn pipelines_without_ends(&self) -> usize {
        let silent = self.pipelines.iter().filter(|known| !known.tells_end);
        silent.count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::server::{
        config::Config,
        model::{HOUR_MS, MINUTE_MS, System},
        snapshot::{BuildDetails, BuildRecord, SnapshotBuilder, security::Security},
    };

    const AS_OF_MS: i64 = 400 * DAY_MS;

    const JUDGE: Judge = Judge {
        as_of_ms: AS_OF_MS,
        rules: EndRules::DEFAULT,
    };

    /// A build whose latest event is so many minutes old.
    #[derive(Clone, Copy, Debug)]
    struct Known {
        pipeline: usize,
        number: u32,
        result: BuildResult,
        minutes: i64,
        ended: bool,
    }

    /// A pipeline has the name of its number; the last ones belong to another system.
    fn snapshot(builds: &[Known], as_of_ms: i64) -> Snapshot {
        let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
        push(&mut builder, builds);
        builder.finish("v".to_owned(), Some(as_of_ms), Security::default())
    }

    fn push(builder: &mut SnapshotBuilder, builds: &[Known]) {
        for build in builds {
            let (job_name, build_id) = (build.pipeline.to_string(), build.number.to_string());
            let finished_ms = AS_OF_MS - build.minutes * MINUTE_MS;
            let system = if build.pipeline < 3 { "jenkins" } else { "sds" };
            builder.push_record(&BuildRecord {
                job_name: &job_name,
                build_id: &build_id,
                branch: None,
                result: build.result,
                nightly: false,
                started_ms: finished_ms - HOUR_MS,
                finished_ms,
                duration_ms: None,
                failing_step: None,
                functional_test_ms: None,
                details: BuildDetails {
                    system: System::new(system).expect("a name"),
                    ended: build.ended,
                    ..BuildDetails::default()
                },
            });
        }
    }

    /// So many good builds of yesterday, of which so many told their end.
    fn yesterday(pipeline: usize, builds: u32, told: u32) -> impl Iterator<Item = Known> {
        (0..builds).map(move |number| Known {
            pipeline,
            number,
            result: BuildResult::Success,
            minutes: 1500,
            ended: number < told,
        })
    }

    /// Every build's pipeline, number, result and evidence.
    fn decided(snapshot: &Snapshot) -> Vec<(String, String, BuildResult, Evidence)> {
        let build = |build: usize| {
            let evidence = snapshot.evidence(build).expect("there is data");
            (
                snapshot.pipeline_label(build).to_owned(),
                snapshot.builds.build_id.get(build).into_owned(),
                snapshot.builds.result[build],
                evidence,
            )
        };
        let mut decided: Vec<_> = (0..snapshot.builds.len()).map(build).collect();
        decided.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        decided
    }

    fn decide_one(result: BuildResult, minutes: i64, ended: bool) -> (BuildResult, Evidence) {
        let latest = LatestEvent {
            result,
            at_ms: AS_OF_MS - minutes * MINUTE_MS,
            ended,
        };
        (JUDGE.result(latest, true), JUDGE.evidence(latest, true))
    }

    #[test]
    fn a_final_step_ends_a_build_with_any_result_at_once() {
        for result in BuildResult::OF_EVENTS {
            assert_eq!(decide_one(result, 0, true), (result, Evidence::FinalStep));
        }
    }

    #[test]
    fn without_a_final_step_a_build_runs_and_is_lost_later() {
        use BuildResult::{Lost, Running, Success, Unknown, Unstable};

        for result in [Success, Unstable, Unknown] {
            for minutes in [-5, 0, 31, 330] {
                let running = (Running, Evidence::StillRunning);
                assert_eq!(decide_one(result, minutes, false), running);
            }
            assert_eq!(decide_one(result, 331, false), (Lost, Evidence::Lost));
        }
    }

    #[test]
    fn a_build_that_went_wrong_without_a_final_step_has_ended_after_half_an_hour() {
        use BuildResult::{Aborted, Failure, NotBuilt, Running};

        for result in [Failure, Aborted, NotBuilt] {
            let running = (Running, Evidence::StillRunning);
            assert_eq!(decide_one(result, 30, false), running);
            for minutes in [31, 331, 100_000] {
                let ended = (result, Evidence::TimedOutOrInterrupted);
                assert_eq!(decide_one(result, minutes, false), ended);
            }
        }
    }

    #[test]
    fn pipelines_that_do_not_tell_their_end_have_the_result_of_the_latest_event() {
        let latest = LatestEvent {
            result: BuildResult::Success,
            at_ms: AS_OF_MS,
            ended: false,
        };
        assert_eq!(JUDGE.result(latest, false), BuildResult::Success);
        assert_eq!(JUDGE.evidence(latest, false), Evidence::LatestEvent);
    }

    fn tell(builds: impl IntoIterator<Item = Known>) -> Vec<bool> {
        let builds: Vec<Known> = builds.into_iter().collect();
        let snapshot = snapshot(&builds, AS_OF_MS);
        let silent = snapshot.pipelines.iter().filter(|known| !known.tells_end);
        assert_eq!(silent.count(), snapshot.pipelines_without_ends());
        let tell = snapshot.pipelines.iter().map(|known| known.tells_end);
        tell.collect()
    }

    #[test]
    fn half_of_at_least_five_good_builds_show_that_a_pipeline_tells_its_end() {
        assert_eq!(tell(yesterday(0, 6, 3)), [true]);
        assert_eq!(tell(yesterday(0, 7, 3)), [false]);
        assert_eq!(tell(yesterday(0, 5, 5)), [true]);
        assert_eq!(tell(yesterday(0, 4, 4)), [false]);
    }

    #[test]
    fn the_system_decides_where_a_pipeline_has_fewer_than_five_good_builds() {
        let few = || yesterday(1, 1, 0);
        assert_eq!(tell(yesterday(0, 4, 4).chain(few())), [true, true]);
        assert_eq!(tell(yesterday(0, 9, 9).chain(few())), [true, true]);
        assert_eq!(tell(yesterday(0, 9, 4).chain(few())), [false, false]);
        // Of another system.
        assert_eq!(tell(yesterday(3, 9, 9).chain(few())), [false, true]);
    }

    #[test]
    fn only_good_builds_of_180_days_that_are_no_longer_running_show_it() {
        let of = |change: fn(&mut Known)| {
            let silent = yesterday(0, 6, 0).map(move |mut build| {
                change(&mut build);
                build
            });
            // Beside those that show that it does.
            tell(yesterday(0, 5, 5).chain(silent))
        };
        assert_eq!(of(|_| {}), [false]);
        assert_eq!(of(|build| build.result = BuildResult::Unstable), [false]);
        assert_eq!(of(|build| build.minutes = 331), [false]);
        assert_eq!(of(|build| build.minutes = 180 * 1440 - 1), [false]);
        assert_eq!(of(|build| build.minutes = 330), [true]);
        assert_eq!(of(|build| build.minutes = 180 * 1440), [true]);
        assert_eq!(of(|build| build.result = BuildResult::Failure), [true]);
        assert_eq!(of(|build| build.result = BuildResult::Unknown), [true]);
    }

    #[test]
    fn builds_of_a_pipeline_that_end_together_are_in_the_order_of_their_start() {
        let at = |job_name, build_id, started_ms| BuildRecord {
            job_name,
            build_id,
            branch: None,
            result: BuildResult::Success,
            nightly: false,
            started_ms,
            finished_ms: AS_OF_MS,
            duration_ms: None,
            failing_step: None,
            functional_test_ms: None,
            details: BuildDetails::default(),
        };
        let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
        for build in [
            at("b", "1", 0),
            at("a", "1", 3),
            at("a", "2", 2),
            at("a", "0", 3),
        ] {
            builder.push_record(&build);
        }
        let snapshot = builder.finish("v".to_owned(), Some(AS_OF_MS), Security::default());
        let order = (0..4).map(|build| snapshot.builds.build_id.get(build).into_owned());
        assert_eq!(order.collect::<Vec<_>>(), ["2", "0", "1", "1"]);
    }

    #[test]
    fn every_evidence_has_words() {
        let all = [
            Evidence::FinalStep,
            Evidence::LatestEvent,
            Evidence::TimedOutOrInterrupted,
            Evidence::StillRunning,
            Evidence::Lost,
        ];
        let words = all.map(Evidence::words);
        for (index, words_of) in words.iter().enumerate() {
            assert_eq!(
                words.iter().position(|other| other == words_of),
                Some(index)
            );
        }
    }

    fn any_builds() -> impl Strategy<Value = Vec<Known>> {
        let minutes = select(&[-3, 0, 29, 30, 31, 329, 330, 331, 2000, 259_199, 259_200][..]);
        let build = (
            0_usize..5,
            select(&BuildResult::OF_EVENTS[..]),
            minutes,
            prop::bool::weighted(0.7),
        );
        let numbered = |builds: Vec<(usize, BuildResult, i64, bool)>| {
            let builds = (0..).zip(builds);
            let known = builds.map(|(number, (pipeline, result, minutes, ended))| Known {
                pipeline,
                number,
                result,
                minutes,
                ended,
            });
            known.collect()
        };
        vec(build, 1..60).prop_map(numbered)
    }

    proptest! {
        #[test]
        fn the_order_of_builds_decides_nothing(
            (builds, shuffled) in any_builds().prop_flat_map(|builds| (Just(builds.clone()), Just(builds).prop_shuffle())),
        ) {
            let [one, other] = [builds, shuffled].map(|builds| decided(&snapshot(&builds, AS_OF_MS)));
            prop_assert_eq!(one, other);
        }

        #[test]
        fn a_running_build_may_end_or_be_lost_and_no_other_changes(
            builds in any_builds(),
            later_minutes in 0_i64..1000,
        ) {
            let [before, after] = [0, later_minutes].map(|minutes| {
                snapshot(&builds, AS_OF_MS + minutes * MINUTE_MS)
            });
            for build in 0..before.builds.len() {
                // Neither the order of builds nor the numbers of pipelines depend on the time of the data.
                let pipeline = before.builds.pipeline[build] as usize;
                if before.pipelines[pipeline].tells_end != after.pipelines[pipeline].tells_end {
                    continue;
                }
                let latest = before.builds.latest_result[build];
                let (was, is) = (before.builds.result[build], after.builds.result[build]);
                prop_assert!(
                    was == is
                        || was == BuildResult::Running && (is == BuildResult::Lost || is == latest),
                    "{was:?} {is:?}"
                );
                prop_assert!(!is.is_completed() || is == latest);
            }
        }

        #[test]
        fn a_snapshot_that_follows_another_decides_as_one_of_everything(
            builds in any_builds(),
            before in 0_usize..60,
            later_minutes in 0_i64..1000,
        ) {
            let as_of_ms = AS_OF_MS + later_minutes * MINUTE_MS;
            let (known, new) = builds.split_at(before.min(builds.len()));
            let mut following = SnapshotBuilder::after(Arc::new(snapshot(known, AS_OF_MS)));
            push(&mut following, new);
            let following = following.finish("v".to_owned(), Some(as_of_ms), Security::default());
            prop_assert_eq!(decided(&following), decided(&snapshot(&builds, as_of_ms)));
        }
    }
}
