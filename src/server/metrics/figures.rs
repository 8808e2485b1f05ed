//! Figures: how long they take to compute, and how often that is saved.

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

/// How much the cache holds.
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
    /// A figure was computed and encoded.
    pub fn computed(&self, figure: &'static str, took: Duration) {
        self.computations.observe(&Figure { figure }, took);
    }

    /// A figure was asked for, and `computed` for it: neither in the cache nor on its way already.
    pub fn asked(&self, computed: bool) {
        let result = if computed { "miss" } else { "hit" };
        self.asked.get_or_create(&Asked { result }).inc();
    }

    /// How often figures were asked for.
    #[cfg(test)]
    pub fn all_asked(&self) -> u64 {
        let of = |result| self.asked.get_or_create(&Asked { result }).get();
        of("hit") + of("miss")
    }

    #[expect(clippy::cast_precision_loss, reason = "no cache is that large")]
    pub(super) fn register(&self, registry: &mut Registry, cache: CacheSize) {
        registry.register_with_unit(
            "figure_computation_duration",
            "Time to compute a figure and to encode it",
            Unit::Seconds,
            self.computations.0.clone(),
        );
        registry.register(
            "figure_cache_requests",
            "Figures that were asked for: a hit needs no computation of its own",
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
