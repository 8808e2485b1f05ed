//! Makes the snapshot from the builds: from all of them, or from an earlier one and what changed.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use super::{
    engine::Session,
    facts, meta,
    pages::{self, Page, Texts, Wanted},
    places, sample,
};
use crate::server::{
    config::Config,
    snapshot::{Origin, Snapshot, SnapshotBuilder},
};

/// Makes a snapshot of everything. Runs inside a read transaction, so that all is of one moment.
pub async fn load(session: &mut Session, config: Arc<Config>) -> Result<Snapshot> {
    let last = places::last_ordinal(session).await?;
    let builder = SnapshotBuilder::with_capacity(config, usize::try_from(last)?);
    fill(session, builder, Wanted::All(last)).await
}

/// Makes a snapshot from an earlier one and what changed since; of everything, where the earlier one
/// is of another store or nothing of it holds any more. Runs inside a read transaction.
pub async fn load_after(session: &mut Session, previous: Arc<Snapshot>) -> Result<Snapshot> {
    let store = meta::read(session, meta::STORE_ID).await?;
    let reset = meta::number(session, meta::RESET).await?;
    let Origin { changes, .. } = previous.origin;
    if store.as_ref() != Some(&previous.origin.store) || reset > Some(changes) {
        return load(session, Arc::clone(&previous.config)).await;
    }
    let wanted = Wanted::Changed(changes, self::changes(session).await?);
    fill(session, SnapshotBuilder::after(previous), wanted).await
}

/// One thread reads the text of a page while another puts the builds of the one before in columns,
/// which leaves the threads that answer requests alone.
async fn fill(session: &mut Session, builder: SnapshotBuilder, wanted: Wanted) -> Result<Snapshot> {
    let version = version(session, builder.config()).await?;
    let origin = Origin {
        store: store_id(session).await?,
        changes: changes(session).await?,
        ..Origin::default()
    };
    let sample = sample::is_there(session).await?;
    let as_of_ms = meta::number(session, meta::BUILDS_AS_OF).await?;
    let security = facts::load(session).await?;
    let texts = Texts::read(session, wanted).await?;
    let (sender, mut received) = mpsc::channel::<Page>(1);
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
    pages::read(session, wanted, sender).await?;
    building.await.context("making the snapshot panicked")?
}

/// Names the data and the configuration that they are read by: either changes the figures.
pub async fn version(session: &mut Session, config: &Config) -> Result<String> {
    let store = store_id(session).await?;
    let changes = changes(session).await?;
    let mut hash = DefaultHasher::new();
    format!("{config:?}").hash(&mut hash);
    Ok(format!("{store}-{changes}-{:016x}", hash.finish()))
}

async fn store_id(session: &mut Session) -> Result<String> {
    let store = meta::read(session, meta::STORE_ID).await?;
    Ok(store.unwrap_or_default())
}

async fn changes(session: &mut Session) -> Result<i64> {
    let changes = meta::number(session, meta::VERSION).await?;
    Ok(changes.unwrap_or(0))
}
