//! The calendar, the nodes and the library, which all pipelines share.

use super::{
    SampleOptions,
    calendar::Calendar,
    catalogue::{Catalogue, catalogue},
    library::Library,
    random::Random,
};
use crate::server::model::{DAY_MS, HOUR_MS};

pub struct World {
    pub seed: u64,
    pub catalogue: &'static Catalogue,
    pub calendar: Calendar,
    pub library: Library,
    /// The index of the pool that is faulty.
    pub bad_pool: usize,
}

/// The node, commit and library of a build.
#[derive(Clone, Copy)]
pub struct Origin {
    pub commit: u64,
    /// Index in the catalogue's pools.
    pub pool: u8,
    /// Index in the pool's nodes.
    pub node: u8,
    /// Index in the library's releases.
    pub release: u16,
}

impl World {
    pub fn new(options: &SampleOptions) -> Self {
        let catalogue = catalogue();
        let calendar = Calendar::new(catalogue, options.as_of_ms, options.days);
        Self {
            seed: options.seed,
            library: Library::new(catalogue, &calendar, options.seed),
            bad_pool: catalogue.pool(&catalogue.results.bad_pool.labels),
            catalogue,
            calendar,
        }
    }

    /// Draws how long a build waits for a node of the pool.
    pub fn wait_seconds(&self, pool: usize, at_ms: i64, random: &mut Random) -> u32 {
        let hours = &self.catalogue.when.hours;
        let hour = usize::try_from(at_ms.rem_euclid(DAY_MS) / HOUR_MS).expect("24 hours a day");
        let busiest = hours.iter().max().copied().unwrap_or(1);
        let [quiet, busy] = self.catalogue.pools[pool].wait_seconds;
        random.below(quiet + (busy - quiet) * hours[hour] / busiest + 1)
    }
}
