//! The headline: failed builds now and in the window before, and the pipelines that are red, whatever the window.

use std::cmp::Ordering;

use crate::server::{
    attributes::{Selected, days_of, select, select_in},
    figures::words,
    insight,
    significance::{self, Rate},
    snapshot::{Pipeline, PipelineState, Snapshot, State, UNKNOWN_STEP},
};
use crate::{
    api::{Change, Headline, Moment, RedPipeline},
    selection::Selection,
};

/// The most red pipelines that are named.
const MAX_RED: usize = 12;

/// Computes the headline of the selected builds, compared with the same number of days before.
pub fn headline(snapshot: &Snapshot, selection: &Selection) -> Headline {
    let window = snapshot.window(selection);
    let selected = select(snapshot, selection);
    let selected_before = select_in(snapshot, selection, window.before());
    let now = failed(snapshot, &selected);
    let before = failed(snapshot, &selected_before);
    let percent = |rate: Rate| rate.share().map(|share| 100.0 * share);

    let (mut pipelines, mut dormant) = (0, 0);
    let mut red = Vec::new();
    for (pipeline, state) in insight::states(snapshot, selection) {
        if state.dormant {
            dormant += 1;
            continue;
        }
        pipelines += u64::from(state.state != State::Unknown);
        if let (State::Red, Some(since)) = (state.state, state.since) {
            red.push((since, pipeline, state));
        }
    }
    red.sort_by_key(|&(since, ..)| since);
    let first = red.iter().take(MAX_RED);
    Headline {
        days: days_of(snapshot, window),
        window: words::of_window(window, &snapshot.config.time_zone),
        compared: match window.days {
            Some(1) => "the day before".to_owned(),
            Some(days) => format!("the {days} days before"),
            None => "the same time before".to_owned(),
        },
        builds: selected.count(),
        decided: now.whole,
        failed: now.part,
        failure_percent: percent(now),
        failure_percent_before: percent(before),
        builds_before: selected_before.count(),
        decided_before: before.whole,
        failed_before: before.part,
        change: match significance::compare(now, before) {
            Some(Ordering::Less) => Change::Better,
            Some(Ordering::Greater) => Change::Worse,
            _ => Change::Unclear,
        },
        as_of: snapshot.as_of_ms.map(|at_ms| moment(snapshot, at_ms)),
        red_total: red.len() as u64,
        red: first
            .map(|&(since, pipeline, state)| named(snapshot, since as usize, pipeline, state))
            .collect(),
        pipelines,
        dormant,
    }
}

/// Counts the decided builds of a selection and those that failed.
fn failed(snapshot: &Snapshot, selection: &Selected<'_>) -> Rate {
    let results = &snapshot.builds.result;
    let mut counted = Rate::default();
    selection.each(|build| counted.count(results[build]));
    counted
}

fn named(
    snapshot: &Snapshot,
    since: usize,
    pipeline: &Pipeline,
    state: &PipelineState,
) -> RedPipeline {
    let builds = &snapshot.builds;
    let Moment { at, text } = moment(snapshot, builds.finished_ms[since]);
    let last_green = state.last_green.map(|build| build as usize);
    let step = builds.failing_step[since];
    RedPipeline {
        system: pipeline.system.as_str().to_owned(),
        name: pipeline.name.to_string(),
        pipeline: pipeline.label.to_string(),
        short_name: pipeline.short.to_string(),
        project: snapshot.project_label(pipeline).to_owned(),
        since: at,
        since_text: text,
        at_least: state.at_least,
        streak: u64::from(state.streak),
        last_green: last_green.map(|build| moment(snapshot, builds.finished_ms[build])),
        step: (step != UNKNOWN_STEP).then(|| snapshot.steps[step as usize].to_string()),
    }
}

fn moment(snapshot: &Snapshot, at_ms: i64) -> Moment {
    Moment {
        at: words::instant(Some(at_ms)),
        text: words::local_instant(&snapshot.config.time_zone, at_ms),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        selection::{BuildType, DAYS},
        server::{
            figures::testing::{AS_OF, at, build, snapshot},
            model::{BuildResult, HOUR_MS},
            snapshot::BuildRecord,
        },
    };

    use BuildResult::{Failure, Success};

    const JOB: &str = "HMCTS_CMC/claim-store/master";

    fn before(job_name: &str, result: BuildResult, hours: i64) -> BuildRecord<'_> {
        BuildRecord {
            finished_ms: at(AS_OF) - hours * HOUR_MS,
            ..build(job_name, result, AS_OF)
        }
    }

    #[test]
    fn a_red_pipeline_is_named_with_the_facts_of_its_episode() {
        let opening = BuildRecord {
            failing_step: Some("checkout"),
            ..before(JOB, Failure, 20 * 24)
        };
        let latest = BuildRecord {
            failing_step: Some("test"),
            ..before(JOB, Failure, 1)
        };
        let snapshot = snapshot(&[
            before(JOB, Success, 21 * 24),
            opening,
            latest,
            before("_DIV/red/from/the/start", Failure, 30),
            before("good", Success, 2),
            before("dormant", Success, 28 * 24 + 1),
            before("dormant", Failure, 28 * 24),
            before("unknown", BuildResult::Aborted, 3),
        ]);
        let found = headline(&snapshot, &Selection::default().with_days(1));
        assert_eq!(
            (found.red_total, found.pipelines, found.dormant),
            (2, 3, 1),
            "{found:?}"
        );
        let expected = RedPipeline {
            system: "jenkins".to_owned(),
            name: JOB.to_owned(),
            pipeline: JOB.to_owned(),
            short_name: "claim-store".to_owned(),
            project: "CMC".to_owned(),
            since: "2019-10-05T12:00:00Z".to_owned(),
            since_text: "5 Oct 2019, 12:00 UTC".to_owned(),
            at_least: false,
            streak: 2,
            last_green: Some(Moment {
                at: "2019-10-04T12:00:00Z".to_owned(),
                text: "4 Oct 2019, 12:00 UTC".to_owned(),
            }),
            step: Some("checkout".to_owned()),
        };
        assert_eq!(found.red[0], expected);
        let second = &found.red[1];
        assert_eq!((second.at_least, second.streak), (true, 1));
        assert_eq!((&second.last_green, &second.step), (&None, &None));
    }

    #[test]
    fn a_change_is_better_or_worse_only_where_chance_is_excluded() {
        let of = |now: &[BuildResult], then: &[BuildResult]| {
            let now = now.iter().map(|&result| before(JOB, result, 1));
            let then = then.iter().map(|&result| before(JOB, result, 25));
            let builds: Vec<BuildRecord<'_>> = now.chain(then).collect();
            headline(&snapshot(&builds), &Selection::default().with_days(1)).change
        };
        assert_eq!(of(&[Failure; 20], &[Success; 20]), Change::Worse);
        assert_eq!(of(&[Success; 20], &[Failure; 20]), Change::Better);
        assert_eq!(of(&[Failure; 4], &[Success; 20]), Change::Unclear);
        assert_eq!(
            of(
                &[Failure, Success, Success, Success, Success],
                &[Success; 20]
            ),
            Change::Unclear
        );
        assert_eq!(of(&[Failure; 20], &[]), Change::Unclear);
    }

    #[test]
    fn the_share_is_that_of_decided_builds() {
        let results = [
            Failure,
            Success,
            BuildResult::NotBuilt,
            BuildResult::Unknown,
        ];
        let now = results.map(|result| before(JOB, result, 1));
        let then = results.map(|result| before(JOB, result, 25));
        let found = headline(
            &snapshot(&[now, then].concat()),
            &Selection::default().with_days(1),
        );
        assert_eq!((found.builds, found.decided, found.failed), (4, 2, 1));
        assert_eq!((found.builds_before, found.decided_before), (4, 2));
        let half = Some(50.0);
        assert_eq!(
            (found.failure_percent, found.failure_percent_before),
            (half, half)
        );
    }

    #[test]
    fn the_kind_of_a_pipeline_is_that_of_its_latest_build() {
        let nightly = BuildRecord {
            nightly: true,
            ..before(JOB, BuildResult::Aborted, 1)
        };
        let snapshot = snapshot(&[before(JOB, Failure, 2), nightly]);
        for (build_type, red) in [
            (BuildType::All, 1),
            (BuildType::Nightly, 1),
            (BuildType::NonNightly, 0),
        ] {
            let selection = Selection::default().with("type", build_type.as_str());
            let found = headline(&snapshot, &selection);
            assert_eq!(found.red_total, red, "{selection:?}");
        }
    }

    proptest! {
        /// Builds: pipeline, result, hours before the time of the data, kind.
        #[test]
        fn no_window_changes_the_red_pipelines(
            builds in vec((0..4_usize, 0..BuildResult::ALL.len(), 0..40 * 24_i64, any::<bool>()), 0..80),
        ) {
            const JOBS: [&str; 4] = ["_CMC/a", "_CMC/b", "_DIV/a", "x"];
            let records: Vec<BuildRecord<'_>> = builds
                .iter()
                .map(|&(job, result, hours, nightly)| BuildRecord {
                    nightly,
                    ..before(JOBS[job], BuildResult::ALL[result], hours)
                })
                .collect();
            let snapshot = snapshot(&records);
            for project in ["all", "cmc", "unowned"] {
                for build_type in BuildType::EVERY {
                    let states = DAYS.map(|days| {
                        let selection = Selection::default()
                            .with("project", project)
                            .with("type", build_type.as_str())
                            .with_days(days);
                        let found = headline(&snapshot, &selection);
                        (found.red, found.red_total, found.pipelines, found.dormant)
                    });
                    prop_assert!(states.iter().all(|known| *known == states[0]), "{states:?}");
                }
            }
        }
    }
}
