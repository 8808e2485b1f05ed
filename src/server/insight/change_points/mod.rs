//! Change points of pipelines: where the durations of their good builds or the share of failed builds changed.
//!
//! Only the latest builds of a pipeline are searched. The changes of a series that is the same as in the previous
//! snapshot are taken from there.

pub mod changed;
pub mod durations;
pub mod failure_rate;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher as _, Hash},
    ops::Range,
    sync::Arc,
};

use foldhash::quality::FixedState;

use crate::server::{
    config,
    significance::MIN_COUNT,
    snapshot::{
        Snapshot, UNKNOWN_DURATION,
        change_points::{ChangePoint, Level, Measure, Searched},
    },
};
use durations::{DurationChange, Limits, Part};
use failure_rate::{RateChange, RatePart};

/// Computes the change points of every pipeline, sorted by pipeline, then by row; and what the next snapshot may keep.
pub fn compute(snapshot: &Snapshot, previous: &Searched) -> (Vec<ChangePoint>, Searched) {
    let rules = &snapshot.config.insight;
    let most = rules.change_point_builds as usize;
    let series = Series::of(snapshot, most);
    let mut durations = durations::Finder::new(limits(rules));
    let rates = failure_rate::Finder::new(most);
    let mut searched = Searched::default();
    let mut found = Vec::new();
    for (pipeline, series) in (0..).zip(&series) {
        let first = found.len();
        let values = series.durations(snapshot);
        let changes = searched.once(previous, &values, |values| {
            let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
            durations
                .lasting(&values, MIN_COUNT as usize)
                .into_iter()
                .map(Into::into)
        });
        let rows = &series.timed;
        found.extend(changes.iter().map(|known| known.in_rows(pipeline, rows)));
        let results = series.failures(snapshot);
        let changes = searched.once(previous, &results, |results| {
            rates.find(results).into_iter().map(Into::into)
        });
        let rows = &series.decided;
        found.extend(changes.iter().map(|known| known.in_rows(pipeline, rows)));
        found[first..].sort_by_key(|known| (known.row, known.measure));
    }
    (found, searched)
}

fn limits(rules: &config::Insight) -> Limits {
    Limits {
        window: rules.change_point_window as usize,
        max_p: rules.change_point_p,
        min_magnitude: rules.change_point_magnitude_percent / 100.0,
    }
}

/// The latest builds of a pipeline, as rows in order.
#[derive(Clone, Default)]
pub struct Series {
    /// The good ones of known duration.
    pub timed: Vec<u32>,
    /// The decided ones.
    pub decided: Vec<u32>,
}

impl Series {
    /// Returns the series of every pipeline, each of at most so many builds.
    pub fn of(snapshot: &Snapshot, most: usize) -> Vec<Self> {
        let builds = &snapshot.builds;
        let mut series = vec![Self::default(); snapshot.pipelines.len()];
        for (index, &result) in builds.result.iter().enumerate().rev() {
            if !result.is_decided() {
                continue;
            }
            let row = u32::try_from(index).expect("rows are numbered in 32 bits");
            let Self { timed, decided } = &mut series[builds.pipeline[index] as usize];
            if decided.len() < most {
                decided.push(row);
            }
            let is_timed = result.is_good() && builds.duration_ms[index] != UNKNOWN_DURATION;
            if is_timed && timed.len() < most {
                timed.push(row);
            }
        }
        for Self { timed, decided } in &mut series {
            timed.reverse();
            decided.reverse();
        }
        series
    }

    /// Durations in ms.
    pub fn durations(&self, snapshot: &Snapshot) -> Vec<u32> {
        let durations = &snapshot.builds.duration_ms;
        let rows = self.timed.iter();
        rows.map(|&row| durations[row as usize]).collect()
    }

    pub fn failures(&self, snapshot: &Snapshot) -> Vec<bool> {
        let results = &snapshot.builds.result;
        let rows = self.decided.iter();
        rows.map(|&row| results[row as usize].is_failed()).collect()
    }
}

impl Searched {
    /// Returns the changes of a series: those that were found before, if it was searched before.
    fn once<T: Hash, C: Iterator<Item = ChangePoint>>(
        &mut self,
        previous: &Self,
        values: &[T],
        search: impl FnOnce(&[T]) -> C,
    ) -> Arc<[ChangePoint]> {
        let fingerprint = FixedState::default().hash_one((size_of::<T>(), values));
        let known = self.0.get(&fingerprint).or(previous.0.get(&fingerprint));
        let found = known.map_or_else(|| search(values).collect(), Arc::clone);
        self.0.insert(fingerprint, Arc::clone(&found));
        found
    }
}

impl From<DurationChange> for ChangePoint {
    fn from(change: DurationChange) -> Self {
        let level = |part: Part| level(part.values, part.mean);
        Self {
            measure: Measure::Duration,
            pipeline: 0,
            row: position(change.index),
            after_row: position(change.index - 1),
            until_row: position(change.index),
            before: level(change.before),
            after: level(change.after),
            evidence: change.p,
        }
    }
}

impl From<RateChange> for ChangePoint {
    fn from(change: RateChange) -> Self {
        let level = |part: RatePart| {
            let share = f64::from(part.failed) / part.results.len() as f64;
            level(part.results, share)
        };
        Self {
            measure: Measure::FailureRate,
            pipeline: 0,
            row: position(change.index),
            after_row: position(change.first - 1),
            until_row: position(change.last),
            before: level(change.before),
            after: level(change.after),
            evidence: change.gain,
        }
    }
}

fn level(values: Range<usize>, value: f64) -> Level {
    Level {
        first_row: position(values.start),
        last_row: position(values.end - 1),
        builds: position(values.len()),
        value,
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).expect("a series has at most 10,000 values")
}
