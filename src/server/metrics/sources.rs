//! Sources: how their refreshes went. What the store knows of them holds for refreshes of any
//! process; what only a refresh itself knows is counted for those of this one.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{count, numbers, seconds};
use crate::server::{
    sources::{Brought, CoverageState, SourceError},
    state::AppState,
    store::Refresh,
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

/// The refreshes of this process.
#[derive(Clone, Default)]
pub struct Refreshes {
    succeeded: Family<Source, Counter>,
    failed: Family<Failed, Counter>,
    read: Family<Source, Counter>,
    requests_left: Family<Source, Gauge>,
}

impl Refreshes {
    /// A refresh came to an end.
    pub fn ended(&self, source: &str, outcome: &Result<Brought, SourceError>) {
        let labels = Source {
            source: source.to_owned(),
        };
        match outcome {
            Ok(brought) => {
                self.succeeded.get_or_create(&labels).inc();
                self.read.get_or_create(&labels).inc_by(brought.read);
                if let Some(left) = brought.requests_left {
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
            "source_refreshes",
            "Refreshes by this process that succeeded",
            self.succeeded.clone(),
        );
        registry.register(
            "source_refresh_failures",
            "Refreshes by this process that failed, by kind",
            self.failed.clone(),
        );
        registry.register(
            "source_rows_read",
            "What refreshes by this process read, known or not: events, repositories",
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
pub fn register(registry: &mut Registry, state: &AppState) {
    let ledger = state.ledger();
    let configured = state.configured().iter().map(|name| {
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
    type Read = fn(&Refresh) -> Option<f64>;
    let known: [(&str, &str, Option<Unit>, Read); 5] = [
        (
            "source_last_success_timestamp",
            "When a refresh last succeeded, Unix time",
            Some(Unit::Seconds),
            |refresh| refresh.succeeded_ms.map(seconds),
        ),
        (
            "source_last_failure_timestamp",
            "When a refresh last failed, Unix time",
            Some(Unit::Seconds),
            |refresh| refresh.failed_ms.map(seconds),
        ),
        (
            "source_last_refresh_duration",
            "How long the last refresh took; of one that still runs nothing is said",
            Some(Unit::Seconds),
            |refresh| {
                let took_ms = refresh.finished_ms? - refresh.started_ms;
                Some(seconds(took_ms.max(0)))
            },
        ),
        (
            "source_last_refresh_changes",
            "What the last successful refresh brought that was new or other than before",
            None,
            |refresh| {
                let changed = usize::try_from(refresh.changed?);
                Some(count(changed.unwrap_or(0)))
            },
        ),
        (
            "source_failing",
            "Whether the last refresh that ended failed: 1, or 0",
            None,
            |refresh| {
                let failing = refresh.failed_ms > refresh.succeeded_ms;
                Some(f64::from(u8::from(failing)))
            },
        ),
    ];
    for (name, help, unit, read) in known {
        let values = ledger.refreshes.iter().map(|refresh| {
            let source = refresh.source.clone();
            (Source { source }, read(refresh))
        });
        numbers(registry, name, help, unit, values);
    }
    let covered = ledger.refreshes.iter().flat_map(|refresh| {
        CoverageState::ALL.map(|state| {
            let source = refresh.source.clone();
            let items = ledger.coverage.iter().filter(|covered| {
                covered.source == refresh.source && covered.coverage.state == state
            });
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
