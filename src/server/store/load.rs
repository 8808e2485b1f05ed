//! Loads the snapshot of the builds: from all of them, or from an earlier snapshot and the changes.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use super::{
    build_location,
    engine::Transaction,
    meta, sample, security,
    snapshot_rows::{self, Numbered, RowBatch, RowRange},
};
use crate::server::{
    allocator,
    config::Config,
    model::DAY_MS,
    snapshot::{Origin, STEP_DAYS, Snapshot, SnapshotBuilder},
};

/// Loads a snapshot of everything. Runs inside a read transaction, so that it is consistent.
pub async fn load(transaction: &mut Transaction, config: Arc<Config>) -> Result<Snapshot> {
    let last = build_location::last_ordinal(transaction).await?;
    let builder = SnapshotBuilder::with_capacity(config, usize::try_from(last)?);
    fill(transaction, builder, RowRange::All(last)).await
}

/// Loads a snapshot from an earlier one and the changes since; loads everything if the earlier one is
/// from another store or no longer valid. Runs inside a read transaction.
pub async fn load_after(
    transaction: &mut Transaction,
    previous: Arc<Snapshot>,
) -> Result<Snapshot> {
    let store = meta::read(transaction, meta::STORE_ID).await?;
    let reset = meta::number(transaction, meta::RESET).await?;
    let Origin { changes, .. } = previous.origin;
    if store.as_ref() != Some(&previous.origin.store) || reset > Some(changes) {
        return load(transaction, Arc::clone(&previous.config)).await;
    }
    let range = RowRange::Changed(changes, self::changes(transaction).await?);
    fill(transaction, SnapshotBuilder::after(previous), range).await
}

/// Reads batches on one thread while another adds the previous batch to the columns, which keeps the
/// threads that serve requests free.
async fn fill(
    transaction: &mut Transaction,
    builder: SnapshotBuilder,
    range: RowRange,
) -> Result<Snapshot> {
    let version = version(transaction, builder.config()).await?;
    let origin = Origin {
        store: store_id(transaction).await?,
        changes: changes(transaction).await?,
        ..Origin::default()
    };
    let sample = sample::is_present(transaction).await?;
    let as_of_ms = meta::number(transaction, meta::BUILDS_AS_OF).await?;
    let security = security::load(transaction, builder.previous()).await?;
    let mut builds = Numbered::new(transaction, builder).await?;
    // As the snapshot itself drops them.
    let steps_after_ms = as_of_ms.map_or(-1, |at| at - i64::from(STEP_DAYS) * DAY_MS);
    let (sender, mut received) = mpsc::channel::<RowBatch>(1);
    let building = tokio::task::spawn_blocking(move || {
        while let Some(batch) = received.blocking_recv() {
            builds.push(&batch)?;
        }
        let snapshot = builds.into_snapshot().finish(version, as_of_ms, security);
        if matches!(range, RowRange::All(_)) {
            allocator::release();
        }
        let last_build = snapshot.origin.last_build;
        anyhow::Ok(Snapshot {
            sample,
            origin: Origin {
                last_build,
                ..origin
            },
            ..snapshot
        })
    });
    snapshot_rows::read(transaction, range, steps_after_ms, sender).await?;
    building.await.context("loading the snapshot panicked")?
}

/// Identifies the data and the configuration, since either changes the figures.
pub async fn version(transaction: &mut Transaction, config: &Config) -> Result<String> {
    let store = store_id(transaction).await?;
    let changes = changes(transaction).await?;
    let mut hash = DefaultHasher::new();
    format!("{config:?}").hash(&mut hash);
    Ok(format!("{store}-{changes}-{:016x}", hash.finish()))
}

async fn store_id(transaction: &mut Transaction) -> Result<String> {
    let store = meta::read(transaction, meta::STORE_ID).await?;
    Ok(store.unwrap_or_default())
}

async fn changes(transaction: &mut Transaction) -> Result<i64> {
    let changes = meta::number(transaction, meta::VERSION).await?;
    Ok(changes.unwrap_or(0))
}
