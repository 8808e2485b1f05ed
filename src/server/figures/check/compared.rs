//! Every number of a comparison opens exactly the builds that it counts, and equals that of a plain computation.

use super::*;
use crate::{
    api::{Change, Comparison, MeasuredSide},
    selection::Pair,
    server::{attributes::select, views::comparison::comparison},
};

/// Pairs of every kind: apart, overlapping, of one result, with conditions on steps and on what is known.
const PAIRS: [&str; 9] = [
    "a.type=nightly&b.type=non-nightly&days=28",
    "a.project=cmc&days=28",
    "a.days=7&days=28",
    "a.from=2019-10-18&b.to=2019-10-18",
    "a.result=FAILURE&b.result=SUCCESS&days=28",
    "a.failed_step=build&b.failed_step=unknown&days=180",
    "a.step=build&b.step=test&days=28",
    "a.known=duration&b.missing=commit&days=28",
    "a.project=fees-and-pay&b.q=nothing-of-this-name",
];

fn compared(snapshot: &Snapshot, query: &str) -> Comparison {
    comparison(snapshot, &Pair::parse(query).expect("two selections"))
}

fn sides(of: &Comparison) -> impl Iterator<Item = (&str, [&MeasuredSide; 2])> {
    let steps = of.failing_steps.iter().chain(&of.slow_steps);
    let all = of.measures.iter().chain(steps);
    all.map(|known| (&*known.id, [&known.a, &known.b]))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_a_comparison_opens_the_builds_that_it_counts() {
    let Sample {
        snapshot,
        _directory,
        ..
    } = sample(1, 40).await;
    let mut checked = 0;
    for query in PAIRS {
        let comparison = compared(&snapshot, query);
        for (id, sides) in sides(&comparison) {
            for side in sides {
                let Some(opens) = &side.opens else { continue };
                let selection = Selection::parse(opens).expect("an address");
                snapshot.check(&selection).expect("it can be answered");
                assert_eq!(
                    select(&snapshot, &selection).count(),
                    side.builds,
                    "{id} of {query}: {opens}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 150, "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_comparison_are_those_of_plain_loops() {
    let Sample {
        snapshot,
        _directory,
        ..
    } = sample(2, 40).await;
    let builds = &snapshot.builds;
    for query in PAIRS {
        let pair = Pair::parse(query).expect("two selections");
        let comparison = compared(&snapshot, query);
        for (number, selection) in [&pair.a, &pair.b].into_iter().enumerate() {
            let selected = select(&snapshot, selection);
            let rows: Vec<usize> = selected.iter().collect();
            let side = |id: &str| {
                let mut sides = sides(&comparison);
                sides
                    .find(|(known, _)| *known == id)
                    .map(|(_, sides)| sides[number].clone())
                    .expect(id)
            };
            let decided = rows
                .iter()
                .filter(|&&row| builds.result[row].is_decided())
                .count();
            let failed = rows
                .iter()
                .filter(|&&row| builds.result[row].is_failed())
                .count();
            let rate = side("failed_percent");
            assert_eq!(
                (rate.builds, rate.of),
                (failed as u64, decided as u64),
                "{query}"
            );
            let known = rows
                .iter()
                .map(|&row| builds.duration_ms[row])
                .filter(|&ms| ms != u32::MAX);
            let mut durations: Vec<u32> = known.collect();
            durations.sort_unstable();
            let middle = durations.len().checked_sub(1).map(|last| {
                let (low, high) = (durations[last / 2], durations[last.div_ceil(2)]);
                (f64::from(low) + f64::from(high)) / 120_000.0
            });
            let median = side("duration_p50_min").value;
            assert_eq!(median.is_some(), middle.is_some(), "{query}");
            let off = median
                .zip(middle)
                .map_or(0.0, |(found, middle)| (found - middle).abs());
            assert!(off < 0.006, "{query}: {median:?} {middle:?}");
        }
        let [a, b] = [&pair.a, &pair.b].map(|selection| {
            select(&snapshot, selection)
                .iter()
                .collect::<BTreeSet<usize>>()
        });
        assert_eq!(
            comparison.common,
            a.intersection(&b).count() as u64,
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_selections_have_opposite_changes() {
    let Sample {
        snapshot,
        _directory,
        ..
    } = sample(3, 40).await;
    let mut clear = 0;
    for [one, other] in [
        [
            "a.type=nightly&b.type=non-nightly&days=28",
            "a.type=non-nightly&b.type=nightly&days=28",
        ],
        [
            "a.result=FAILURE&b.result=SUCCESS&days=28",
            "a.result=SUCCESS&b.result=FAILURE&days=28",
        ],
        [
            "a.from=2019-10-18&b.to=2019-10-18",
            "a.to=2019-10-18&b.from=2019-10-18",
        ],
    ] {
        let (one, other) = (compared(&snapshot, one), compared(&snapshot, other));
        for (measure, swapped) in one.measures.iter().zip(&other.measures) {
            assert_eq!((&measure.a, &measure.b), (&swapped.b, &swapped.a));
            let opposite = measure.change.map(|change| match change {
                Change::Better => Change::Worse,
                Change::Worse => Change::Better,
                Change::Unclear => Change::Unclear,
            });
            assert_eq!(opposite, swapped.change, "{}", measure.id);
            clear += u32::from(
                measure
                    .change
                    .is_some_and(|change| change != Change::Unclear),
            );
        }
    }
    assert!(clear > 2, "{clear}");
}
