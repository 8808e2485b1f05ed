//! Two selections side by side: counts, the failure rate, times and steps. A difference is better or worse only where
//! the rule of significance says so.

use std::cmp::Ordering;

use super::{build_list, difference};
use crate::{
    api::{BuildSet, Change, ComparedMeasure, Comparison, MeasureUnit, MeasuredSide},
    selection::{Pair, Selection},
    server::{
        attributes::select,
        figures::words,
        insight::difference::Sets,
        model::BuildResult,
        significance::{self, MIN_COUNT, Rate},
        snapshot::{Snapshot, UNKNOWN_DURATION},
        statistics::{Resampled, percentile, to_two_decimals},
    },
};

/// The most steps of a list.
const MAX_STEPS: usize = 10;

/// Compares two selections whose values were checked.
pub fn comparison(snapshot: &Snapshot, pair: &Pair) -> Comparison {
    let sets = Sets::of_selections(snapshot, &pair.a, &pair.b);
    let all_of_b = (sets.common > 0).then(|| rows(snapshot, &pair.b));
    let measured = |rows| Measured::of(snapshot, rows);
    let a = measured(&sets.a);
    let b = measured(all_of_b.as_deref().unwrap_or(&sets.b));
    let others = all_of_b.is_some().then(|| measured(&sets.b));
    let compared = Compared {
        snapshot,
        pair,
        a: &a,
        b: &b,
        others: others.as_ref().unwrap_or(&b),
    };
    let set = |selection: &Selection, rows: &[u32], builds: u64| {
        let results = rows.iter().map(|&row| snapshot.builds.result[row as usize]);
        let running = results.filter(|&result| result == BuildResult::Running);
        let (running, window) = (running.count() as u64, snapshot.window(selection));
        BuildSet {
            label: build_list::summary(snapshot, selection, builds, running, window),
            selection: selection.encoded(),
            builds,
        }
    };
    Comparison {
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        a: set(&pair.a, &sets.a, a.builds),
        b: set(&pair.b, all_of_b.as_deref().unwrap_or(&sets.b), b.builds),
        common: sets.common,
        measures: compared.measures(),
        failing_steps: compared.failing_steps(),
        slow_steps: compared.slow_steps(),
        difference: difference::described(snapshot, &sets, difference::names(pair)),
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Vec<u32> {
    let selected = select(snapshot, selection);
    let rows = selected.iter().map(u32::try_from);
    rows.map(|row| row.expect("fewer builds than u32::MAX"))
        .collect()
}

/// The numbers of a set of builds.
struct Measured {
    builds: u64,
    results: [u64; BuildResult::ALL.len()],
    failed: Rate,
    durations: Vec<u32>,
    start_delays: Vec<u32>,
    /// Failed builds by the step that failed first; the last is the unknown one.
    failing_steps: Vec<u64>,
    /// Builds with the step, and its known durations, by step.
    steps: Vec<(u64, Vec<u32>)>,
}

impl Measured {
    fn of(snapshot: &Snapshot, rows: &[u32]) -> Self {
        let builds = &snapshot.builds;
        let mut measured = Self {
            builds: rows.len() as u64,
            results: Default::default(),
            failed: Rate::default(),
            durations: known(&builds.duration_ms, rows),
            start_delays: known(&builds.start_delay_ms, rows),
            failing_steps: vec![0; snapshot.steps.len() + 1],
            steps: vec![(0, Vec::new()); snapshot.steps.len()],
        };
        let mut latest = vec![u32::MAX; snapshot.steps.len()];
        for &row in rows {
            let build = row as usize;
            let result = builds.result[build];
            measured.results[result as usize] += 1;
            measured.failed.count(result);
            if result.is_failed() {
                let step = usize::from(builds.failing_step[build]).min(snapshot.steps.len());
                measured.failing_steps[step] += 1;
            }
            for step in builds.steps.of(build) {
                let name = usize::from(step.name);
                let Some((builds, durations)) = measured.steps.get_mut(name) else {
                    continue;
                };
                *builds += u64::from(latest[name] != row);
                latest[name] = row;
                let ms = step.duration.and_then(|known| u32::try_from(known.ms).ok());
                durations.extend(ms);
            }
        }
        measured
    }
}

fn known(column_ms: &[u32], rows: &[u32]) -> Vec<u32> {
    let times = rows.iter().map(|&row| column_ms[row as usize]);
    times.filter(|&ms| ms != UNKNOWN_DURATION).collect()
}

struct Compared<'a> {
    snapshot: &'a Snapshot,
    pair: &'a Pair,
    a: &'a Measured,
    b: &'a Measured,
    /// The builds of B that are not in A, with which A is compared.
    others: &'a Measured,
}

impl Compared<'_> {
    fn measures(&self) -> Vec<ComparedMeasure> {
        let mut measures = vec![self.measure(
            "builds",
            "Builds",
            MeasureUnit::Builds,
            None,
            |measured, selection| {
                counted(measured.builds, measured.builds, Some(selection.clone()))
            },
        )];
        for result in BuildResult::ALL {
            let count = |measured: &Measured| measured.results[result as usize];
            if count(self.a) + count(self.b) > 0 {
                let label = crate::server::figures::result_label(result);
                let name = result.as_str();
                measures.push(self.measure(
                    name,
                    label,
                    MeasureUnit::Builds,
                    None,
                    |measured, selection| {
                        counted(
                            count(measured),
                            measured.builds,
                            Some(selection.with("result", name)),
                        )
                    },
                ));
            }
        }
        let change = judged(significance::compare(self.a.failed, self.others.failed));
        measures.push(self.measure(
            "failed_percent",
            "Failed of the decided",
            MeasureUnit::Percent,
            Some(change),
            |measured, selection| rate(measured.failed, Some(failed(selection))),
        ));
        let durations = |measured: &Measured| measured.durations.clone();
        let known = |measured: &Measured, selection: &Selection| {
            let is_given = selection.has("known") || selection.has("missing");
            let is_all = measured.durations.len() as u64 == measured.builds;
            let known = (!is_given).then(|| selection.with("known", "duration"));
            if is_all {
                Some(selection.clone())
            } else {
                known
            }
        };
        measures.push(self.measure(
            "duration_p50_min",
            "Median duration",
            MeasureUnit::Minutes,
            Some(compare_medians(&durations, self.a, self.others)),
            |measured, selection| minutes(&measured.durations, 0.5, known(measured, selection)),
        ));
        measures.push(self.measure(
            "duration_p95_min",
            "95th percentile of the duration",
            MeasureUnit::Minutes,
            None,
            |measured, selection| minutes(&measured.durations, 0.95, known(measured, selection)),
        ));
        let delays = |measured: &Measured| measured.start_delays.clone();
        measures.push(self.measure(
            "start_delay_p50_min",
            "Median start delay",
            MeasureUnit::Minutes,
            Some(compare_medians(&delays, self.a, self.others)),
            |measured, selection| {
                let is_all = measured.start_delays.len() as u64 == measured.builds;
                minutes(
                    &measured.start_delays,
                    0.5,
                    is_all.then(|| selection.clone()),
                )
            },
        ));
        measures
    }

    /// The steps with the greatest share of decided builds that failed there, in either set.
    fn failing_steps(&self) -> Vec<ComparedMeasure> {
        let of = |measured: &Measured, step: usize| Rate {
            part: measured.failing_steps[step],
            whole: measured.failed.whole,
        };
        let share = |step: usize| {
            let [a, b] =
                [self.a, self.b].map(|measured| of(measured, step).share().unwrap_or_default());
            a.max(b)
        };
        let mut steps: Vec<usize> = (0..=self.snapshot.steps.len())
            .filter(|&step| share(step) > 0.0)
            .collect();
        steps.sort_by(|&one, &other| share(other).total_cmp(&share(one)));
        steps.truncate(MAX_STEPS);
        let measure = |step: usize| {
            let name = self
                .snapshot
                .steps
                .get(step)
                .map_or("unknown", |name| &**name);
            let change = judged(significance::compare(
                of(self.a, step),
                of(self.others, step),
            ));
            self.measure(
                name,
                name,
                MeasureUnit::Percent,
                Some(change),
                |measured, selection| {
                    let opens = failed(selection).with("failed_step", name);
                    rate(of(measured, step), Some(opens))
                },
            )
        };
        steps.into_iter().map(measure).collect()
    }

    /// The steps with the greatest median durations, of those with enough durations in both sets.
    fn slow_steps(&self) -> Vec<ComparedMeasure> {
        let median = |measured: &Measured, step: usize| {
            let durations = &measured.steps[step].1;
            let enough = durations.len() as u64 >= MIN_COUNT;
            enough.then(|| percentile(&mut durations.clone(), 0.5))
        };
        let mut steps: Vec<(f64, usize)> = (0..self.snapshot.steps.len())
            .filter_map(|step| Some((median(self.a, step)?.max(median(self.b, step)?), step)))
            .collect();
        steps.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a.cmp(b)));
        steps.truncate(MAX_STEPS);
        let measure = |(_, step): (f64, usize)| {
            let name = &*self.snapshot.steps[step];
            let durations = |measured: &Measured| measured.steps[step].1.clone();
            let change = compare_medians(&durations, self.a, self.others);
            self.measure(
                name,
                name,
                MeasureUnit::Minutes,
                Some(change),
                |measured, selection| {
                    let (builds, durations) = &measured.steps[step];
                    let is_one_each = *builds == durations.len() as u64 && !selection.has("step");
                    minutes(
                        durations,
                        0.5,
                        is_one_each.then(|| selection.with("step", name)),
                    )
                },
            )
        };
        steps.into_iter().map(measure).collect()
    }

    fn measure(
        &self,
        id: &str,
        label: &str,
        unit: MeasureUnit,
        change: Option<Change>,
        side: impl Fn(&Measured, &Selection) -> MeasuredSide,
    ) -> ComparedMeasure {
        ComparedMeasure {
            id: id.to_owned(),
            label: label.to_owned(),
            unit,
            a: side(self.a, &self.pair.a),
            b: side(self.b, &self.pair.b),
            change,
        }
    }
}

fn counted(builds: u64, of: u64, opens: Option<Selection>) -> MeasuredSide {
    MeasuredSide {
        value: Some(builds as f64),
        interval: None,
        builds,
        of,
        opens: opens
            .filter(|_| builds > 0)
            .map(|selection| selection.encoded()),
    }
}

fn rate(rate: Rate, opens: Option<Selection>) -> MeasuredSide {
    let percent = |share: f64| to_two_decimals(100.0 * share);
    MeasuredSide {
        value: rate.share().map(percent),
        interval: rate
            .interval()
            .map(|interval| [percent(interval.low), percent(interval.high)]),
        ..counted(rate.part, rate.whole, opens)
    }
}

fn minutes(times_ms: &[u32], share: f64, opens: Option<Selection>) -> MeasuredSide {
    let count = times_ms.len() as u64;
    let value = (count > 0).then(|| percentile(&mut times_ms.to_vec(), share) / 60_000.0);
    MeasuredSide {
        value: value.map(to_two_decimals),
        ..counted(count, count, opens)
    }
}

/// The failed builds of a selection.
fn failed(selection: &Selection) -> Selection {
    let asked = |name: &&str| {
        !selection.has("result") || selection.values("result").any(|known| known == *name)
    };
    let failed = BuildResult::ALL
        .into_iter()
        .filter(|result| result.is_failed());
    let names = failed.map(BuildResult::as_str).filter(asked);
    selection.with_values("result", names)
}

/// Less is better: failures, minutes.
fn judged(order: Option<Ordering>) -> Change {
    match order {
        Some(Ordering::Less) => Change::Better,
        Some(Ordering::Greater) => Change::Worse,
        _ => Change::Unclear,
    }
}

fn compare_medians(times: &dyn Fn(&Measured) -> Vec<u32>, a: &Measured, b: &Measured) -> Change {
    let [a, b] = [a, b].map(|measured| Resampled::new(times(measured)));
    judged(
        a.zip(b)
            .and_then(|(a, b)| significance::compare_medians(&a, &b)),
    )
}
