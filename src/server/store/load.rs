//! Makes the snapshot from the builds: from all of them, or from an earlier one and what changed.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use super::{
    facts, meta,
    pages::{self, Texts, Wanted},
    sample,
};
use crate::server::{
    config::Config,
    snapshot::{Origin, Snapshot, SnapshotBuilder},
};

/// Makes a snapshot of everything. Runs inside a read transaction, so that all is of one moment.
pub async fn load(connection: &mut SqliteConnection, config: Arc<Config>) -> Result<Snapshot> {
    let query = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM builds");
    let last: i64 = query.fetch_one(&mut *connection).await?;
    let builder = SnapshotBuilder::with_capacity(config, usize::try_from(last)?);
    fill(connection, builder, Wanted::All(last)).await
}

/// Makes a snapshot from an earlier one and what changed since; of everything, where the earlier one
/// is of another store or nothing of it holds any more. Runs inside a read transaction.
pub async fn load_after(
    connection: &mut SqliteConnection,
    previous: Arc<Snapshot>,
) -> Result<Snapshot> {
    let store = meta::read(connection, meta::STORE_ID).await?;
    let reset = meta::number(connection, meta::RESET).await?;
    let Origin { changes, .. } = previous.origin;
    if store.as_ref() != Some(&previous.origin.store) || reset > Some(changes) {
        return load(connection, Arc::clone(&previous.config)).await;
    }
    let wanted = Wanted::Changed(changes, self::changes(connection).await?);
    fill(connection, SnapshotBuilder::after(previous), wanted).await
}

/// One thread reads the text of a page while another puts the builds of the one before in columns,
/// which leaves the threads that answer requests alone.
async fn fill(
    connection: &mut SqliteConnection,
    builder: SnapshotBuilder,
    wanted: Wanted,
) -> Result<Snapshot> {
    let version = version(connection, builder.config()).await?;
    let origin = Origin {
        store: store_id(connection).await?,
        changes: changes(connection).await?,
        ..Origin::default()
    };
    let sample = sample::is_there(connection).await?;
    let as_of_ms = meta::number(connection, meta::BUILDS_AS_OF).await?;
    let security = facts::load(connection).await?;
    let texts = Texts::read(connection, wanted).await?;
    let (sender, mut received) = mpsc::channel::<String>(1);
    let building = tokio::task::spawn_blocking(move || {
        let mut builder = builder;
        while let Some(page) = received.blocking_recv() {
            pages::push(&page, &texts, &mut builder)?;
        }
        drop(texts);
        let snapshot = builder.finish(version, as_of_ms, security);
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
    pages::read(connection, wanted, sender).await?;
    building.await.context("making the snapshot panicked")?
}

/// Names the data and the configuration that they are read by: either changes the figures.
pub async fn version(connection: &mut SqliteConnection, config: &Config) -> Result<String> {
    let store = store_id(connection).await?;
    let changes = changes(connection).await?;
    let mut hash = DefaultHasher::new();
    format!("{config:?}").hash(&mut hash);
    Ok(format!("{store}-{changes}-{:016x}", hash.finish()))
}

async fn store_id(connection: &mut SqliteConnection) -> Result<String> {
    let store = meta::read(connection, meta::STORE_ID).await?;
    Ok(store.unwrap_or_default())
}

async fn changes(connection: &mut SqliteConnection) -> Result<i64> {
    let changes = meta::number(connection, meta::VERSION).await?;
    Ok(changes.unwrap_or(0))
}
