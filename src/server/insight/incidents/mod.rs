//! Shared incidents: many pipelines that fail anew at the same step at the same time.
//!
//! Windows of two lengths begin at each new failure: few builds an hour need more time to show an incident than many. A
//! window is significant if so many new failures are improbable by the usual rate, that of the days before. Significant
//! windows of a step that lie close together are one incident. Windows are found with pointers that only move forward, so
//! that the time is linear in the number of builds.

mod shared;
#[cfg(test)]
mod tests;

use std::ops::Range;

use jiff::SignedDuration;

use super::transitions::Transitions;
use crate::server::{
    model::DAY_MS,
    snapshot::{Incident, Snapshot},
    statistics::upper_tail,
};

/// Returns the incidents of both kinds in order of their beginning.
pub fn compute(snapshot: &Snapshot, kinds: &[Transitions; 2]) -> Vec<Incident> {
    let mut incidents = Vec::new();
    for (nightly, transitions) in [false, true].into_iter().zip(kinds) {
        let search = Search::new(snapshot, transitions);
        let mut found = search.incidents(nightly);
        shared::name(snapshot, transitions, &search.times, &mut found);
        incidents.append(&mut found);
    }
    incidents.sort_by_key(|known| (known.from_ms, known.nightly, known.step));
    incidents
}

/// The lengths of windows, as multiples of the configured one. Each has an equal part of the probability.
const LENGTHS: [i64; 2] = [1, 4];

/// The search for incidents of a kind.
struct Search<'a> {
    snapshot: &'a Snapshot,
    transitions: &'a Transitions,
    /// The ends of the transitions.
    times: Vec<i64>,
    /// The bounds of each new failure's window.
    bounds: Vec<Bounds>,
}

/// A window and the days before it, as positions in the transitions.
#[derive(Clone, Copy)]
struct Bounds {
    /// The beginning of the days before.
    base: u32,
    start: u32,
    /// By length.
    ends: [u32; LENGTHS.len()],
}

/// A significant window.
struct Window {
    from_ms: i64,
    /// The shortest length after the last new failure at the latest, so that a long window does not end long after its
    /// incident.
    to_ms: i64,
    /// Positions in the new failures of the step.
    members: Range<usize>,
    probability: f64,
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, transitions: &'a Transitions) -> Self {
        let limits = &snapshot.config.insight;
        let times = transitions.times(&snapshot.builds);
        let base_ms = i64::from(limits.incident_base_days) * DAY_MS;
        let window_ms = ms(limits.incident_window);
        let mut pointers = Bounds {
            base: 0,
            start: 0,
            ends: [0; LENGTHS.len()],
        };
        let forward = |pointer: &mut u32, until_ms: i64| {
            while times
                .get(*pointer as usize)
                .is_some_and(|&at_ms| at_ms < until_ms)
            {
                *pointer += 1;
            }
        };
        let bounds = transitions.failures.iter().map(|&position| {
            let at_ms = times[position as usize];
            forward(&mut pointers.base, at_ms - base_ms);
            forward(&mut pointers.start, at_ms);
            for (end, length) in pointers.ends.iter_mut().zip(LENGTHS) {
                forward(end, at_ms + length * window_ms);
            }
            pointers
        });
        let bounds = bounds.collect();
        Self {
            snapshot,
            transitions,
            times,
            bounds,
        }
    }

    fn incidents(&self, nightly: bool) -> Vec<Incident> {
        let steps = &self.snapshot.builds.failing_step;
        let step = |failure: u32| steps[self.row(failure) as usize];
        let mut failures: Vec<u32> = (0..).take(self.transitions.failures.len()).collect();
        failures.sort_by_key(|&failure| step(failure));
        let mut in_window = Pipelines::new(self.snapshot);
        let mut incidents = Vec::new();
        for failures in failures.chunk_by(|&a, &b| step(a) == step(b)) {
            let mut windows = Vec::new();
            for length in 0..LENGTHS.len() {
                self.windows(length, failures, &mut in_window, &mut windows);
            }
            windows.sort_by_key(|window: &Window| (window.from_ms, window.to_ms));
            self.merge(nightly, failures, &windows, &mut incidents);
        }
        incidents
    }

    /// Adds the significant windows of a length at a step, of which these are the new failures.
    fn windows(
        &self,
        length: usize,
        failures: &[u32],
        in_window: &mut Pipelines<'_>,
        windows: &mut Vec<Window>,
    ) {
        let limits = &self.snapshot.config.insight;
        let position = |failure: usize| self.transitions.failures[failures[failure] as usize];
        let limit = limits.incident_probability / LENGTHS.len() as f64;
        let shortest_ms = ms(limits.incident_window);
        let time = |failure: usize| self.times[position(failure) as usize];
        let (mut base, mut first, mut end) = (0, 0, 0);
        while first < failures.len() {
            let bounds = self.bounds[failures[first] as usize];
            while end < failures.len() && position(end) < bounds.ends[length] {
                in_window.add(self.row(failures[end]));
                end += 1;
            }
            while position(base) < bounds.base {
                base += 1;
            }
            let before = bounds.start - bounds.base;
            if before >= limits.incident_min_transitions
                && in_window.distinct >= limits.incident_pipelines
            {
                let rate = ((first - base) as f64 + 0.5) / (f64::from(before) + 1.0);
                let transitions = bounds.ends[length] - bounds.start;
                let new = (end - first) as u64;
                let probability = upper_tail(new, transitions.into(), rate);
                if probability < limit {
                    let (from_ms, last_ms) = (time(first), time(end - 1));
                    windows.push(Window {
                        from_ms,
                        to_ms: (from_ms + LENGTHS[length] * shortest_ms).min(last_ms + shortest_ms),
                        members: first..end,
                        probability,
                    });
                }
            }
            // Failures of the same instant have the same window.
            let at_ms = time(first);
            while first < failures.len() && time(first) == at_ms {
                in_window.remove(self.row(failures[first]));
                first += 1;
            }
        }
    }

    /// Makes incidents of windows that lie close together.
    fn merge(
        &self,
        nightly: bool,
        failures: &[u32],
        windows: &[Window],
        incidents: &mut Vec<Incident>,
    ) {
        let builds = &self.snapshot.builds;
        let window_ms = ms(self.snapshot.config.insight.incident_window);
        for windows in groups(windows, window_ms) {
            let from_ms = windows[0].from_ms;
            let ends = windows.iter().map(|window| window.to_ms);
            let to_ms = ends.max().unwrap_or(from_ms);
            let mut members = Vec::new();
            let mut next = 0;
            for window in windows {
                let end = window.members.end.max(next);
                let new = window.members.start.max(next)..end;
                next = end;
                members.extend(failures[new].iter().map(|&failure| self.row(failure)));
            }
            let probabilities = windows.iter().map(|window| window.probability);
            let last_failure = members.last().copied().unwrap_or_default();
            incidents.push(Incident {
                nightly,
                step: builds.failing_step[last_failure as usize],
                from_ms,
                to_ms,
                pipelines: self.pipelines(&members),
                transitions: self.count_between(from_ms, to_ms),
                probability: probabilities.fold(1.0, f64::min),
                over: self.is_over(builds.finished_ms[last_failure as usize]),
                shared: Vec::new(),
                members,
            });
        }
    }

    /// Returns the number of different pipelines of builds.
    fn pipelines(&self, builds: &[u32]) -> u32 {
        let pipeline = |&row: &u32| self.snapshot.builds.pipeline[row as usize];
        let mut pipelines: Vec<u32> = builds.iter().map(pipeline).collect();
        pipelines.sort_unstable();
        pipelines.dedup();
        u32::try_from(pipelines.len()).unwrap_or(u32::MAX)
    }

    fn count_between(&self, from_ms: i64, to_ms: i64) -> u32 {
        let before = |limit_ms| self.times.partition_point(|&at_ms| at_ms < limit_ms);
        u32::try_from(before(to_ms) - before(from_ms)).unwrap_or(u32::MAX)
    }

    fn is_over(&self, last_failure_ms: i64) -> bool {
        let over_after_ms = ms(self.snapshot.config.insight.incident_over_after);
        let as_of_ms = self.snapshot.as_of_ms.unwrap_or(last_failure_ms);
        as_of_ms.saturating_sub(last_failure_ms) >= over_after_ms
    }

    /// The build of a new failure.
    fn row(&self, failure: u32) -> u32 {
        let position = self.transitions.failures[failure as usize];
        self.transitions.rows[position as usize]
    }
}

/// Splits windows, which are sorted by their beginning, where more than so much time has no window.
fn groups(windows: &[Window], gap_ms: i64) -> impl Iterator<Item = &[Window]> {
    let mut to_ms = i64::MIN;
    let mut first = 0;
    let mut cuts = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        if index > 0 && window.from_ms - to_ms > gap_ms {
            cuts.push(first..index);
            first = index;
        }
        to_ms = to_ms.max(window.to_ms);
    }
    cuts.push(first..windows.len());
    let cuts = cuts.into_iter().filter(|cut| !cut.is_empty());
    cuts.map(|cut| &windows[cut])
}

/// The pipelines of the builds in a window.
struct Pipelines<'a> {
    column: &'a [u32],
    /// The number of builds of each pipeline.
    counts: Vec<u32>,
    distinct: u32,
}

impl<'a> Pipelines<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            column: &snapshot.builds.pipeline,
            counts: vec![0; snapshot.pipelines.len()],
            distinct: 0,
        }
    }

    fn add(&mut self, row: u32) {
        let count = &mut self.counts[self.column[row as usize] as usize];
        *count += 1;
        self.distinct += u32::from(*count == 1);
    }

    fn remove(&mut self, row: u32) {
        let count = &mut self.counts[self.column[row as usize] as usize];
        *count -= 1;
        self.distinct -= u32::from(*count == 0);
    }
}

fn ms(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
