//! Keeps what is served up with the store: whoever changes it, a refresh of this server or another
//! process, new data are loaded and swapped in whole. While the store cannot be reached, what was
//! loaded last is served on, and readers are told.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{config::Config, state::AppState, store::Store};

/// While much is written, loading takes at most about one part in so many of the time.
const LOADING_SHARE: u32 = 10;
/// A store that has not said its version by then cannot be reached.
const PATIENCE: Duration = Duration::from_secs(6);

/// Loads what there is, once.
///
/// # Errors
/// Where the store cannot be read.
pub async fn load(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<()> {
    state.swap_ledger(store.ledger().await?);
    load_snapshot(store, config, state).await
}

async fn load_snapshot(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<()> {
    let began = Instant::now();
    let loading = async {
        match state.snapshot() {
            Ok(previous) => store.load_after(previous).await,
            Err(_) => store.load(Arc::clone(config)).await,
        }
    };
    let span = tracing::info_span!("load a snapshot");
    let snapshot = Arc::new(loading.instrument(span).await?);
    state.prepare(&snapshot).await;
    state.swap(snapshot);
    state.metrics().snapshots.loaded(began.elapsed());
    Ok(())
}

/// Follows the store until it is dropped. While the store cannot be read, the last data stay.
pub async fn follow(store: Store, config: Arc<Config>, state: AppState) {
    let mut changes = store.changes();
    loop {
        let began = Instant::now();
        match look(&store, &config, &state).await {
            Ok(()) => {
                if state.looked(began) {
                    tracing::info!("the store can be read again");
                }
                let rest = tokio::time::sleep(began.elapsed() * LOADING_SHARE);
                tokio::join!(rest, changes.wait());
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

async fn look(store: &Store, config: &Arc<Config>, state: &AppState) -> Result<()> {
    let versions =
        async { anyhow::Ok((store.ledger_version().await?, store.version(config).await?)) };
    // A connection that died in silence never says so.
    let versions = tokio::time::timeout(PATIENCE, versions).await;
    let (ledger, version) = versions.context("the store does not answer")??;
    if state.ledger().version != ledger {
        state.swap_ledger(store.ledger().await?);
    }
    if state.version().as_ref() != Some(&version) {
        load_snapshot(store, config, state).await?;
        tracing::info!(version, "loaded new data");
    }
    Ok(())
}
