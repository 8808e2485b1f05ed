//! The syncs of sources: those of all processes from the store's ledger, and counters for those of this
//! process.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{Scrape, count, numbers, seconds};
use crate::server::{
    model::CoverageState,
    sources::{SourceError, SyncReport},
    store::SyncRecord,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    source: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Covered {
    source: String,
    state: &'static str,
}

/// The syncs of this process.
#[derive(Clone, Default)]
pub struct Syncs {
    succeeded: Family<Source, Counter>,
    failed: Family<Failed, Counter>,
    read: Family<Source, Counter>,
    requests_left: Family<Source, Gauge>,
}

impl Syncs {
    /// Records the end of a sync.
    pub fn ended(&self, source: &str, outcome: &Result<SyncReport, SourceError>) {
        let labels = Source {
            source: source.to_owned(),
        };
        match outcome {
            Ok(report) => {
                self.succeeded.get_or_create(&labels).inc();
                self.read.get_or_create(&labels).inc_by(report.read);
                if let Some(left) = report.requests_left {
                    let left = i64::try_from(left).unwrap_or(i64::MAX);
                    self.requests_left.get_or_create(&labels).set(left);
                }
            }
            Err(error) => {
                let failed = Failed {
                    source: labels.source,
                    kind: kind(error),
                };
                self.failed.get_or_create(&failed).inc();
            }
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "source_syncs",
            "Successful syncs by this process",
            self.succeeded.clone(),
        );
        registry.register(
            "source_sync_failures",
            "Failed syncs by this process, by kind",
            self.failed.clone(),
        );
        registry.register(
            "source_rows_read",
            "Events or repositories read by this process, including known ones",
            self.read.clone(),
        );
        registry.register(
            "source_requests_left",
            "Requests left in the source's current rate-limit period, if it says so",
            self.requests_left.clone(),
        );
    }
}

const fn kind(error: &SourceError) -> &'static str {
    match error {
        SourceError::RateLimited { .. } => "rate_limited",
        SourceError::Unauthorized(_) => "unauthorized",
        SourceError::Other(_) => "other",
    }
}

/// Registers the state in the store's ledger.
pub fn register(registry: &mut Registry, scrape: &Scrape) {
    let ledger = &scrape.ledger;
    let configured = scrape.configured.iter().map(|name| {
        let source = (*name).to_owned();
        (Source { source }, Some(1.0))
    });
    numbers(
        registry,
        "source_configured",
        "1 for each source that this server syncs",
        None,
        configured,
    );
    type Read = fn(&SyncRecord) -> Option<f64>;
    let known: [(&str, &str, Option<Unit>, Read); 5] = [
        (
            "source_last_success_timestamp",
            "End of the last successful sync, as Unix time",
            Some(Unit::Seconds),
            |sync| sync.succeeded_ms.map(seconds),
        ),
        (
            "source_last_failure_timestamp",
            "End of the last failed sync, as Unix time",
            Some(Unit::Seconds),
            |sync| sync.failed_ms.map(seconds),
        ),
        (
            "source_last_sync_duration",
            "Duration of the last sync; absent while it runs",
            Some(Unit::Seconds),
            |sync| {
                let took_ms = sync.finished_ms? - sync.started_ms;
                Some(seconds(took_ms.max(0)))
            },
        ),
        (
            "source_last_sync_changes",
            "New or changed items of the last successful sync",
            None,
            |sync| {
                let changed = usize::try_from(sync.changed?);
                Some(count(changed.unwrap_or(0)))
            },
        ),
        (
            "source_failing",
            "1 if the last finished sync failed, otherwise 0",
            None,
            |sync| {
                let failing = sync.failed_ms > sync.succeeded_ms;
                Some(f64::from(u8::from(failing)))
            },
        ),
    ];
    for (name, help, unit, read) in known {
        let values = ledger.syncs.iter().map(|sync| {
            let source = sync.source.clone();
            (Source { source }, read(sync))
        });
        numbers(registry, name, help, unit, values);
    }
    let covered = ledger.syncs.iter().flat_map(|sync| {
        CoverageState::ALL.map(|state| {
            let source = sync.source.clone();
            let items = ledger
                .coverage
                .iter()
                .filter(|covered| covered.source == sync.source && covered.coverage.state == state);
            let state = state.as_str();
            (Covered { source, state }, Some(count(items.count())))
        })
    });
    numbers(
        registry,
        "source_coverage_items",
        "Repositories and containers of the source, by coverage state",
        None,
        covered,
    );
}
