//! The releases of the library that all pipelines use: one after the other, each with some lag.

use super::{
    calendar::Calendar,
    catalogue::{self, BadRelease, Catalogue},
    random::{Random, mix},
};
use crate::server::model::HOUR_MS;

/// Separates the random numbers of the library from those of the pipelines.
const KEY: u64 = 0x0011_b4a1;

pub struct Library {
    catalogue: &'static catalogue::Library,
    bad: &'static BadRelease,
    seed: u64,
    /// In order of time; the first is older than the sample.
    pub releases: Vec<Release>,
}

pub struct Release {
    pub at_ms: i64,
    pub version: String,
}

impl Library {
    pub fn new(catalogue: &'static Catalogue, calendar: &Calendar, seed: u64) -> Self {
        let library = &catalogue.library;
        let mut random = Random::of(&[seed, KEY]);
        let mut hours = |range| i64::from(random.between(range)) * HOUR_MS;
        let oldest_ms = calendar.begin_ms - hours([library.lag_hours; 2]);
        let latest_ms = calendar.as_of_ms - hours(library.latest_hours);
        let mut times = vec![latest_ms, latest_ms - hours(library.release_hours)];
        while times.last().is_some_and(|&at_ms| at_ms > oldest_ms) {
            let next_ms = times[times.len() - 1] - hours(library.release_hours);
            times.push(next_ms);
        }
        let releases = times.into_iter().rev().enumerate();
        let releases = releases.map(|(index, at_ms)| Release {
            at_ms,
            version: format!("1.{}.0", index + 1),
        });
        Self {
            catalogue: library,
            bad: &catalogue.results.bad_release,
            seed,
            releases: releases.collect(),
        }
    }

    pub fn name(&self) -> &'static str {
        &self.catalogue.name
    }

    /// Returns the index of the release that a pipeline uses at an instant.
    pub fn release_at(&self, pipeline: u32, at_ms: i64) -> usize {
        let released = |release: &Release| release.at_ms <= at_ms;
        let newest = self.releases.partition_point(released).saturating_sub(1);
        let key = mix(self.seed ^ mix(u64::from(pipeline) << 32 | newest as u64));
        let lag_ms = Random::of(&[key]).below(self.catalogue.lag_hours * 3600);
        let is_used = at_ms - self.releases[newest].at_ms >= i64::from(lag_ms) * 1000;
        if is_used {
            newest
        } else {
            newest.saturating_sub(1)
        }
    }

    /// Returns the index of the release that breaks a step: the last but one.
    pub fn bad_release(&self) -> usize {
        self.releases.len() - 2
    }

    /// Returns the step that a release breaks.
    pub fn breaks(&self, release: usize) -> Option<&'static BadRelease> {
        (release == self.bad_release()).then_some(self.bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{model::DAY_MS, sample::catalogue::catalogue};

    #[test]
    fn every_pipeline_uses_each_release_for_a_while() {
        let as_of_ms = 1_572_023_700_000;
        for days in [1, 14, 180] {
            let calendar = Calendar::new(catalogue(), as_of_ms, days);
            let library = Library::new(catalogue(), &calendar, 1);
            assert!(library.releases[0].at_ms < calendar.begin_ms);
            let lag_ms = i64::from(catalogue().library.lag_hours) * HOUR_MS;
            for (index, release) in library.releases.iter().enumerate().skip(1) {
                assert!(release.at_ms - library.releases[index - 1].at_ms >= 3 * DAY_MS);
                for pipeline in 0..50 {
                    let at = |at_ms| library.release_at(pipeline, at_ms);
                    assert_eq!(at(release.at_ms - 1), index - 1);
                    assert_eq!(at(release.at_ms + lag_ms), index);
                }
                let used = (0..50).filter(|&pipeline| {
                    library.release_at(pipeline, release.at_ms + lag_ms / 2) == index
                });
                assert!((5..45).contains(&used.count()));
            }
        }
    }
}
