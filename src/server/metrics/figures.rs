//! Figures: computation times and cache hits.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};

use super::{Durations, number};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Figure {
    figure: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    result: &'static str,
}

/// The size of the cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheSize {
    pub entries: u64,
    pub bytes: u64,
}

#[derive(Clone, Default)]
pub struct Figures {
    computations: Durations<Figure>,
    asked: Family<Asked, Counter>,
}

impl Figures {
    /// Records the computation and encoding of a figure.
    pub fn computed(&self, figure: &'static str, took: Duration) {
        self.computations.observe(&Figure { figure }, took);
    }

    /// Records a request for a figure; `computed` if it was neither cached nor being computed.
    pub fn asked(&self, computed: bool) {
        let result = if computed { "miss" } else { "hit" };
        self.asked.get_or_create(&Asked { result }).inc();
    }

    /// The number of requests for figures.
    #[cfg(test)]
    pub fn all_asked(&self) -> u64 {
        let of = |result| self.asked.get_or_create(&Asked { result }).get();
        of("hit") + of("miss")
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 · 10^15")]
    pub(super) fn register(&self, registry: &mut Registry, cache: CacheSize) {
        registry.register_with_unit(
            "figure_computation_duration",
            "Time to compute and encode a figure",
            Unit::Seconds,
            self.computations.0.clone(),
        );
        registry.register(
            "figure_cache_requests",
            "Requests for figures; a hit needs no computation of its own",
            self.asked.clone(),
        );
        let entries = cache.entries as f64;
        number(
            registry,
            "figure_cache_entries",
            "Figures in the cache",
            None,
            entries,
        );
        let (help, bytes) = ("Memory of the figures in the cache", cache.bytes as f64);
        number(registry, "figure_cache", help, Some(Unit::Bytes), bytes);
    }
}
