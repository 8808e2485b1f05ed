//! Reloads the snapshot when the store changes, whether through a sync of this server or another
//! process. While the store cannot be reached, the last snapshot is served and readers are told.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{config::Config, insight, state::AppState, store::Store};

/// While much is written, loading takes at most one part in so many of the time.
const LOADING_SHARE: u32 = 10;
/// The longest rest between two loads: replicas must catch up within two seconds.
const MAX_REST: Duration = Duration::from_secs(1);
/// A store that does not report its version in this time cannot be reached.
const MAX_WAIT: Duration = Duration::from_secs(6);

/// Loads the data once.
///
/// # Errors
/// The store cannot be read.
pub async fn load(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<()> {
    state.swap_ledger(store.ledger().await?);
    load_snapshot(store, config, state).await?;
    Ok(())
}

/// Returns the time that loading took.
async fn load_snapshot(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<Duration> {
    let began = Instant::now();
    let loading = async {
        match state.snapshot() {
            Ok(previous) => insight::load_after(store, previous).await,
            Err(_) => insight::load(store, Arc::clone(config)).await,
        }
    };
    let span = tracing::info_span!("load a snapshot");
    let snapshot = Arc::new(loading.instrument(span).await?);
    let took = began.elapsed();
    state.metrics().snapshots.loaded(took);
    state.prepare(&snapshot).await;
    state.swap(snapshot);
    Ok(took)
}

/// Reloads on each change of the store, until dropped. While the store cannot be read, the last data is
/// kept.
pub async fn watch(store: Store, config: Arc<Config>, state: AppState) {
    let mut changes = store.changes();
    loop {
        let began = Instant::now();
        match check(&store, &config, &state).await {
            Ok(loading) => {
                if state.record_store_check(began) {
                    tracing::info!("the store is readable again");
                }
                let rest = (loading * LOADING_SHARE).min(MAX_REST);
                tokio::join!(tokio::time::sleep(rest), changes.wait());
            }
            Err(error) => {
                state.metrics().snapshots.failed();
                if state.store_lost() {
                    tracing::error!("cannot read the store; retrying: {error:#}");
                }
                changes.wait().await;
            }
        }
    }
}

/// Loads new data. Returns the time that loading took, without the wait for an unreachable store.
async fn check(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<Duration> {
    store.check_file()?;
    let versions =
        async { anyhow::Ok((store.ledger_version().await?, store.version(config).await?)) };
    // A dead connection may never report an error.
    let versions = tokio::time::timeout(MAX_WAIT, versions).await;
    let (ledger, version) = versions.context("the store does not respond")??;
    if state.ledger().version != ledger {
        state.swap_ledger(store.ledger().await?);
    }
    if state.version().as_deref() == Some(&*version) {
        return Ok(Duration::ZERO);
    }
    let took = load_snapshot(store, config, state).await?;
    tracing::info!(version, "loaded new data");
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_whose_file_is_removed_cannot_be_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = Arc::new(Config::built_in());
        let store = Store::open(dir.path(), &config).await.expect("a store");
        let state = AppState::default();
        check(&store, &config, &state).await.expect("readable");
        std::fs::remove_file(dir.path().join("dashboard.sqlite")).expect("removed");
        let lost = check(&store, &config, &state).await.expect_err("lost");
        assert!(lost.to_string().contains("is gone"), "{lost}");
    }
}
