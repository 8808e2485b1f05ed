use std::collections::HashSet;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::server::{
    figures::testing::{AS_OF, at, build, snapshot},
    insight::transitions::transitions,
    model::{BuildResult, HOUR_MS, MINUTE_MS, Toolchain},
    snapshot::{BuildDetails, BuildRecord, Shared},
};

use BuildResult::{Failure, Success};

const STEPS: [&str; 3] = ["build", "functionalTest:aat", "test"];

/// A build of a pipeline: its number, result and step, and its end in minutes before the time of the data.
#[derive(Clone, Copy, Debug)]
struct Known {
    pipeline: usize,
    result: BuildResult,
    step: Option<usize>,
    minutes_before: i64,
    agent: Option<usize>,
}

fn known(pipeline: usize, result: BuildResult, minutes_before: i64) -> Known {
    Known {
        pipeline,
        result,
        step: (result == Failure).then_some(1),
        minutes_before,
        agent: Some(pipeline % 5),
    }
}

fn snapshot_of(builds: &[Known]) -> Snapshot {
    let names: Vec<String> = (0..60)
        .map(|number| format!("HMCTS_CMC/{number}/master"))
        .collect();
    let agents: Vec<Toolchain> = (0..5)
        .map(|number| Toolchain {
            node_labels: Some(format!("agent {number}")),
            ..Toolchain::default()
        })
        .collect();
    let records = builds.iter().map(|known| BuildRecord {
        finished_ms: at(AS_OF) - known.minutes_before * MINUTE_MS,
        failing_step: known.step.map(|step| STEPS[step]),
        details: BuildDetails {
            toolchain: known.agent.map(|agent| &agents[agent]),
            ..BuildDetails::default()
        },
        ..build(&names[known.pipeline], known.result, AS_OF)
    });
    snapshot(&records.collect::<Vec<_>>())
}

/// Good builds of sixty pipelines every six hours, of which one in 29 fails, until so many minutes before.
fn usual(until: i64) -> Vec<Known> {
    let hours = (until / 60 + 6..24 * 60).step_by(6);
    let times = hours.flat_map(|hour| (0..60).map(move |pipeline| (pipeline, hour)));
    let builds = times.flat_map(|(pipeline, hour)| {
        let failed = (hour as usize / 6 + pipeline).is_multiple_of(29);
        let result = if failed { Failure } else { Success };
        let minutes = hour * 60 + pipeline as i64 % 50;
        // A good build follows each failure.
        let good = failed.then_some(known(pipeline, Success, minutes - 5));
        [Some(known(pipeline, result, minutes)), good]
            .into_iter()
            .flatten()
    });
    builds.collect()
}

/// So many pipelines that fail a minute after another, until so many minutes before.
fn outage(pipelines: usize, until: i64) -> impl Iterator<Item = Known> {
    (0..pipelines).map(move |pipeline| {
        known(
            pipeline,
            Failure,
            until + pipelines as i64 - pipeline as i64,
        )
    })
}

#[test]
fn many_new_failures_at_a_step_are_an_incident() {
    let mut builds = usual(300);
    builds.extend(outage(12, 200));
    let snapshot = snapshot_of(&builds);
    let [incident] = &snapshot.insight.incidents[..] else {
        panic!("{:?}", snapshot.insight.incidents);
    };
    assert_eq!(snapshot.step_label(incident.step), STEPS[1]);
    assert_eq!(incident.from_ms, at(AS_OF) - 212 * MINUTE_MS);
    assert_eq!(
        (
            incident.members.len(),
            incident.pipelines,
            incident.transitions
        ),
        (12, 12, 12)
    );
    assert!(incident.over && !incident.nightly && incident.probability < 1e-5);
    assert_eq!(incident.shared, []);
}

#[test]
fn failures_of_few_pipelines_or_red_ones_or_at_other_steps_are_none() {
    let three = outage(3, 200);
    let with = |more: Vec<Known>| {
        let builds: Vec<Known> = usual(300).into_iter().chain(more).collect();
        snapshot_of(&builds).insight.incidents.len()
    };
    assert_eq!(with(three.collect()), 0);
    let twice = outage(3, 200).chain(outage(3, 190)).chain(outage(3, 180));
    assert_eq!(
        with(twice.collect()),
        0,
        "a red pipeline fails anew only once"
    );
    let apart = outage(6, 200).map(|build| Known {
        step: Some(build.pipeline % 3),
        ..build
    });
    assert_eq!(with(apart.collect()), 0);
    let unknown = outage(6, 200).map(|build| Known {
        step: None,
        ..build
    });
    assert_eq!(with(unknown.collect()), 1, "an unknown step is a value");
}

#[test]
fn too_few_builds_before_claim_nothing() {
    let usual = usual(300);
    for (known, incidents) in [(1600, 1), (100, 0)] {
        let mut builds = usual[..known].to_vec();
        // The latest ones.
        builds.sort_by_key(|build| build.minutes_before);
        builds.truncate(known);
        builds.extend(outage(12, 200));
        assert_eq!(
            snapshot_of(&builds).insight.incidents.len(),
            incidents,
            "{known}"
        );
    }
}

#[test]
fn windows_that_lie_close_together_are_one_incident() {
    for (gap, incidents) in [(30, 1), (119, 1), (140, 2)] {
        let mut builds = usual(900);
        builds.extend(outage(8, 600));
        let second = outage(8, 600 - gap).map(|build| Known {
            pipeline: build.pipeline + 20,
            ..build
        });
        builds.extend(second);
        let found = snapshot_of(&builds).insight.incidents;
        assert_eq!(found.len(), incidents, "{gap}");
        let members: usize = found.iter().map(|incident| incident.members.len()).sum();
        assert_eq!(members, 16);
    }
}

#[test]
fn an_incident_is_over_two_hours_after_its_last_new_failure() {
    for (minutes, over) in [(118, false), (119, true)] {
        let mut builds = usual(600);
        builds.extend(outage(8, minutes));
        assert_eq!(
            snapshot_of(&builds).insight.incidents[0].over,
            over,
            "{minutes}"
        );
    }
}

#[test]
fn the_agent_that_the_members_share_is_named() {
    let mut builds = usual(300);
    let on_agent = outage(12, 200).map(|build| Known {
        agent: Some(if build.pipeline < 10 { 3 } else { 1 }),
        ..build
    });
    builds.extend(on_agent);
    let snapshot = snapshot_of(&builds);
    let [incident] = &snapshot.insight.incidents[..] else {
        panic!("{:?}", snapshot.insight.incidents);
    };
    let [
        Shared {
            attribute,
            value,
            members,
            q,
        },
    ] = &incident.shared[..]
    else {
        panic!("{:?}", incident.shared);
    };
    assert_eq!((*attribute, &**value, *members), ("agent", "agent 3", 10));
    assert!(*q < 0.01);
}

/// A range of rows, the members, and the probability of each significant window, by the definition.
fn slow(snapshot: &Snapshot, transitions: &Transitions) -> Vec<(i64, i64, Vec<u32>)> {
    let builds = &snapshot.builds;
    let at = |row: u32| builds.finished_ms[row as usize];
    let new: Vec<u32> = transitions
        .failures
        .iter()
        .map(|&at| transitions.rows[at as usize])
        .collect();
    let steps: Vec<u16> = new
        .iter()
        .map(|&row| builds.failing_step[row as usize])
        .collect();
    let mut found = Vec::new();
    let mut of_steps: Vec<u16> = steps.clone();
    of_steps.sort_unstable();
    of_steps.dedup();
    for step in of_steps {
        let of_step: Vec<u32> = new
            .iter()
            .copied()
            .zip(&steps)
            .filter(|(_, known)| **known == step)
            .map(|(row, _)| row)
            .collect();
        let within = |rows: &[u32], from: i64, to: i64| -> Vec<u32> {
            rows.iter()
                .copied()
                .filter(|&row| (from..to).contains(&at(row)))
                .collect()
        };
        let mut windows = Vec::new();
        for (&first, hours) in of_step.iter().flat_map(|first| [(first, 1), (first, 4)]) {
            let (from, to) = (at(first), at(first) + hours * HOUR_MS);
            let base = from - 28 * DAY_MS;
            let members = within(&of_step, from, to);
            let n = within(&transitions.rows, from, to).len();
            let (x, m) = (
                within(&of_step, base, from).len(),
                within(&transitions.rows, base, from).len(),
            );
            let pipelines = members.iter().map(|&row| builds.pipeline[row as usize]);
            let pipelines: HashSet<u32> = pipelines.collect();
            let rate = (x as f64 + 0.5) / (m as f64 + 1.0);
            let probability = upper_tail(members.len() as u64, n as u64, rate);
            if m >= 100 && pipelines.len() >= 4 && probability < 0.5e-5 {
                let last = members.iter().map(|&row| at(row)).max().expect("a member");
                windows.push((from, to.min(last + HOUR_MS), members));
            }
        }
        windows.sort();
        let mut open: Option<(i64, i64, Vec<u32>)> = None;
        for (from, to, members) in windows {
            match &mut open {
                Some((_, until, known)) if from - *until <= HOUR_MS => {
                    *until = to.max(*until);
                    known.extend(members);
                    known.sort_unstable();
                    known.dedup();
                }
                _ => found.extend(open.replace((from, to, members))),
            }
        }
        found.extend(open);
    }
    found.sort();
    found
}

fn any_builds() -> impl Strategy<Value = Vec<Known>> {
    let build = (0..12_usize, 0..10_u8, 0..2_usize, 0..60 * 24 * 40_i64);
    let burst = (0..60 * 24 * 40_i64, vec((0..12_usize, 0..70_i64), 0..14));
    (vec(build, 150..500), vec(burst, 0..5)).prop_map(|(builds, bursts)| {
        let usual = builds
            .into_iter()
            .map(|(pipeline, result, step, minutes_before)| Known {
                step: (result == 0).then_some(step),
                ..known(
                    pipeline,
                    if result == 0 { Failure } else { Success },
                    minutes_before,
                )
            });
        let bursts = bursts.into_iter().flat_map(|(from, builds)| {
            builds
                .into_iter()
                .map(move |(pipeline, minute)| known(pipeline, Failure, (from - minute).max(0)))
        });
        usual.chain(bursts).collect()
    })
}

proptest! {
    /// Pointers that only move forward find what the definition says.
    #[test]
    fn incidents_are_those_of_the_definition(builds in any_builds()) {
        let snapshot = snapshot_of(&builds);
        let kinds = transitions(&snapshot);
        let found = snapshot.insight.incidents.iter();
        let mut found: Vec<_> = found.map(|known| (known.from_ms, known.to_ms, known.members.clone())).collect();
        found.sort();
        prop_assert_eq!(found, slow(&snapshot, &kinds[0]));
        for incident in &snapshot.insight.incidents {
            for &row in &incident.members {
                let position = kinds[0].rows.binary_search(&row).expect("a transition");
                prop_assert!(kinds[0].failures.contains(&(position as u32)), "a new failure");
                prop_assert_eq!(snapshot.builds.failing_step[row as usize], incident.step);
            }
        }
    }
}
