//! Metrics for operators, in the OpenMetrics text format.
//!
//! Events are counted where they happen, since the process started; the state is read at each scrape.
//! No label holds a value that a client chose.

mod csp_reports;
mod data;
mod figures;
mod problems;
mod process;
mod requests;
mod snapshots;
mod sources;
#[cfg(test)]
pub mod testing;

use std::{
    fmt::Debug,
    hash::Hash,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, text},
    metrics::{
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};

pub use figures::CacheSize;

use super::{snapshot::Snapshot, store::Ledger};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The prefix of names about the dashboard itself.
const PREFIX: &str = "rse_dashboard";
/// The prefix of what the dashboard finds in the data.
const FOUND: &str = "rse";

/// Histogram buckets in seconds, from a cached response to one close to the time-out.
const SECONDS: [f64; 14] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Counters since the process started.
#[derive(Default)]
pub struct Metrics {
    pub requests: requests::Requests,
    pub figures: figures::Figures,
    pub snapshots: snapshots::Snapshots,
    pub syncs: sources::Syncs,
    pub csp_reports: csp_reports::CspReports,
    process: process::Process,
}

/// The state of the server at a scrape.
pub struct Scrape {
    /// None until the first snapshot is loaded.
    pub snapshot: Option<Arc<Snapshot>>,
    pub ledger: Arc<Ledger>,
    /// Names of the sources that this server syncs from.
    pub configured: Arc<[&'static str]>,
    pub cache_size: CacheSize,
    pub ready: bool,
    pub store_lost: bool,
}

impl Metrics {
    /// Encodes the counters and the state at this scrape.
    pub fn text(&self, scrape: &Scrape) -> String {
        let mut registry = Registry::default();
        self.process.register(&mut registry);
        let ours = registry.sub_registry_with_prefix(PREFIX);
        process::register_build(ours);
        self.requests.register(ours);
        self.figures.register(ours, scrape.cache_size);
        self.snapshots.register(ours);
        self.syncs.register(ours);
        self.csp_reports.register(ours);
        data::register(ours, scrape);
        sources::register(ours, scrape);
        problems::register(registry.sub_registry_with_prefix(FOUND), scrape);
        let mut text = String::new();
        text::encode(&mut text, &registry).expect("a string takes any text");
        text
    }
}

/// A gauge for fractions and instants.
type Number = Gauge<f64, AtomicU64>;

/// Histograms in seconds, by label.
#[derive(Clone, Debug)]
struct Durations<S>(Family<S, Histogram, fn() -> Histogram>);

impl<S: Clone + Hash + Eq> Default for Durations<S> {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(SECONDS)))
    }
}

impl<S: Clone + Hash + Eq> Durations<S> {
    fn observe(&self, labels: &S, took: Duration) {
        self.0.get_or_create(labels).observe(took.as_secs_f64());
    }
}

/// Registers a number that is read at the scrape.
fn number(registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>, value: f64) {
    let gauge = ConstGauge::new(value);
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, gauge),
        None => registry.register(name, help, gauge),
    }
}

/// Registers numbers that are read at the scrape, by label; omits those without a value.
fn numbers<S, I>(registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>, values: I)
where
    S: EncodeLabelSet + Clone + Hash + Eq + Debug + Send + Sync + 'static,
    I: IntoIterator<Item = (S, Option<f64>)>,
    Family<S, Number>: EncodeMetric,
{
    let family = Family::<S, Number>::default();
    for (labels, value) in values {
        if let Some(value) = value {
            family.get_or_create(&labels).set(value);
        }
    }
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, family),
        None => registry.register(name, help, family),
    }
}

/// Unix seconds.
#[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 · 10^15")]
fn count(number: usize) -> f64 {
    number as f64
}
