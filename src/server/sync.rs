//! Syncs sources: once, or on their schedule while the server runs.
//!
//! Sources are independent: one that fails, waits or hangs never delays another, and the data of its
//! last successful sync is kept.

use std::{error::Error, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use anyhow::anyhow;
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{
    config::Config,
    metrics::Metrics,
    retention,
    sources::{ConfigError, Run, Source, SourceError, SyncReport, error::MAX_PAUSE},
    store::{Failed, LeaseLost, Location, Store},
};

/// The wait after the first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_millis(FIRST_RETRY_MS.unsigned_abs());
const FIRST_RETRY_MS: i64 = 30_000;
/// The failures that one of reference data counts as: the next attempt is 17 hours later, or when it is due.
const REFERENCE_FAILURES: u32 = 12;
/// Checks per lease whether another process still syncs the source.
const CHECKS_PER_LEASE: u32 = 5;
/// Spreads the syncs of many servers or sources over this part of the interval.
const JITTER: f64 = 0.1;

/// Receives the progress of a sync: items done, items in total (if known), and their name.
pub type Progress<'a> = dyn Fn(u64, Option<u64>, &str) + Send + Sync + 'a;

/// The store that syncs write to, and their configuration.
#[derive(Clone)]
pub struct Syncer {
    pub location: Location,
    pub config: Arc<Config>,
}

impl Syncer {
    /// Syncs a source once and records the outcome in the store.
    ///
    /// # Errors
    /// The reason for the failure; data written before is kept.
    pub async fn sync(
        &self,
        source: &dyn Source,
        since_ms: Option<i64>,
        progress: &Progress<'_>,
    ) -> Result<SyncReport, SourceError> {
        let span = tracing::info_span!("sync a source", source = source.name());
        let sync = self.sync_now(source, since_ms, progress);
        sync.instrument(span).await
    }

    async fn sync_now(
        &self,
        source: &dyn Source,
        since_ms: Option<i64>,
        progress: &Progress<'_>,
    ) -> Result<SyncReport, SourceError> {
        let name = source.name();
        let mut store = Store::open(&self.location, &self.config).await?;
        let Some(mut claim) = store.claim(name).await? else {
            return Err(anyhow!(Busy(name)).into());
        };
        let run = Run {
            started_ms: now_ms(),
            since_ms,
            progress,
        };
        store.begin_sync(name, run.started_ms).await?;
        // A panic in a source ends only this sync, like any other failure.
        let syncing = AssertUnwindSafe(source.sync(&mut store, &run)).catch_unwind();
        let outcome = tokio::select! {
            outcome = syncing => outcome.unwrap_or_else(|_| {
                Err(anyhow!("the sync crashed; see the log").into())
            }),
            () = claim.lost() => return Err(anyhow!(Busy(name)).into()),
        };
        let noted = match &outcome {
            Ok(report) => {
                let changed = report.ingested.new + report.ingested.replaced;
                store.finish_sync(name, now_ms(), Ok(changed)).await
            }
            Err(error) => {
                let failed = Failed {
                    reason: &error.to_string(),
                    not_before_ms: error.pause().map(after),
                };
                store.finish_sync(name, now_ms(), Err(failed)).await
            }
        };
        // The process that took over has closed this one's connections, so its source failed.
        if let Err(error) = &noted
            && error.is::<LeaseLost>()
        {
            tracing::warn!("{error:#}");
            return Err(anyhow!(Busy(name)).into());
        }
        retention::apply(&mut store, &self.config).await;
        let released = store.release(claim).await;
        store.close().await;
        // The source's own failure is the more useful of two.
        let report = outcome?;
        noted.and(released)?;
        Ok(report)
    }

    /// Syncs a source on its schedule until dropped.
    async fn sync_on_schedule(self, source: Arc<dyn Source>, metrics: Arc<Metrics>) {
        let name = source.name();
        let mut failures = 0;
        loop {
            tokio::time::sleep(self.until_due(&*source).await).await;
            let progress = |done: u64, total: Option<u64>, what: &str| {
                tracing::debug!(source = name, done, total, "{what}");
            };
            let outcome = self.sync(&*source, None, &progress).await;
            if outcome.as_ref().is_err_and(is_busy) {
                // The other process may be killed.
                tokio::time::sleep(jittered(self.location.lease / CHECKS_PER_LEASE)).await;
                continue;
            }
            // Without an Internet connection, reference data stays as old as it is.
            let is_news = outcome.is_ok() || !source.is_reference();
            if is_news {
                metrics.syncs.ended(name, &outcome);
            }
            match &outcome {
                Ok(report) => {
                    failures = 0;
                    tracing::info!(
                        source = name,
                        read = report.read,
                        new = report.ingested.new,
                        replaced = report.ingested.replaced,
                        "synced"
                    );
                }
                Err(error) if source.is_reference() => {
                    failures = REFERENCE_FAILURES;
                    tracing::debug!(source = name, "the sync failed: {error}");
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(source = name, failures, "the sync failed: {error}");
                }
            }
            let wait = wait(source.every(), failures, outcome.err().as_ref());
            tokio::time::sleep(jittered(wait)).await;
        }
    }

    /// The wait before the first sync. A restarted server does not sync again too soon and respects a pause
    /// that a source asked for; one of several replicas does not repeat another's sync.
    async fn until_due(&self, source: &dyn Source) -> Duration {
        let last = async {
            let store = Store::open(&self.location, &self.config).await?;
            let ledger = store.ledger().await;
            store.close().await;
            ledger
        };
        let ledger = last.await.unwrap_or_default();
        let mut syncs = ledger.syncs.into_iter();
        let Some(sync) = syncs.find(|sync| sync.source == source.name()) else {
            return Duration::ZERO;
        };
        let failing = sync.failed_ms > sync.succeeded_ms;
        let every_ms = i64::try_from(source.every().as_millis()).unwrap_or(i64::MAX);
        let last_ms = sync.succeeded_ms.filter(|_| !failing);
        let due_ms = last_ms.map(|at_ms| at_ms.saturating_add(every_ms));
        // Many replicas must not try a failing source more often.
        let failed_ms = sync
            .failed_ms
            .filter(|_| failing && self.location.is_shared());
        let due_ms = due_ms.or(failed_ms.map(|at_ms| at_ms.saturating_add(FIRST_RETRY_MS)));
        let left_ms = due_ms.max(sync.not_before_ms).unwrap_or(0) - now_ms();
        // A wrong clock must not delay a source for longer than it may ask for.
        let longest = source
            .every()
            .max(sync.not_before_ms.map_or(Duration::ZERO, |_| MAX_PAUSE));
        Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)).min(longest)
    }
}

/// Records that a source cannot be synced because of its configuration.
///
/// # Errors
/// The store cannot be written.
pub async fn record_config_error(store: &mut Store, fault: &ConfigError) -> anyhow::Result<()> {
    let at_ms = now_ms();
    store.begin_sync(fault.source, at_ms).await?;
    let failed = Failed {
        reason: &format!("{:#}", fault.error),
        not_before_ms: None,
    };
    store.finish_sync(fault.source, at_ms, Err(failed)).await
}

/// Syncs all sources in the background until the set is dropped.
pub fn schedule(
    syncer: &Syncer,
    sources: &[Arc<dyn Source>],
    metrics: &Arc<Metrics>,
) -> JoinSet<()> {
    let sources = sources.iter();
    sources
        .map(|source| {
            let syncer = syncer.clone();
            syncer.sync_on_schedule(Arc::clone(source), Arc::clone(metrics))
        })
        .collect()
}

/// The wait between a sync and the next one.
fn wait(every: Duration, failures: u32, error: Option<&SourceError>) -> Duration {
    let retry = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    match error {
        None => every,
        Some(error) => retry.min(every).max(error.pause().unwrap_or_default()),
    }
}

fn jittered(wait: Duration) -> Duration {
    // Only ever longer, so that a requested pause is respected.
    wait.mul_f64(1.0 + JITTER * fastrand::f64())
}

/// Another process is syncing the source.
#[derive(Debug)]
struct Busy(&'static str);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        write!(
            f,
            "another process is already syncing {name}; its data will appear when it is done"
        )
    }
}

impl Error for Busy {}

fn is_busy(error: &SourceError) -> bool {
    matches!(error, SourceError::Other(error) if error.is::<Busy>())
}

/// The instant after a pause, Unix ms.
fn after(pause: Duration) -> i64 {
    now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_MINUTES: Duration = Duration::from_secs(600);

    fn other() -> SourceError {
        SourceError::Other(anyhow!("broken"))
    }

    #[test]
    fn a_failed_sync_is_retried_soon_and_then_less_often() {
        let waits = [1, 2, 3, 4, 5, 6, 60].map(|failures| {
            let wait = wait(TEN_MINUTES, failures, Some(&other()));
            wait.as_secs()
        });
        assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(wait(TEN_MINUTES, 0, None), TEN_MINUTES);
    }

    #[test]
    fn a_requested_pause_is_respected() {
        let hour = Duration::from_secs(3600);
        let limited = |retry_after| SourceError::RateLimited { retry_after };
        assert_eq!(wait(TEN_MINUTES, 1, Some(&limited(hour))), hour);
        assert!(jittered(hour) >= hour);
        // But not an endless one, which a wrong header may ask for.
        assert_eq!(
            wait(TEN_MINUTES, 1, Some(&limited(Duration::MAX))),
            MAX_PAUSE
        );
    }

    #[tokio::test]
    async fn two_processes_never_sync_the_same_source_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let syncer = syncer(dir.path());
        let open = async || {
            let store = Store::open(&syncer.location, &syncer.config).await;
            store.expect("a store")
        };
        let mut one = open().await;
        let held = one.claim("hourly").await.expect("claimed");
        let quiet = |_: u64, _: Option<u64>, _: &str| ();
        let refused = syncer.sync(&Hourly, None, &quiet).await;
        let refused = refused.expect_err("held already");
        assert!(is_busy(&refused) && refused.to_string().contains("another process"));
        let mut two = open().await;
        let other = two.claim("github").await.expect("claimed");
        assert!(other.is_some(), "another source");
        one.release(held.expect("it is free"))
            .await
            .expect("released");
        let report = syncer.sync(&Hourly, None, &quiet).await;
        report.expect("free again");
    }

    fn syncer(data: &std::path::Path) -> Syncer {
        Syncer {
            location: data.into(),
            config: Arc::new(Config::built_in()),
        }
    }

    struct Hourly;

    #[async_trait::async_trait]
    impl Source for Hourly {
        fn name(&self) -> &'static str {
            "hourly"
        }

        fn every(&self) -> Duration {
            Duration::from_secs(3600)
        }

        async fn sync(&self, _: &mut Store, _: &Run<'_>) -> Result<SyncReport, SourceError> {
            Ok(SyncReport::default())
        }

        async fn check(&self) -> Vec<crate::server::sources::CheckResult> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn a_restarted_server_waits_until_a_sync_is_due() {
        let dir = tempfile::tempdir().expect("a directory");
        let syncer = syncer(dir.path());
        assert_eq!(syncer.until_due(&Hourly).await, Duration::ZERO);

        let quiet = |_: u64, _: Option<u64>, _: &str| ();
        let report = syncer.sync(&Hourly, None, &quiet).await;
        report.expect("an empty sync succeeds");
        let minute = Duration::from_secs(60);
        let left = syncer.until_due(&Hourly).await;
        assert!(left > 59 * minute && left <= 60 * minute, "{left:?}");

        let fail = async |pause: Option<Duration>| {
            let store = Store::open(&syncer.location, &syncer.config).await;
            let mut store = store.expect("a store");
            let failed = Failed {
                reason: "too many requests",
                not_before_ms: pause.map(after),
            };
            let noted = store.finish_sync("hourly", now_ms() + 1, Err(failed));
            noted.await.expect("noted");
            store.close().await;
        };
        fail(None).await;
        assert_eq!(syncer.until_due(&Hourly).await, Duration::ZERO);
        fail(Some(5 * minute)).await;
        let left = syncer.until_due(&Hourly).await;
        assert!(left > 4 * minute && left <= 5 * minute, "{left:?}");
    }
}
