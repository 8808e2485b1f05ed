use proptest::{collection::vec, prelude::*};

use super::*;
use crate::server::{
    figures::testing::{AS_OF, at, build, snapshot},
    model::{
        BuildResult::{self, *},
        HOUR_MS, MINUTE_MS, Toolchain,
    },
    snapshot::{BuildDetails, BuildRecord, StepRow},
};

const JOB: &str = "HMCTS_CMC/claim-store/master";

fn agent(name: &str) -> Toolchain {
    Toolchain {
        node_labels: Some(name.to_owned()),
        ..Toolchain::default()
    }
}

/// Builds of pipelines and agents with these numbers, one every hour.
fn records<'a>(
    jobs: &'a [String],
    agents: &'a [Toolchain],
    builds: &[(usize, usize, BuildResult)],
) -> Vec<BuildRecord<'a>> {
    let hour = |(hour, &(job, agent, result)): (i64, &(usize, usize, BuildResult))| BuildRecord {
        finished_ms: at(AS_OF) - (builds.len() as i64 - hour) * HOUR_MS,
        details: BuildDetails {
            toolchain: agents.get(agent),
            ..BuildDetails::default()
        },
        ..build(&jobs[job], result, AS_OF)
    };
    (0..).zip(builds).map(hour).collect()
}

fn jobs(count: usize) -> Vec<String> {
    let job = |number| format!("HMCTS_CMC/store-{number}/master");
    (0..count).map(job).collect()
}

/// The counts of a value in both sets: `agent linux 3/10 1/40`.
fn lines(found: &Difference) -> Vec<String> {
    let line = |value: &Different| {
        let (id, a, b) = (value.property.id(), value.a, value.b);
        let counts = format!("{}/{} {}/{}", a.part, a.whole, b.part, b.whole);
        format!("{id} {} {counts}", value.value)
    };
    found.values.iter().map(line).collect()
}

#[test]
fn a_new_failure_follows_a_good_build() {
    let jobs = jobs(2);
    let results = [
        Success, Failure, Failure, Unstable, Failure, Success, Aborted, Failure, Success, NotBuilt,
        Failure, Success,
    ];
    let mut builds: Vec<_> = results.iter().map(|&result| (0, 9, result)).collect();
    // Another pipeline that fails from its first build on.
    builds.extend([(1, 9, Failure), (1, 9, Failure)]);
    let snapshot = snapshot(&records(&jobs, &[], &builds));
    let sets = Sets::of_failures(&snapshot, &Selection::default());
    assert_eq!(sets.a, [1, 4]);
    assert_eq!(sets.b, [0, 3, 5, 8, 11]);
}

#[test]
fn conditions_of_failures_do_not_hold_for_good_builds() {
    let (jobs, agents) = (jobs(1), [agent("a"), agent("b")]);
    let builds = [
        (0, 0, Success),
        (0, 1, Failure),
        (0, 0, Success),
        (0, 1, Success),
    ];
    let snapshot = snapshot(&records(&jobs, &agents, &builds));
    let sets = |query: &str| {
        let selection = Selection::parse(query).expect("a selection");
        Sets::of_failures(&snapshot, &selection)
    };
    let failed = sets("result=FAILURE&result=ABORTED");
    assert_eq!((failed.a, failed.b), (vec![1], vec![0, 2, 3]));
    let failed = sets("failed_step=unknown&agent=b&class=unknown");
    assert_eq!((failed.a, failed.b), (vec![1], vec![3]));
    let good = sets("result=SUCCESS");
    assert!(good.is_either_empty(), "{good:?}");
}

#[test]
fn builds_of_both_selections_are_in_the_first_only() {
    let jobs = jobs(3);
    let builds: Vec<_> = (0..9).map(|number| (number % 3, 9, Success)).collect();
    let snapshot = snapshot(&records(&jobs, &[], &builds));
    let parse = |query: &str| Selection::parse(query).expect("a selection");
    let all = Selection::default();
    let sets = Sets::of_selections(&snapshot, &parse(&format!("pipeline={}", jobs[1])), &all);
    assert_eq!(sets.a, [1, 4, 7]);
    assert_eq!((sets.b, sets.common), (vec![0, 2, 3, 5, 6, 8], 3));
    let same = Sets::of_selections(&snapshot, &all, &all);
    assert_eq!((same.a.len(), same.b.len(), same.common), (9, 0, 9));
}

#[test]
fn a_bad_agent_is_the_greatest_difference() {
    let (jobs, agents) = (jobs(4), [agent("bad"), agent("good")]);
    let mut builds = Vec::new();
    for number in 0..400 {
        let is_bad = number % 8 == 3;
        let result = if is_bad && number % 16 == 3 || number % 40 == 1 {
            Failure
        } else {
            Success
        };
        builds.push((number % 4, usize::from(!is_bad), result));
    }
    let snapshot = snapshot(&records(&jobs, &agents, &builds));
    let sets = Sets::of_failures(
        &snapshot,
        &Selection::parse("days=28").expect("a selection"),
    );
    let found = difference(&snapshot, &sets);
    let lines = lines(&found);
    assert!(lines[0].starts_with("agent bad "), "{lines:?}");
    assert!(lines[1].starts_with("agent good "), "{lines:?}");
    assert!(found.values[0].difference() > 0.5 && found.values[0].q < 1e-6);
    assert!(found.values[0].lift().is_some_and(|lift| lift > 3.0));
    // Four pipelines, one project and team, 24 hours, 7 weekdays, one kind, two agents, five that are unknown.
    assert!(found.tested > 20, "{}", found.tested);
    assert!(found.hidden.is_empty());
}

#[test]
fn a_missing_value_is_a_value_and_only_in_one_set_has_no_lift() {
    let (jobs, agents) = (jobs(1), [agent("known")]);
    let mut builds = vec![(0, 0, Success); 60];
    for number in 0..20 {
        builds[number * 2] = (0, 9, Failure);
    }
    let snapshot = snapshot(&records(&jobs, &agents, &builds));
    let is_failed = |row: &u32| snapshot.builds.result[*row as usize] == Failure;
    let (a, b) = (0..60).partition(is_failed);
    let found = difference(&snapshot, &Sets { a, b, common: 0 });
    let first = &found.values[0];
    assert_eq!((first.property.id(), &*first.value), ("agent", "known"));
    assert_eq!(
        lines(&found)[..2],
        ["agent known 0/20 40/40", "agent unknown 20/20 0/40"]
    );
    assert_eq!(
        (found.values[0].lift(), found.values[1].lift()),
        (Some(0.0), None)
    );
}

#[test]
fn an_attribute_with_another_value_for_nearly_every_build_is_hidden() {
    let names: Vec<String> = (0..21).map(|node| format!("vm-{node}")).collect();
    let hourly = |count: usize| {
        let hour = |(hour, node): (i64, &String)| (hour, node.clone());
        let named: Vec<_> = (0..).zip(&names[..count]).map(hour).collect();
        let builds: Vec<_> = named
            .iter()
            .map(|(hour, node)| BuildRecord {
                finished_ms: at(AS_OF) - (30 - hour) * MINUTE_MS,
                details: BuildDetails {
                    node: Some(node),
                    ..BuildDetails::default()
                },
                ..build(JOB, Success, AS_OF)
            })
            .collect();
        let snapshot = snapshot(&builds);
        let (a, b) = (0..count as u32).partition(|row| row % 2 == 0);
        let found = difference(&snapshot, &Sets { a, b, common: 0 });
        found
            .hidden
            .iter()
            .map(|known| known.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(hourly(21), ["node"]);
    assert_eq!(hourly(20), [""; 0]);
}

#[test]
fn slow_builds_are_those_above_the_baseline_among_builds_with_the_step() {
    let durations = |slow: bool, number: i64| -> Vec<(&str, i64)> {
        let build = if slow { 40 } else { number % 10 };
        match number % 4 {
            0 => vec![("checkout", 1), ("build", build)],
            // The longest of a name counts, and once.
            1 => vec![("checkout", 1), ("build", 1), ("build", build)],
            _ => vec![("checkout", 1), ("build", build), ("deploy", 3)],
        }
    };
    let mut builds = Vec::new();
    let steps: Vec<Vec<(&str, i64)>> = (0..200)
        .map(|number| durations(number < 40, number))
        .collect();
    let minute = 60_000;
    let rows: Vec<Vec<StepRow>> = steps
        .iter()
        .map(|steps| {
            let step = |&(name, minutes): &(&str, i64)| {
                let number = ["build", "checkout", "deploy"]
                    .iter()
                    .position(|known| *known == name);
                let duration = crate::server::model::StepDuration {
                    ms: minutes * minute,
                    stated: true,
                };
                let number = u16::try_from(number.expect("a name")).expect("few");
                StepRow::new(number, minutes * minute, Success, 1, Some(duration))
            };
            steps.iter().map(step).collect()
        })
        .collect();
    for number in 0..200 {
        builds.push((0, 9, if number < 40 { Failure } else { Success }));
    }
    let jobs = jobs(1);
    let mut snapshot = snapshot(&records(&jobs, &[], &builds));
    snapshot.steps = ["build", "checkout", "deploy"].map(Into::into).into();
    snapshot.builds.steps = crate::server::snapshot::Steps::default();
    for rows in rows {
        snapshot.builds.steps.push(rows.into_iter());
    }
    let (a, b) = (0..200).partition(|row| *row < 40);
    let found = difference(&snapshot, &Sets { a, b, common: 0 });
    let slow: Vec<String> = lines(&found)
        .into_iter()
        .filter(|line| line.contains("more than"))
        .collect();
    assert_eq!(slow, ["step_duration more than 9.0 min 40/40 0/160"]);
    assert_eq!(found.values[0].property.label(), "Duration of build");
}

fn made() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    vec((0_usize..5, 0_usize..4, any::<bool>()), 0..120)
}

/// The sets of builds that are marked and of the others.
fn marked(builds: &[(usize, usize, bool)]) -> Sets {
    let rows = 0..u32::try_from(builds.len()).expect("few");
    let (a, b) = rows.partition(|&row| builds[row as usize].2);
    Sets { a, b, common: 0 }
}

fn made_snapshot(builds: &[(usize, usize, bool)]) -> Snapshot {
    let (jobs, agents) = (jobs(5), [agent("a"), agent("b"), agent("c")]);
    let builds: Vec<_> = builds
        .iter()
        .map(|&(job, agent, _)| (job, agent, Success))
        .collect();
    snapshot(&records(&jobs, &agents, &builds))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The other way round, the same values differ by as much in the other direction.
    #[test]
    fn swapped_sets_have_the_same_differences_with_other_signs(builds in made()) {
        let snapshot = made_snapshot(&builds);
        let sets = marked(&builds);
        let swapped = Sets { a: sets.b.clone(), b: sets.a.clone(), common: 0 };
        let (one, other) = (difference(&snapshot, &sets), difference(&snapshot, &swapped));
        prop_assert_eq!(one.tested, other.tested);
        prop_assert_eq!(one.values.len(), other.values.len());
        for (one, other) in one.values.iter().zip(&other.values) {
            prop_assert_eq!((one.a, one.b, &one.value), (other.b, other.a, &other.value));
            prop_assert_eq!(one.difference(), -other.difference());
        }
    }

    /// Between sets of one size, equal builds in both make every difference smaller in proportion.
    #[test]
    fn equal_builds_in_both_sets_only_dilute_differences(
        pairs in vec(((0_usize..5, 0_usize..4), (0_usize..5, 0_usize..4)), 1..60),
        equal in 1_usize..40,
    ) {
        let pairs = pairs.iter().flat_map(|&(a, b)| [(a.0, a.1, true), (b.0, b.1, false)]);
        let builds: Vec<_> = pairs.collect();
        let added = (0..equal).flat_map(|number| {
            [true, false].map(|is_a| (number % 5, number % 4, is_a))
        });
        let more: Vec<_> = builds.iter().copied().chain(added).collect();
        let differences = |builds: &[(usize, usize, bool)]| {
            let snapshot = made_snapshot(builds);
            let agent = attributes::find("agent").expect("an attribute");
            let values = counted(&snapshot, &marked(builds), agent).expect("few values");
            values.into_iter().map(|value| (value.value.clone(), value.difference())).collect::<Vec<_>>()
        };
        let after = differences(&more);
        for (value, before) in differences(&builds) {
            let (_, after) = after.iter().find(|(known, _)| *known == value).expect("the value");
            let expected = before * builds.len() as f64 / more.len() as f64;
            prop_assert!((after - expected).abs() < 1e-12, "{value}: {before} {after}");
        }
    }

    /// Values, counts and rates by plain loops.
    #[test]
    fn differences_are_those_of_plain_loops(builds in made()) {
        let snapshot = made_snapshot(&builds);
        let sets = marked(&builds);
        let found = difference(&snapshot, &sets);
        let mut plain = Vec::new();
        for id in COMPARED {
            let values = (attributes::find(id).expect("an attribute").read)(&snapshot);
            let label = |row: &u32| values.label(*row as usize).unwrap_or(UNKNOWN).to_owned();
            let (a, b): (Vec<_>, Vec<_>) = (sets.a.iter().map(label).collect(), sets.b.iter().map(label).collect());
            let mut labels: Vec<_> = a.iter().chain(&b).cloned().collect();
            labels.sort();
            labels.dedup();
            if labels.len() as f64 > 0.9 * builds.len() as f64 && builds.len() > 20 {
                continue;
            }
            for known in labels {
                let count = |labels: &[String]| labels.iter().filter(|label| **label == known).count() as u64;
                let (a, b) = (count(&a), count(&b));
                if a + b >= 5 {
                    let rate = |part, rows: &[u32]| Rate { part, whole: rows.len() as u64 };
                    plain.push((id, known, rate(a, &sets.a), rate(b, &sets.b)));
                }
            }
        }
        if sets.is_either_empty() {
            plain.clear();
        }
        prop_assert_eq!(found.tested, plain.len());
        let p: Vec<f64> = plain.iter().map(|(.., a, b)| p_value(*a, *b)).collect();
        let q = q_values(&p);
        let mut expected: Vec<_> = plain.iter().zip(&q).filter(|(_, q)| **q < 0.01).collect();
        let share = |rate: Rate| rate.share().expect("builds");
        let size = |a: Rate, b: Rate| (share(a) - share(b)).abs();
        expected.sort_by(|((id, value, a, b), q), ((other, of, c, d), r)| {
            size(*c, *d).total_cmp(&size(*a, *b)).then(q.total_cmp(r)).then(id.cmp(other)).then(value.cmp(of))
        });
        let expected: Vec<String> = expected
            .iter()
            .map(|((id, value, a, b), _)| format!("{id} {value} {}/{} {}/{}", a.part, a.whole, b.part, b.whole))
            .collect();
        prop_assert_eq!(lines(&found), expected);
    }
}
