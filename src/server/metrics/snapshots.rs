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
    /// Records that a snapshot was loaded and published.
    pub fn loaded(&self, took: Duration) {
        self.loads.inc();
        self.took.set(took.as_secs_f64());
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.loaded_at.set(now.unwrap_or_default().as_secs_f64());
    }

    /// Records that the store could not be read; the last snapshot stays.
    pub fn failed(&self) {
        self.failures.inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "snapshot_loads",
            "Snapshots loaded from the store",
            self.loads.clone(),
        );
        registry.register(
            "snapshot_load_failures",
            "Failures to read the store",
            self.failures.clone(),
        );
        registry.register_with_unit(
            "snapshot_load_duration",
            "Time to load the last snapshot",
            Unit::Seconds,
            self.took.clone(),
        );
        registry.register_with_unit(
            "snapshot_loaded_timestamp",
            "Time of the last load, as Unix time; 0 before the first",
            Unit::Seconds,
            self.loaded_at.clone(),
        );
    }
}
