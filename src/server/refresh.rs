//! Refreshes sources: once, or on their schedule for as long as the server runs.
//!
//! Every source goes its own way: one that fails, waits or hangs never holds up another, and what
//! the last good refresh brought stays.

use std::{
    fs::{File, TryLockError},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{
    config::Config,
    sources::{Brought, Run, Source, SourceError},
    store::Store,
};

/// After a failure the next try comes so soon, and later after each further one.
const FIRST_RETRY: Duration = Duration::from_secs(30);
/// Refreshes of many servers, or of many sources, are spread over this part of the time between two.
const JITTER: f64 = 0.1;

/// Is told how far a refresh is: done, in all (if known), and of what.
pub type Progress<'a> = dyn Fn(u64, Option<u64>, &str) + Send + Sync + 'a;

/// Where refreshes write and what they are configured by.
#[derive(Clone)]
pub struct Refresher {
    pub data: PathBuf,
    pub config: Arc<Config>,
}

impl Refresher {
    /// Refreshes a source once and notes in the store how that went.
    ///
    /// # Errors
    /// Why it failed; what came before stays.
    pub async fn refresh(
        &self,
        source: &dyn Source,
        since_ms: Option<i64>,
        progress: &Progress<'_>,
    ) -> Result<Brought, SourceError> {
        let name = source.name();
        let _lock = lock(&self.data, name)?;
        let mut store = Store::open(&self.data, &self.config).await?;
        let run = Run {
            started_ms: now_ms(),
            since_ms,
            progress,
        };
        store.begin_refresh(name, run.started_ms).await?;
        // A source that panics ends only this refresh, and says so like one that fails.
        let outcome = AssertUnwindSafe(source.sync(&mut store, &run)).catch_unwind();
        let outcome = outcome.await.unwrap_or_else(|_| {
            Err(anyhow!("the program failed at it; its log says where").into())
        });
        let noted = match &outcome {
            Ok(brought) => {
                let changed = brought.ingested.new + brought.ingested.replaced;
                store.finish_refresh(name, now_ms(), Ok(changed)).await
            }
            Err(error) => {
                let reason = error.to_string();
                store.finish_refresh(name, now_ms(), Err(&reason)).await
            }
        };
        store.close().await;
        // Of two failures the source's own says more.
        let brought = outcome?;
        noted?;
        Ok(brought)
    }

    /// Refreshes a source again and again, until it is dropped.
    async fn keep_fresh(self, source: Arc<dyn Source>) {
        let name = source.name();
        tokio::time::sleep(self.until_due(&*source).await).await;
        let mut failures = 0;
        loop {
            let progress = |done: u64, total: Option<u64>, what: &str| {
                tracing::debug!(source = name, done, total, "{what}");
            };
            let outcome = self.refresh(&*source, None, &progress).await;
            match &outcome {
                Ok(brought) => {
                    failures = 0;
                    tracing::info!(
                        source = name,
                        read = brought.read,
                        new = brought.ingested.new,
                        replaced = brought.ingested.replaced,
                        "refreshed"
                    );
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(source = name, failures, "the refresh failed: {error}");
                }
            }
            let wait = wait(source.every(), failures, outcome.err().as_ref());
            tokio::time::sleep(jittered(wait)).await;
        }
    }

    /// A server that is started again soon after a refresh does not begin with another one.
    async fn until_due(&self, source: &dyn Source) -> Duration {
        let last = async {
            let store = Store::open(&self.data, &self.config).await?;
            let ledger = store.ledger().await;
            store.close().await;
            ledger
        };
        let ledger = last.await.unwrap_or_default();
        let mut refreshes = ledger.refreshes.into_iter();
        let refresh = refreshes.find(|refresh| refresh.source == source.name());
        let succeeded = refresh.filter(|refresh| refresh.failed_ms <= refresh.succeeded_ms);
        let last_ms = succeeded.and_then(|refresh| refresh.succeeded_ms);
        let passed_ms =
            last_ms.map_or(u64::MAX, |last| u64::try_from(now_ms() - last).unwrap_or(0));
        source
            .every()
            .saturating_sub(Duration::from_millis(passed_ms))
    }
}

/// Keeps all sources fresh in the background, until the set is dropped.
pub fn schedule(refresher: &Refresher, sources: &[Arc<dyn Source>]) -> JoinSet<()> {
    let sources = sources.iter();
    sources
        .map(|source| refresher.clone().keep_fresh(Arc::clone(source)))
        .collect()
}

/// How long after a refresh the next one comes.
fn wait(every: Duration, failures: u32, error: Option<&SourceError>) -> Duration {
    let retry = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    match error {
        None => every,
        Some(SourceError::RateLimited { retry_after }) => retry.min(every).max(*retry_after),
        Some(_) => retry.min(every),
    }
}

fn jittered(wait: Duration) -> Duration {
    // Only ever later: a source that asked for a pause gets it.
    wait.mul_f64(1.0 + JITTER * fastrand::f64())
}

/// Keeps other processes from refreshing the same source; the system lets go of it with the process.
fn lock(data: &Path, name: &str) -> anyhow::Result<File> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot create the data directory {}", data.display()))?;
    let path = data.join(format!("{name}.lock"));
    let cannot = || format!("cannot write {}", path.display());
    let file = File::create(&path).with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "another process is refreshing {name} already; its data will be there when it is done"
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
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
    fn a_failed_refresh_is_tried_again_soon_and_then_less_often() {
        let waits = [1, 2, 3, 4, 5, 6, 60].map(|failures| {
            let wait = wait(TEN_MINUTES, failures, Some(&other()));
            wait.as_secs()
        });
        assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(wait(TEN_MINUTES, 0, None), TEN_MINUTES);
    }

    #[test]
    fn a_source_that_asks_for_a_pause_gets_it() {
        let hour = Duration::from_secs(3600);
        let limited = SourceError::RateLimited { retry_after: hour };
        assert_eq!(wait(TEN_MINUTES, 1, Some(&limited)), hour);
        assert!(jittered(hour) >= hour);
    }

    #[test]
    fn two_processes_never_refresh_one_source_at_a_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let held = lock(dir.path(), "cosmos").expect("a lock");
        let refused = lock(dir.path(), "cosmos").expect_err("held already");
        assert!(refused.to_string().contains("another process"), "{refused}");
        lock(dir.path(), "github").expect("another source");
        drop(held);
        lock(dir.path(), "cosmos").expect("free again");
    }
}
