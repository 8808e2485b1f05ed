//! Sources: how their syncs went. What the store knows of them holds for syncs of any
//! process; what only a sync itself knows is counted for those of this one.

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
    /// A sync came to an end.
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
            "Syncs by this process that succeeded",
            self.succeeded.clone(),
        );
        registry.register(
            "source_sync_failures",
            "Syncs by this process that failed, by kind",
            self.failed.clone(),
        );
        registry.register(
            "source_rows_read",
            "What syncs by this process read, known or not: events, repositories",
            self.read.clone(),
        );
        registry.register(
            "source_requests_left",
            "Requests that the source still grants in its current period, where it says so",
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

/// What the store knows.
pub fn register(registry: &mut Registry, scrape: &Scrape) {
    let ledger = &scrape.ledger;
    let configured = scrape.configured.iter().map(|name| {
        let source = (*name).to_owned();
        (Source { source }, Some(1.0))
    });
    numbers(
        registry,
        "source_configured",
        "1 for every source that this server collects from",
        None,
        configured,
    );
    type Read = fn(&SyncRecord) -> Option<f64>;
    let known: [(&str, &str, Option<Unit>, Read); 5] = [
        (
            "source_last_success_timestamp",
            "When a sync last succeeded, Unix time",
            Some(Unit::Seconds),
            |sync| sync.succeeded_ms.map(seconds),
        ),
        (
            "source_last_failure_timestamp",
            "When a sync last failed, Unix time",
            Some(Unit::Seconds),
            |sync| sync.failed_ms.map(seconds),
        ),
        (
            "source_last_sync_duration",
            "How long the last sync took; of one that still runs nothing is said",
            Some(Unit::Seconds),
            |sync| {
                let took_ms = sync.finished_ms? - sync.started_ms;
                Some(seconds(took_ms.max(0)))
            },
        ),
        (
            "source_last_sync_changes",
            "What the last successful sync brought that was new or other than before",
            None,
            |sync| {
                let changed = usize::try_from(sync.changed?);
                Some(count(changed.unwrap_or(0)))
            },
        ),
        (
            "source_failing",
            "Whether the last sync that ended failed: 1, or 0",
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
        "Repositories and containers that the source should cover, by what became of them",
        None,
        covered,
    );
}
