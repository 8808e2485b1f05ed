use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::server::{
    figures::testing::{AS_OF, at, build, snapshot},
    insight::filled,
    model::{
        BuildResult::{Aborted, Failure, Success},
        SnoozeEnd,
    },
    snapshot::BuildRecord,
};

const JOB: &str = "HMCTS_CMC/claim-store/master";
const NOW_MS: i64 = 1_700_000_000_000;

/// A build of the pipeline so many hours before the time of the data.
fn ago(hours: i64, result: BuildResult) -> BuildRecord<'static> {
    BuildRecord {
        finished_ms: at(AS_OF) - hours * HOUR_MS,
        failing_step: (result == Failure).then_some("test"),
        ..build(JOB, result, AS_OF)
    }
}

fn states(snapshot: &Snapshot, snoozes: &[Snooze]) -> Vec<ProblemState> {
    let problems = snapshot.insight.problems.iter();
    problems
        .map(|problem| state(snapshot, problem, snoozes, NOW_MS).0)
        .collect()
}

fn snooze(snapshot: &Snapshot, end: SnoozeEnd) -> Snooze {
    Snooze {
        problem: snapshot.problem_id(&snapshot.insight.problems[0]),
        reason: "known".to_owned(),
        end,
        reader: "Ada".to_owned(),
        at_ms: 0,
    }
}

#[test]
fn a_problem_is_an_open_episode_with_what_happened_since() {
    let builds = [
        ago(200, Success),
        ago(50, Failure),
        ago(3, Failure),
        ago(2, Aborted),
    ];
    let snapshot = snapshot(&builds);
    let [problem] = &snapshot.insight.problems[..] else {
        panic!("{:?}", snapshot.insight.problems);
    };
    assert_eq!((problem.failures, problem.builds), (2, 3));
    // The data ends at noon.
    assert_eq!((problem.failures_today, problem.worst_day), (1, 1));
    assert_eq!(problem.red_ms, 50 * HOUR_MS);
    assert_eq!(states(&snapshot, &[]), [ProblemState::New]);
    assert_eq!(
        snapshot.problem_id(problem),
        format!("episode:{JOB}@2019-10-23T10:00:00Z")
    );
}

#[test]
fn a_problem_is_new_for_a_week_and_then_ongoing() {
    for (hours, state) in [(167, ProblemState::New), (168, ProblemState::Ongoing)] {
        let snapshot = snapshot(&[ago(300, Success), ago(hours, Failure), ago(1, Failure)]);
        assert_eq!(states(&snapshot, &[]), [state], "{hours}");
    }
}

#[test]
fn a_problem_has_regressed_if_the_same_step_was_mended_within_two_weeks() {
    let again = |mended: i64, step: &'static str| {
        let first = BuildRecord {
            failing_step: Some(step),
            ..ago(900, Failure)
        };
        let builds = [
            ago(950, Success),
            first,
            ago(mended, Success),
            ago(30, Failure),
        ];
        states(&snapshot(&builds), &[])
    };
    assert_eq!(again(30 + 336, "test"), [ProblemState::Regressed]);
    assert_eq!(again(30 + 337, "test"), [ProblemState::New]);
    assert_eq!(again(31, "build"), [ProblemState::New]);
}

#[test]
fn a_problem_escalates_if_it_fails_more_than_twice_as_often_as_on_any_day_before() {
    let today = |failures: usize, before: usize| {
        let mut builds = vec![ago(400, Success)];
        builds.extend((0..before).map(|_| ago(24, Failure)));
        builds.extend((0..failures).map(|_| ago(1, Failure)));
        snapshot(&builds)
    };
    for (failures, before, state) in [
        (5, 1, ProblemState::New),
        (6, 1, ProblemState::Escalating),
        (6, 3, ProblemState::New),
        (7, 3, ProblemState::Escalating),
    ] {
        let snapshot = today(failures, before);
        assert_eq!(states(&snapshot, &[]), [state], "{failures} after {before}");
        // A snooze never hides an escalation.
        let snoozed = snooze(&snapshot, SnoozeEnd::At(NOW_MS + 1));
        let expected = match state {
            ProblemState::Escalating => state,
            _ => ProblemState::Snoozed,
        };
        assert_eq!(states(&snapshot, &[snoozed]), [expected]);
    }
}

#[test]
fn a_snooze_holds_until_its_instant_or_its_failures() {
    let snapshot = snapshot(&[ago(99, Success), ago(9, Failure), ago(8, Failure)]);
    for (end, state) in [
        (SnoozeEnd::At(NOW_MS + 1), ProblemState::Snoozed),
        (SnoozeEnd::At(NOW_MS), ProblemState::New),
        (SnoozeEnd::Failures(3), ProblemState::Snoozed),
        (SnoozeEnd::Failures(2), ProblemState::New),
    ] {
        assert_eq!(
            states(&snapshot, &[snooze(&snapshot, end)]),
            [state],
            "{end:?}"
        );
    }
    let other = Snooze {
        problem: "episode:other".to_owned(),
        ..snooze(&snapshot, SnoozeEnd::Failures(9))
    };
    assert_eq!(states(&snapshot, &[other]), [ProblemState::New]);
}

#[test]
fn dormant_pipelines_and_those_that_recovered_are_no_problems() {
    let dormant = [ago(28 * 24 + 9, Success), ago(28 * 24, Failure)];
    assert_eq!(snapshot(&dormant).insight.problems, []);
    let recovered = snapshot(&[ago(30, Success), ago(25, Failure), ago(23, Success)]);
    assert_eq!(recovered.insight.problems, []);
    assert_eq!(resolved_episodes(&recovered).len(), 1);
    let long_ago = snapshot(&[ago(30, Success), ago(25, Failure), ago(24, Success)]);
    assert!(resolved_episodes(&long_ago).is_empty());
}

#[test]
fn pipelines_that_failed_in_an_open_incident_are_one_problem() {
    let jobs: Vec<String> = (0..5)
        .map(|number| format!("HMCTS_CMC/p{number}/master"))
        .collect();
    let mut builds = Vec::new();
    for job_name in &jobs {
        builds.push(BuildRecord {
            job_name,
            ..ago(30, Success)
        });
        builds.push(BuildRecord {
            job_name,
            ..ago(1, Failure)
        });
    }
    let mut snapshot = snapshot(&builds);
    assert_eq!(
        snapshot.insight.problems.len(),
        5,
        "too few builds for an incident"
    );
    let failed = |row: &u32| snapshot.builds.result[*row as usize] == Failure;
    let mut members: Vec<u32> = (0..snapshot.builds.len() as u32).filter(failed).collect();
    // The last pipeline failed apart from the others.
    let apart = members.pop().expect("a failure");
    snapshot.insight.incidents = vec![Incident {
        step: snapshot.builds.failing_step[members[0] as usize],
        from_ms: snapshot.builds.finished_ms[members[0] as usize],
        pipelines: 4,
        members,
        ..Incident::default()
    }];
    let problems = compute(&snapshot);
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].subject, Subject::Incident(0));
    assert_eq!((problems[0].failures, problems[0].builds), (4, 4));
    let Subject::Episode(episode) = problems[1].subject else {
        panic!("{problems:?}");
    };
    assert_eq!(snapshot.insight.episodes[episode as usize].opened, apart);
    snapshot.insight.incidents[0].over = true;
    assert_eq!(compute(&snapshot).len(), 5);
}

proptest! {
    /// Every red pipeline that is not dormant is in exactly one problem, and the counts are those of its builds.
    #[test]
    fn problems_are_the_red_pipelines(
        builds in vec((0..4_usize, 0..900_i64, select(vec![Success, Failure, Aborted])), 0..80),
    ) {
        let jobs = ["a", "b", "c", "d"];
        let records = builds.iter().map(|&(job, hours, result)| BuildRecord {
            job_name: jobs[job],
            ..ago(hours, result)
        });
        let records: Vec<BuildRecord<'_>> = records.collect();
        let snapshot = filled(snapshot(&records));
        let red = snapshot.insight.states.iter();
        let red = red.filter(|state| state.state == crate::server::snapshot::State::Red && !state.dormant);
        prop_assert_eq!(red.count(), snapshot.insight.problems.len());
        for problem in &snapshot.insight.problems {
            let Subject::Episode(index) = problem.subject else {
                panic!("no incident of four pipelines with so few builds");
            };
            let episode = &snapshot.insight.episodes[index as usize];
            let since = (episode.opened..snapshot.builds.len() as u32).filter(|&row| {
                snapshot.builds.pipeline[row as usize] == episode.pipeline
                    && snapshot.builds.finished_ms[row as usize] >= problem.opened_ms
            });
            prop_assert!(problem.builds as usize >= since.count());
            // By date, so failures of an episode that ended on the same date count, too.
            let today = snapshot.local_day(at(AS_OF));
            let failed_today = (0..snapshot.builds.len()).filter(|&row| {
                snapshot.builds.pipeline[row] == episode.pipeline
                    && snapshot.builds.result[row] == Failure
                    && snapshot.local_day(snapshot.builds.finished_ms[row]) == today
            });
            prop_assert_eq!(problem.failures_today as usize, failed_today.count());
        }
    }
}
