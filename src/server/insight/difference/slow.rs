//! Builds that are slower than most of a baseline: until the end of their first step, and at each step.
//!
//! A build without the step, or of an unknown duration, takes no part: a failed build lacks the steps that it did not
//! reach, which would be no news.

use super::{Different, Property, Sets};
use crate::server::{significance::Rate, snapshot::Snapshot, statistics::percentile};

/// Slower than this share of the baseline.
const SHARE: f64 = 0.95;

/// Times of builds of each set, in ms.
#[derive(Default)]
struct Times {
    a: Vec<u32>,
    b: Vec<u32>,
}

/// Counts the slow builds by property.
pub fn slow(snapshot: &Snapshot, sets: &Sets) -> Vec<Different> {
    let first = (
        Property::FirstStep,
        Times {
            a: first_steps(snapshot, &sets.a),
            b: first_steps(snapshot, &sets.b),
        },
    );
    let (a, b) = (steps(snapshot, &sets.a), steps(snapshot, &sets.b));
    let names = snapshot
        .steps
        .iter()
        .map(|name| Property::Step(name.to_string()));
    let steps = a.into_iter().zip(b).map(|(a, b)| Times { a, b });
    let all = [first].into_iter().chain(names.zip(steps));
    all.filter_map(|(property, times)| times.slow(property))
        .collect()
}

/// The time from schedule to the end of the first step, of builds with steps.
fn first_steps(snapshot: &Snapshot, builds: &[u32]) -> Vec<u32> {
    let first = |&build: &u32| {
        let first = snapshot.builds.steps.of(build as usize).next()?;
        u32::try_from(first.end_ms).ok()
    };
    builds.iter().filter_map(first).collect()
}

/// The durations of builds by step: the longest where a build has several of a name.
fn steps(snapshot: &Snapshot, builds: &[u32]) -> Vec<Vec<u32>> {
    let mut times: Vec<Vec<u32>> = vec![Vec::new(); snapshot.steps.len()];
    let mut latest = vec![u32::MAX; snapshot.steps.len()];
    for &build in builds {
        snapshot.builds.steps.durations(build as usize, |name, ms| {
            let name = usize::from(name);
            let Some(times) = times.get_mut(name) else {
                return;
            };
            match times.last_mut() {
                Some(longest) if latest[name] == build => *longest = ms.max(*longest),
                _ => times.push(ms),
            }
            latest[name] = build;
        });
    }
    times
}

impl Times {
    /// The builds that took longer than most of the baseline; none without a baseline.
    fn slow(mut self, property: Property) -> Option<Different> {
        if self.a.is_empty() || self.b.is_empty() {
            return None;
        }
        let limit = percentile(&mut self.b, SHARE);
        let rate = |times: &[u32]| Rate {
            part: times.iter().filter(|&&ms| f64::from(ms) > limit).count() as u64,
            whole: times.len() as u64,
        };
        Some(Different {
            property,
            value: format!("more than {:.1} min", limit / 60_000.0),
            a: rate(&self.a),
            b: rate(&self.b),
            q: 1.0,
        })
    }
}
