use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    selection::BuildType,
    server::{
        figures::testing::{AS_OF, at, build, snapshot},
        model::{BuildResult, DAY_MS, HOUR_MS},
        snapshot::{BuildRecord, Episode, SnapshotBuilder, State, security::Security},
    },
};

use BuildResult::{Aborted, Failure, NotBuilt, Success, Unstable};

const JOB: &str = "HMCTS_CMC/claim-store/master";

/// A snapshot of a pipeline with these results, an hour apart, the last one at the time of the data.
fn hourly(results: &[BuildResult]) -> Snapshot {
    hourly_by(results, Config::built_in())
}

fn hourly_by(results: &[BuildResult], config: Config) -> Snapshot {
    let mut builder = SnapshotBuilder::new(config.into());
    for (before, &result) in (0..).zip(results.iter().rev()) {
        builder.push_record(&BuildRecord {
            finished_ms: at(AS_OF) - before * HOUR_MS,
            ..build(JOB, result, AS_OF)
        });
    }
    filled(builder.finish("test".to_owned(), Some(at(AS_OF)), Security::default()))
}

/// The opening, closing and last good rows of episodes, and the number of failures.
fn rows(episodes: &[Episode]) -> Vec<(u32, Option<u32>, Option<u32>, u32)> {
    let row = |known: &Episode| {
        (
            known.opened,
            known.closed,
            known.last_good_before,
            known.failures,
        )
    };
    episodes.iter().map(row).collect()
}

#[test]
fn a_failure_after_a_good_build_opens_an_episode_and_the_next_good_one_closes_it() {
    let snapshot = hourly(&[Success, Failure, Failure, Unstable, Failure, Success]);
    let episodes = &snapshot.insight.episodes;
    assert_eq!(
        rows(episodes),
        [(1, Some(3), Some(0), 2), (4, Some(5), Some(3), 1)]
    );
    assert_eq!(episodes[0].latest_failure, 2);
    assert_eq!(episodes[0].red_ms(&snapshot), 2 * HOUR_MS);
    assert!(
        episodes
            .iter()
            .all(|known| !known.at_least && !known.dormant)
    );
    assert_eq!(snapshot.insight.episodes_of(0), episodes);
    assert_eq!(snapshot.insight.episodes_of(1), []);
}

#[test]
fn an_episode_selects_its_builds_until_before_the_closing_one() {
    let snapshot = hourly(&[Success, Failure, Aborted, Unstable, Failure, Success]);
    let none = u32::MAX;
    assert_eq!(snapshot.episode_numbers(), [none, 0, 0, none, 1, none]);
    let id = snapshot.episode_id(&snapshot.insight.episodes[0]);
    assert!(id.starts_with(JOB), "{id}");
    let selection = Selection::default().with("episode", &id);
    let selected = attributes::select(&snapshot, &selection);
    assert_eq!(selected.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn other_results_neither_open_nor_close_nor_count() {
    let snapshot = hourly(&[Success, Aborted, Failure, NotBuilt, Aborted, Failure]);
    assert_eq!(
        rows(&snapshot.insight.episodes),
        [(2, None, Some(0), 2)],
        "the latest failure is the sixth build"
    );
    assert_eq!(snapshot.insight.episodes[0].latest_failure, 5);
    let state = PipelineState {
        state: State::Red,
        streak: 2,
        since: Some(2),
        at_least: false,
        last_green: Some(0),
        last_build: Some(5),
        last_completed: Some(5),
        dormant: false,
    };
    assert_eq!(snapshot.insight.states, [state]);
    let unknown = hourly(&[NotBuilt, Aborted]);
    assert!(unknown.insight.episodes.is_empty());
    let expected = PipelineState {
        last_build: Some(1),
        last_completed: Some(1),
        ..PipelineState::default()
    };
    assert_eq!(unknown.insight.states, [expected]);
}

#[test]
fn an_aborted_build_is_red_where_the_configuration_says_so() {
    let mut config = Config::built_in();
    config.insight.aborted_is_red = true;
    let snapshot = hourly_by(&[Success, Aborted, Failure], config);
    assert_eq!(rows(&snapshot.insight.episodes), [(1, None, Some(0), 2)]);
}

#[test]
fn a_state_that_the_data_begins_with_lasts_at_least_so_long() {
    let red = hourly(&[Aborted, Failure, Failure]);
    let state = red.insight.states[0];
    assert_eq!((state.since, state.streak), (Some(1), 2));
    assert!(state.at_least && red.insight.episodes[0].at_least);
    let good = hourly(&[Success, Success]).insight.states[0];
    assert_eq!(
        (good.state, good.since, good.streak, good.at_least),
        (State::Good, Some(0), 2, true)
    );
    let mended = hourly(&[Failure, Success]);
    assert_eq!(rows(&mended.insight.episodes), [(0, Some(1), None, 1)]);
    assert!(mended.insight.episodes[0].at_least && !mended.insight.states[0].at_least);
}

#[test]
fn a_pipeline_is_dormant_after_28_days_without_a_completed_build() {
    for (age_ms, dormant) in [(28 * DAY_MS - 1, false), (28 * DAY_MS, true)] {
        let ended = at(AS_OF) - age_ms;
        let builds = [(Success, ended - HOUR_MS), (Failure, ended)].map(|(result, finished_ms)| {
            BuildRecord {
                finished_ms,
                ..build(JOB, result, AS_OF)
            }
        });
        let snapshot = snapshot(&builds);
        let episode = snapshot.insight.episodes[0];
        assert_eq!(snapshot.insight.states[0].dormant, dormant);
        assert_eq!(episode.dormant, dormant);
        assert_eq!(episode.red_ms(&snapshot), if dormant { 0 } else { age_ms });
    }
}

/// A build of one of six pipelines: its number, result, minute before the time of the data, and kind.
type AnyBuild = (usize, usize, i64, bool);

fn any_builds() -> impl Strategy<Value = Vec<AnyBuild>> {
    let minutes = 0..60 * 24 * 60_i64;
    vec(
        (
            0..6_usize,
            0..BuildResult::ALL.len(),
            minutes,
            any::<bool>(),
        ),
        0..60,
    )
}

fn recorded(builds: &[AnyBuild]) -> Snapshot {
    const JOBS: [&str; 6] = ["_CMC/a", "_CMC/b", "_DIV/a", "_DIV/b", "x", "y"];
    let records: Vec<BuildRecord<'_>> = builds
        .iter()
        .map(|&(job, result, minute, nightly)| BuildRecord {
            nightly,
            finished_ms: at(AS_OF) - minute * 60_000,
            ..build(JOBS[job], BuildResult::ALL[result], AS_OF)
        })
        .collect();
    snapshot(&records)
}

/// Each pipeline's name with its state and episodes; rows as the times at which the builds finished.
fn in_words(snapshot: &Snapshot, selection: &Selection) -> Vec<String> {
    let finished = |row: Option<u32>| row.map(|row| snapshot.builds.finished_ms[row as usize]);
    let words = |(pipeline, state): (&Pipeline, &PipelineState)| {
        let number = snapshot
            .pipelines
            .iter()
            .position(|known| known.name == pipeline.name);
        let number = u32::try_from(number.expect("known")).expect("few");
        let episodes = snapshot.insight.episodes_of(number).iter();
        let episodes = episodes.map(|known| {
            let times = [Some(known.opened), known.closed, known.last_good_before].map(finished);
            (times, known.failures, known.red_ms(snapshot))
        });
        let times = [state.since, state.last_green, state.last_build].map(finished);
        format!(
            "{}: {:?} {} {} {} {times:?} {:?}",
            pipeline.name,
            state.state,
            state.streak,
            state.at_least,
            state.dormant,
            episodes.collect::<Vec<_>>()
        )
    };
    states(snapshot, selection).map(words).collect()
}

proptest! {
    /// Neither other pipelines nor days change a pipeline's state; project and kind only choose pipelines.
    #[test]
    fn a_state_depends_on_the_builds_of_its_pipeline_alone(builds in any_builds()) {
        let snapshot = recorded(&builds);
        let all = in_words(&snapshot, &Selection::default());
        prop_assert_eq!(all.len(), snapshot.pipelines.len());
        for job in 0..6 {
            let own: Vec<AnyBuild> = builds.iter().copied().filter(|known| known.0 == job).collect();
            for alone in in_words(&recorded(&own), &Selection::default()) {
                prop_assert!(all.contains(&alone), "{} of {:?}", alone, all);
            }
        }
        for project in ["all", "cmc", "div", "unowned"] {
            let mut kinds = Vec::new();
            for build_type in BuildType::EVERY {
                for days in [1, 180] {
                    let selection = Selection::default()
                        .with("project", project)
                        .with("type", build_type.as_str())
                        .with_days(days);
                    let chosen = in_words(&snapshot, &selection);
                    prop_assert!(chosen.iter().all(|known| all.contains(known)));
                    kinds.push(chosen);
                }
            }
            let [of_all, same, nightly, _, other, _] = &kinds[..] else { unreachable!() };
            prop_assert_eq!(of_all, same);
            prop_assert_eq!(of_all.len(), nightly.len() + other.len());
        }
    }
}
