//! Sample data: a fictional organisation with realistic pipelines and code.
//!
//! The same options give the same events and facts on every machine: randomness comes from the seed,
//! time from `as_of_ms`, and all arithmetic except the scale uses integers.

mod builds;
mod calendar;
mod catalogue;
mod days;
mod facts;
mod faults;
mod fill;
mod library;
mod pipelines;
mod promotions;
mod random;
mod repositories;
mod risks;
mod rules;
mod scans;
mod shifts;
#[cfg(test)]
mod tests;
mod truth;
mod world;
mod writing;

pub use fill::{Filled, expected_events, fill, fill_security};
pub use risks::{History, epss, history, known_exploited};
pub use truth::Truth;

use crate::server::model::Event;

/// The options of `rse-dashboard sample`.
#[derive(Clone, Copy, Debug)]
pub struct SampleOptions {
    pub seed: u64,
    pub days: u16,
    /// A factor for the number of pipelines and therefore of events.
    pub scale: f64,
    /// The last instant with data, Unix ms.
    pub as_of_ms: i64,
}

/// Returns the events in order of time; generates them lazily, a day at a time.
pub fn events(options: &SampleOptions) -> impl Iterator<Item = Event> + use<> {
    days::Days::new(options)
}

/// Returns what is planted in the events. Generates them all, but not their texts.
pub fn truth(options: &SampleOptions) -> Truth {
    days::Days::truth(options)
}
