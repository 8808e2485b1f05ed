//! Loading of snapshots from the store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::{
    metrics::counter::Counter,
    registry::{Registry, Unit},
};

use super::Number;

#[derive(Clone, Default)]
pub struct Snapshots {
    loads: Counter,
    failures: Counter,
    took: Number,
    loaded_at: Number,
}

impl Snapshots {
    /// A snapshot was loaded and is now what readers see.
    pub fn loaded(&self, took: Duration) {
        self.loads.inc();
        self.took.set(took.as_secs_f64());
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.loaded_at.set(now.unwrap_or_default().as_secs_f64());
    }

    /// The store could not be read; what was loaded before stays.
    pub fn failed(&self) {
        self.failures.inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "snapshot_loads",
            "Snapshots that were loaded from the store",
            self.loads.clone(),
        );
        registry.register(
            "snapshot_load_failures",
            "Times that the store could not be read",
            self.failures.clone(),
        );
        registry.register_with_unit(
            "snapshot_load_duration",
            "Time that loading the last snapshot took",
            Unit::Seconds,
            self.took.clone(),
        );
        registry.register_with_unit(
            "snapshot_loaded_timestamp",
            "When the last snapshot was loaded, Unix time; 0 before the first",
            Unit::Seconds,
            self.loaded_at.clone(),
        );
    }
}
