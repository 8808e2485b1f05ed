//! The class of every failed or lost build: the first rule that holds, in the order of [`Class`].

use crate::server::{
    model::{BuildResult, is_named},
    snapshot::{Class, Snapshot, UNKNOWN_STEP},
};

/// A failure has a neighbour in its red episode that failed at the same step.
const BROKEN: u8 = 1;
/// The next completed build was good and of another commit.
const ONCE: u8 = 2;
/// The failure is a member of an incident.
const IN_INCIDENT: u8 = 4;
/// A good build of the same commit followed soon.
const FLAKY: u8 = 8;

/// The latest builds of a pipeline.
#[derive(Clone, Copy, Default)]
struct Latest {
    /// The row + 1 of the latest failure, if no good build followed; 0 for none.
    failure: u32,
    /// No completed build followed it.
    is_last: bool,
}

/// Returns the class of every build, by incidents and flaky failures.
pub fn compute(snapshot: &Snapshot) -> Vec<Class> {
    let (builds, insight) = (&snapshot.builds, &snapshot.insight);
    let mut signs = neighbours(snapshot);
    for &row in insight
        .incidents
        .iter()
        .flat_map(|incident| &incident.members)
    {
        signs[row as usize] |= IN_INCIDENT;
    }
    for flake in &insight.flakes {
        signs[flake.failed as usize] |= FLAKY;
    }
    let agent_steps = &snapshot.config.insight.agent_steps;
    let steps = snapshot.steps.iter();
    let of_agents: Vec<bool> = steps.map(|step| is_named(agent_steps, step)).collect();
    let lost_agent = |row: usize| {
        let step = usize::from(builds.failing_step[row]);
        of_agents.get(step) == Some(&true)
            || builds
                .steps
                .of(row)
                .next_back()
                .is_some_and(|step| step.attempt > 1)
    };
    let class = |(row, (&result, &signs)): (usize, (&BuildResult, &u8))| match result {
        BuildResult::Lost => Class::Lost,
        BuildResult::Failure if lost_agent(row) => Class::Agent,
        BuildResult::Failure => of_signs(signs),
        _ => Class::None,
    };
    builds
        .result
        .iter()
        .zip(&signs)
        .enumerate()
        .map(class)
        .collect()
}

fn of_signs(signs: u8) -> Class {
    let rules = [
        (IN_INCIDENT, Class::Incident),
        (FLAKY, Class::Flaky),
        (BROKEN, Class::Broken),
        (ONCE, Class::Once),
    ];
    let first = rules.into_iter().find(|(sign, _)| signs & sign != 0);
    first.map_or(Class::Unknown, |(_, class)| class)
}

/// Returns for each failure what the builds of its pipeline before and after it say.
fn neighbours(snapshot: &Snapshot) -> Vec<u8> {
    let builds = &snapshot.builds;
    let mut signs = vec![0; builds.len()];
    let mut pipelines = vec![Latest::default(); snapshot.pipelines.len()];
    for (row, (&pipeline, &result)) in (0_u32..).zip(builds.pipeline.iter().zip(&builds.result)) {
        if !result.is_completed() {
            continue;
        }
        let index = row as usize;
        let latest = &mut pipelines[pipeline as usize];
        let failure = latest.failure.checked_sub(1).map(|before| before as usize);
        if result == BuildResult::Failure {
            let step = builds.failing_step[index];
            if let Some(before) = failure
                && step != UNKNOWN_STEP
                && step == builds.failing_step[before]
            {
                signs[before] |= BROKEN;
                signs[index] |= BROKEN;
            }
            latest.failure = row + 1;
        } else if result.is_good() {
            if let Some(before) = failure.filter(|_| latest.is_last) {
                let commits = [builds.commit[before], builds.commit[index]];
                let other = commits[0] != commits[1] && !commits.contains(&0);
                signs[before] |= if other { ONCE } else { 0 };
            }
            latest.failure = 0;
        }
        latest.is_last = result == BuildResult::Failure;
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, at, build, snapshot},
        model::{HOUR_MS, Step},
        snapshot::{BuildDetails, BuildRecord},
    };

    use BuildResult::{Aborted, Failure, NotBuilt, Success};

    /// A build: its result, the step that failed first, and its commit.
    type Known<'a> = (BuildResult, Option<&'a str>, Option<&'a str>);

    const GOOD: Known<'_> = (Success, None, Some("1111111111111111"));
    const NEXT: Known<'_> = (Success, None, Some("2222222222222222"));

    fn failed(step: &str) -> Known<'_> {
        (Failure, Some(step), Some("3333333333333333"))
    }

    fn records<'a>(known: &[Known<'a>]) -> Vec<BuildRecord<'a>> {
        let hours = (1..=known.len() as i64).rev();
        let record =
            |(&(result, failing_step, git_commit), hours): (&Known<'a>, i64)| BuildRecord {
                // Far apart, so that no build of the same commit is near.
                finished_ms: at(AS_OF) - hours * 30 * HOUR_MS,
                failing_step,
                details: BuildDetails {
                    git_commit,
                    ..BuildDetails::default()
                },
                ..build("HMCTS_CMC/claim-store/master", result, AS_OF)
            };
        known.iter().zip(hours).map(record).collect()
    }

    fn classes(known: &[Known<'_>]) -> Vec<Class> {
        snapshot(&records(known)).insight.classes
    }

    #[test]
    fn a_step_that_fails_twice_in_an_episode_is_broken() {
        use Class::{Broken, None, Once, Unknown};
        let found = classes(&[
            GOOD,
            failed("test"),
            (Aborted, Option::None, Option::None),
            failed("test"),
            failed("build"),
            NEXT,
            failed("build"),
            GOOD,
            failed("test"),
        ]);
        assert_eq!(
            found,
            [None, Broken, None, Broken, Once, None, Once, None, Unknown]
        );
        let no_step = (Failure, Option::None, Option::None);
        assert_eq!(classes(&[no_step, no_step]), [Unknown, Unknown]);
    }

    #[test]
    fn a_failure_happened_once_if_the_next_completed_build_of_another_commit_is_good() {
        let other = (Success, None, GOOD.2);
        let same = (Success, None, failed("").2);
        let unknown = (Success, None, None);
        let not_built = (NotBuilt, None, None);
        for (after, class) in [
            (vec![other], Class::Once),
            (vec![same], Class::Unknown),
            (vec![unknown], Class::Unknown),
            (vec![not_built, other], Class::Unknown),
            (vec![], Class::Unknown),
        ] {
            let found = classes(&[vec![GOOD, failed("test")], after.clone()].concat());
            assert_eq!(found[1], class, "{after:?}");
        }
    }

    #[test]
    fn a_failed_checkout_and_a_second_attempt_are_failures_of_the_agent() {
        assert_eq!(
            classes(&[GOOD, failed("checkout"), failed("checkout")])[1..],
            [Class::Agent; 2]
        );
        let mut builds = records(&[GOOD, failed("test"), NEXT]);
        let step = |attempt| Step {
            name: "test",
            end_ms: builds[1].finished_ms,
            result: Failure,
            attempt,
            duration: None,
        };
        let steps = [step(1), step(2)];
        for (known, class) in [(1, Class::Once), (2, Class::Agent)] {
            builds[1].details.steps = steps[..known].to_vec();
            assert_eq!(snapshot(&builds).insight.classes[1], class);
        }
    }

    #[test]
    fn a_flaky_failure_is_flaky_although_its_step_failed_before() {
        let mut builds = records(&[
            GOOD,
            failed("test"),
            failed("test"),
            (Success, None, failed("").2),
        ]);
        builds[2].finished_ms = builds[3].finished_ms - HOUR_MS;
        assert_eq!(
            snapshot(&builds).insight.classes,
            [Class::None, Class::Broken, Class::Flaky, Class::None]
        );
    }

    #[test]
    fn a_lost_build_is_lost() {
        let mut builds = records(&[GOOD; 8]);
        for known in &mut builds[..7] {
            known.details.ended = true;
        }
        let found = snapshot(&builds).insight.classes;
        assert_eq!((found[6], found[7]), (Class::None, Class::Lost));
    }
}
