//! Sample data: a made-up organisation whose pipelines and code look like real ones.
//!
//! The same options give the same events and facts on every machine: chance comes from the seed,
//! time from `as_of_ms`, and all arithmetic is of whole numbers, the scale apart.

mod builds;
mod calendar;
mod catalogue;
mod days;
mod facts;
mod fill;
mod pipelines;
mod random;
#[cfg(test)]
mod tests;
mod writing;

pub use facts::facts;
pub use fill::{Filled, expected_events, fill};

use crate::server::model::Event;

/// What `rse-dashboard sample` is asked for.
#[derive(Clone, Copy, Debug)]
pub struct SampleOptions {
    pub seed: u64,
    pub days: u16,
    /// How many times as many pipelines as usual, and so events.
    pub scale: f64,
    /// The last instant that anything is known of, Unix ms.
    pub as_of_ms: i64,
}

/// The events in order of time; made while they are read, a day at a time.
pub fn events(options: &SampleOptions) -> impl Iterator<Item = Event> + use<> {
    days::Days::new(options)
}
