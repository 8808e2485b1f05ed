//! Keeps what is served up with the store: whoever changes it, a sync of this server or another
//! process, new data are loaded and swapped in whole. While the store cannot be reached, what was
//! loaded last is served on, and readers are told.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{config::Config, state::AppState, store::Store};

/// While much is written, loading takes at most about one part in so many of the time.
const LOADING_SHARE: u32 = 10;
/// And it rests no longer than this: replicas are to be at one within two seconds.
const MAX_REST: Duration = Duration::from_secs(1);
/// A store that has not said its version by then cannot be reached.
const PATIENCE: Duration = Duration::from_secs(6);

/// Loads what there is, once.
///
/// # Errors
/// Where the store cannot be read.
pub async fn load(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<()> {
    state.swap_ledger(store.ledger().await?);
    load_snapshot(store, config, state).await?;
    Ok(())
}

/// Says how long it took.
async fn load_snapshot(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<Duration> {
    let began = Instant::now();
    let loading = async {
        match state.snapshot() {
            Ok(previous) => store.load_after(previous).await,
            Err(_) => store.load(Arc::clone(config)).await,
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

/// Follows the store until it is dropped. While the store cannot be read, the last data stay.
pub async fn follow(store: Store, config: Arc<Config>, state: AppState) {
    let mut changes = store.changes();
    loop {
        let began = Instant::now();
        match look(&store, &config, &state).await {
            Ok(loading) => {
                if state.record_store_check(began) {
                    tracing::info!("the store can be read again");
                }
                let rest = (loading * LOADING_SHARE).min(MAX_REST);
                tokio::join!(tokio::time::sleep(rest), changes.wait());
            }
            Err(error) => {
                state.metrics().snapshots.failed();
                if state.store_lost() {
                    tracing::error!("cannot follow the store, which is tried on: {error:#}");
                }
                changes.wait().await;
            }
        }
    }
}

/// Loads what is new. Says how long loading took, without the wait for a store that was away.
async fn look(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<Duration> {
    let versions =
        async { anyhow::Ok((store.ledger_version().await?, store.version(config).await?)) };
    // A connection that died in silence never says so.
    let versions = tokio::time::timeout(PATIENCE, versions).await;
    let (ledger, version) = versions.context("the store does not answer")??;
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
