//! One pipeline: its state, its red episodes, its latest builds, and the durations of builds and steps. One pass over
//! its builds, with bounds that hold for pipelines of any size.

use foldhash::HashMap;

use super::{
    build::{address, pipeline_of},
    build_list::summaries,
    change_points::change_points,
};
use crate::{
    api::{
        BuildMark, EpisodeTimes, PipelineDetails, PipelineName, RedEpisode, StepSummary, View,
        WeekDurations,
    },
    error::AppError,
    selection::Selection,
    server::{
        figures::words,
        insight::time_to_green::time_to_green,
        model::{DAY_MS, DEFAULT_SYSTEM, System},
        snapshot::{Episode, STEP_DAYS, Snapshot, State, UNKNOWN_DURATION, UNKNOWN_STEP},
        statistics::{percent, percentile},
    },
};

/// The parameters of a pipeline's address.
pub const PARAMETERS: [&str; 2] = ["name", "system"];
/// The builds in the strip.
const MAX_RECENT: usize = 60;
/// The builds that are points of the chart.
const MAX_POINTS: usize = 500;
const MAX_WEEKS: usize = 53;
const MAX_EPISODES: usize = 20;
const MAX_STEPS: usize = 50;
/// The latest builds whose durations are read, and those whose steps are.
const MAX_READ: usize = 20_000;
const MAX_STEPS_READ: usize = 5_000;
/// 5 January 1970 was the first Monday.
const FIRST_MONDAY: i32 = 4;

/// Returns the number of the pipeline that an address names.
///
/// # Errors
/// [`AppError::UnknownPipeline`].
pub fn find(snapshot: &Snapshot, view: &View) -> Result<u32, AppError> {
    let name = view.get("name").unwrap_or_default();
    let system = System::new(view.get("system").unwrap_or(DEFAULT_SYSTEM)).ok();
    let found = system.and_then(|system| pipeline_of(snapshot, &system, name));
    found.ok_or_else(|| AppError::unknown_pipeline(name, snapshot.config.store.keep_months))
}

/// The name of the pipeline that a selection names.
///
/// # Errors
/// [`AppError::UnknownPipeline`].
pub fn name(snapshot: &Snapshot, selection: &Selection) -> Result<PipelineName, AppError> {
    let view = View::default()
        .with("name", selection.value("pipeline").unwrap_or_default())
        .with("system", selection.value("system").unwrap_or_default());
    let pipeline = &snapshot.pipelines[find(snapshot, &view)? as usize];
    Ok(PipelineName {
        short_name: pipeline.short.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
    })
}

/// Returns the number in the store of a pipeline's latest build.
pub fn latest_stored(snapshot: &Snapshot, pipeline: u32) -> Option<u32> {
    let latest = snapshot.insight.states.get(pipeline as usize)?.last_build?;
    Some(snapshot.builds.stored[latest as usize])
}

/// Describes a pipeline.
pub fn details(snapshot: &Snapshot, pipeline: u32) -> PipelineDetails {
    let known = &snapshot.pipelines[pipeline as usize];
    let rows = Rows::of(snapshot, pipeline);
    let state = snapshot.insight.states.get(pipeline as usize);
    let state = state.copied().unwrap_or_default();
    let mark = |row: u32| mark(snapshot, row as usize);
    let latest = rows.latest.first().copied();
    let latest = latest.map(|row| summaries(snapshot, &[row]));
    let git_url = rows.latest.iter().find_map(|&row| {
        let codebase = snapshot
            .codebases
            .get(snapshot.builds.codebase[row] as usize)?;
        codebase.git_url.as_deref()
    });
    let episodes = snapshot.insight.episodes_of(pipeline);
    let times = time_to_green(snapshot, episodes);
    let stepped = rows.with_steps(snapshot);
    PipelineDetails {
        system: known.system.as_str().to_owned(),
        name: known.name.to_string(),
        pipeline: known.label.to_string(),
        state: match state.state {
            State::Good => "good",
            State::Red => "red",
            State::Unknown => "unknown",
        }
        .to_owned(),
        since: state.since.map(mark),
        at_least: state.at_least,
        streak: state.streak.into(),
        last_green: state.last_green.map(mark),
        dormant: state.dormant,
        latest: latest
            .and_then(|mut latest| latest.pop())
            .unwrap_or_default(),
        builds: rows.builds,
        job_address: None,
        repository_address: git_url.map(|url| address(snapshot, url)),
        recent: rows.marks(snapshot, MAX_RECENT, |_| true),
        episodes: {
            let latest = episodes.iter().rev().take(MAX_EPISODES);
            latest.map(|episode| red(snapshot, episode)).collect()
        },
        episode_count: episodes.len() as u64,
        time_to_green: EpisodeTimes {
            episodes: times.n as u64,
            open: (times.open + times.dormant) as u64,
            median_ms: times.median_ms.and_then(|ms| u64::try_from(ms).ok()),
        },
        change_points: change_points(snapshot, pipeline),
        weeks: rows.weeks(snapshot),
        points: rows.marks(snapshot, MAX_POINTS, |row| is_timed(snapshot, row)),
        steps: steps(snapshot, stepped),
        steps_from: words::instant(stepped.last().map(|&row| snapshot.builds.finished_ms[row])),
        steps_builds: stepped.len() as u64,
        start_delay_p50_ms: start_delay(snapshot, stepped),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
    }
}

/// The builds of a pipeline, the latest first.
struct Rows {
    /// At most [`MAX_READ`].
    latest: Vec<usize>,
    builds: u64,
}

impl Rows {
    fn of(snapshot: &Snapshot, pipeline: u32) -> Self {
        let mut rows = Self {
            latest: Vec::new(),
            builds: 0,
        };
        for (row, &known) in snapshot.builds.pipeline.iter().enumerate().rev() {
            if known == pipeline {
                rows.builds += 1;
                if rows.latest.len() < MAX_READ {
                    rows.latest.push(row);
                }
            }
        }
        rows
    }

    fn marks(
        &self,
        snapshot: &Snapshot,
        most: usize,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Vec<BuildMark> {
        let wanted = self.latest.iter().filter(|&&row| is_wanted(row));
        let marks = wanted.take(most).map(|&row| mark(snapshot, row));
        let mut marks: Vec<BuildMark> = marks.collect();
        marks.reverse();
        marks
    }

    /// The builds whose steps are in memory, at most [`MAX_STEPS_READ`].
    fn with_steps(&self, snapshot: &Snapshot) -> &[usize] {
        let first_ms = snapshot.as_of_ms.unwrap_or(0) - i64::from(STEP_DAYS) * DAY_MS;
        let finished = &snapshot.builds.finished_ms;
        let recent = self.latest.partition_point(|&row| finished[row] > first_ms);
        &self.latest[..recent.min(MAX_STEPS_READ)]
    }

    fn weeks(&self, snapshot: &Snapshot) -> Vec<WeekDurations> {
        let builds = &snapshot.builds;
        let mut weeks: Vec<(i32, Vec<u32>)> = Vec::new();
        for &row in &self.latest {
            if !is_timed(snapshot, row) {
                continue;
            }
            let week = (builds.day[row] - FIRST_MONDAY).div_euclid(7);
            if weeks.last().is_none_or(|(known, _)| *known != week) {
                if weeks.len() == MAX_WEEKS {
                    break;
                }
                weeks.push((week, Vec::new()));
            }
            if let Some((_, durations)) = weeks.last_mut() {
                durations.push(builds.duration_ms[row]);
            }
        }
        if self.builds > self.latest.len() as u64 && weeks.len() < MAX_WEEKS {
            // Earlier builds of this week were not read.
            weeks.pop();
        }
        let durations = |(week, mut durations): (i32, Vec<u32>)| {
            let monday = week * 7 + FIRST_MONDAY;
            WeekDurations {
                from: words::date(monday),
                to: words::date(monday + 7),
                builds: durations.len() as u64,
                p50_ms: percentile(&mut durations, 0.5),
                p95_ms: percentile(&mut durations, 0.95),
            }
        };
        weeks.into_iter().rev().map(durations).collect()
    }
}

/// Returns whether a build is decided and its duration known.
fn is_timed(snapshot: &Snapshot, row: usize) -> bool {
    let builds = &snapshot.builds;
    builds.result[row].is_decided() && builds.duration_ms[row] != UNKNOWN_DURATION
}

pub(super) fn mark(snapshot: &Snapshot, row: usize) -> BuildMark {
    let builds = &snapshot.builds;
    BuildMark {
        number: builds.build_id.get(row).into_owned(),
        result: builds.result[row].as_str().to_owned(),
        finished_at: words::instant(Some(builds.finished_ms[row])),
        duration_ms: known(builds.duration_ms[row]),
    }
}

fn known(ms: u32) -> Option<u64> {
    (ms != UNKNOWN_DURATION).then(|| ms.into())
}

fn red(snapshot: &Snapshot, episode: &Episode) -> RedEpisode {
    let step = snapshot.builds.failing_step[episode.opened as usize];
    let step = snapshot.steps.get(usize::from(step));
    RedEpisode {
        opened: mark(snapshot, episode.opened as usize),
        closed: episode.closed.map(|row| mark(snapshot, row as usize)),
        at_least: episode.at_least,
        failures: episode.failures.into(),
        failed_step: step.map(|name| name.to_string()),
        red_ms: u64::try_from(episode.red_ms(snapshot)).unwrap_or(0),
    }
}

/// The counts of a step.
#[derive(Default)]
struct Counted {
    runs: u64,
    failed_first: u64,
    durations: Vec<u32>,
    at_most: bool,
}

fn steps(snapshot: &Snapshot, rows: &[usize]) -> Vec<StepSummary> {
    let builds = &snapshot.builds;
    let mut counted: HashMap<u16, Counted> = HashMap::default();
    for &row in rows {
        for step in builds.steps.of(row) {
            let known = counted.entry(step.name).or_default();
            known.runs += 1;
            if let Some(duration) = step.duration {
                known
                    .durations
                    .push(u32::try_from(duration.ms).unwrap_or(0));
                known.at_most |= !duration.stated;
            }
        }
        if builds.failing_step[row] != UNKNOWN_STEP {
            let known = counted.entry(builds.failing_step[row]).or_default();
            known.failed_first += 1;
        }
    }
    let time = |counted: &Counted| {
        counted
            .durations
            .iter()
            .map(|&ms| u64::from(ms))
            .sum::<u64>()
    };
    let mut timed: Vec<(u64, u16, Counted)> = counted
        .into_iter()
        .map(|(name, counted)| (time(&counted), name, counted))
        .collect();
    timed.sort_by_key(|&(ms, name, _)| (std::cmp::Reverse(ms), name));
    let all_ms: u64 = timed.iter().map(|(ms, ..)| ms).sum();
    let summary = |(ms, name, mut counted): (u64, u16, Counted)| {
        let mut percentile = |share| {
            let durations = &mut counted.durations;
            (!durations.is_empty()).then(|| percentile(durations, share))
        };
        StepSummary {
            name: snapshot.steps[usize::from(name)].to_string(),
            p50_ms: percentile(0.5),
            p95_ms: percentile(0.95),
            runs: counted.runs,
            failed_first: counted.failed_first,
            at_most: counted.at_most,
            share_percent: percent(ms, all_ms),
        }
    };
    timed.into_iter().take(MAX_STEPS).map(summary).collect()
}

fn start_delay(snapshot: &Snapshot, rows: &[usize]) -> Option<u64> {
    let delays = rows.iter().map(|&row| snapshot.builds.start_delay_ms[row]);
    let mut delays: Vec<u32> = delays.filter(|&ms| ms != UNKNOWN_DURATION).collect();
    (!delays.is_empty()).then(|| percentile(&mut delays, 0.5) as u64)
}

/// Returns the address of a build's job, from the address of the build.
pub fn job_address<'a>(build_url: &'a str, number: &str) -> Option<&'a str> {
    let job = build_url.trim_end_matches('/').strip_suffix(number)?;
    (!number.is_empty() && job.ends_with('/')).then_some(job)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, at, build, snapshot},
        model::{BuildResult, MINUTE_MS, Step, StepDuration},
        snapshot::{BuildDetails, BuildRecord},
    };

    const JOB: &str = "HMCTS_CMC/claim-store/master";

    #[test]
    fn a_pipeline_is_named_in_short_beside_its_project() {
        let snapshot = snapshot(&[build(JOB, BuildResult::Success, AS_OF)]);
        let named = |pipeline| name(&snapshot, &Selection::default().with("pipeline", pipeline));
        let expected = PipelineName {
            short_name: "claim-store".to_owned(),
            project: "CMC".to_owned(),
        };
        assert_eq!(named(JOB).expect("a pipeline"), expected);
        assert!(named("").is_err() && named("b").is_err());
    }

    fn at_minutes<'a>(id: &'a str, result: BuildResult, minutes: i64) -> BuildRecord<'a> {
        let finished_ms = at(AS_OF) - minutes * MINUTE_MS;
        let step = |name, end_ms, ms| Step {
            name,
            end_ms,
            result,
            attempt: 1,
            duration: Some(StepDuration { ms, stated: false }),
        };
        BuildRecord {
            build_id: id,
            finished_ms,
            failing_step: result.is_failed().then_some("test"),
            details: BuildDetails {
                start_delay_ms: Some(5_000),
                steps: vec![
                    step("build", finished_ms - 60_000, 30_000),
                    step("test", finished_ms, 60_000),
                ],
                ..BuildDetails::default()
            },
            ..build(JOB, result, AS_OF)
        }
    }

    fn of(name: &str) -> View {
        View::read([("name", name)], &PARAMETERS)
    }

    #[test]
    fn a_pipeline_is_described_from_its_builds_alone() {
        use BuildResult::{Failure, Success};
        let snapshot = snapshot(&[
            at_minutes("1", Success, 400),
            at_minutes("2", Failure, 300),
            at_minutes("3", Failure, 200),
            at_minutes("4", Success, 100),
            at_minutes("5", Failure, 50),
            BuildRecord {
                build_id: "6",
                ..build("other", Success, AS_OF)
            },
        ]);
        let pipeline = find(&snapshot, &of(JOB)).expect("known");
        let found = details(&snapshot, pipeline);
        assert_eq!((&*found.state, found.streak, found.builds), ("red", 1, 5));
        assert_eq!(found.since.expect("since").number, "5");
        assert_eq!(found.last_green.expect("a good build").number, "4");
        let recent: Vec<&str> = found.recent.iter().map(|mark| &*mark.number).collect();
        assert_eq!(recent, ["1", "2", "3", "4", "5"]);
        assert_eq!(found.episode_count, 2);
        let closed = &found.episodes[1];
        assert_eq!((closed.failures, closed.red_ms), (2, 12_000_000));
        assert_eq!(closed.failed_step.as_deref(), Some("test"));
        assert_eq!(found.episodes[0].closed, None);
        assert_eq!(
            (found.time_to_green.episodes, found.time_to_green.open),
            (2, 1)
        );
        assert_eq!(found.weeks.len(), 1);
        assert_eq!(
            (&*found.weeks[0].from, found.weeks[0].builds),
            ("2019-10-21", 5)
        );
        assert_eq!(found.points.len(), 5);
        let test = &found.steps[0];
        assert_eq!((&*test.name, test.runs, test.failed_first), ("test", 5, 3));
        assert_eq!((test.p50_ms, test.at_most), (Some(60_000.0), true));
        assert_eq!(test.share_percent, Some(66.67));
        assert_eq!(
            (found.steps_builds, found.start_delay_p50_ms),
            (5, Some(5_000))
        );
        assert_eq!(found.latest.number, "5");
    }

    #[test]
    fn an_unknown_pipeline_is_named() {
        let snapshot = snapshot(&[]);
        for name in ["", JOB] {
            let error = find(&snapshot, &of(name)).expect_err("unknown");
            assert_eq!(error.status(), 404);
        }
    }

    #[test]
    fn a_pipeline_of_many_builds_stays_bounded() {
        let builds: Vec<BuildRecord<'_>> = (0..30_000)
            .map(|minute| at_minutes("1", BuildResult::Success, minute))
            .collect();
        let snapshot = snapshot(&builds);
        let found = details(&snapshot, 0);
        assert_eq!(found.builds, 30_000);
        assert_eq!(
            (found.recent.len(), found.points.len()),
            (MAX_RECENT, MAX_POINTS)
        );
        assert_eq!(found.steps_builds, MAX_STEPS_READ as u64);
        let weekly: u64 = found.weeks.iter().map(|week| week.builds).sum();
        assert!(
            weekly < MAX_READ as u64,
            "the first week that was cut is left out"
        );
    }

    #[test]
    fn the_address_of_a_job_is_that_of_its_build_without_the_number() {
        let job = "https://build.example/job/a/";
        assert_eq!(
            job_address("https://build.example/job/a/12/", "12"),
            Some(job)
        );
        assert_eq!(
            job_address("https://build.example/job/a/12", "12"),
            Some(job)
        );
        for (url, number) in [("https://build.example/job/a12", "12"), ("", ""), (job, "")] {
            assert_eq!(job_address(url, number), None);
        }
    }
}
