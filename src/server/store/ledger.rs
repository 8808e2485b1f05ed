//! The state of each source: how far it was read, what it covers and how its last sync went. It is
//! written in the same transaction as the data it describes.

use anyhow::{Context as _, Result};
use sqlx::prelude::FromRow;

use super::{
    engine::{Transaction, Value},
    meta, snoozes,
};
use crate::server::model::{
    Checkpoint, Coverage, CoverageState, Snooze,
    text::{MAX_NOTE, cut},
};

/// The last sync of a source; instants are Unix ms.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct SyncRecord {
    pub source: String,
    pub started_ms: i64,
    /// None while it runs, or if it was interrupted.
    pub finished_ms: Option<i64>,
    pub succeeded_ms: Option<i64>,
    pub failed_ms: Option<i64>,
    /// The reason of the last failure, for readers.
    pub failure: Option<String>,
    /// The number of items that the last success added or changed.
    pub changed: Option<i64>,
    /// The source asked for no requests before this instant.
    pub not_before_ms: Option<i64>,
}

/// The reason a sync failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// For readers.
    pub reason: &'a str,
    /// The source asks for no requests before this instant, Unix ms.
    pub not_before_ms: Option<i64>,
}

/// One item that a source should cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    pub source: String,
    pub coverage: Coverage,
    pub tried_ms: i64,
    /// The last reading; none if it was never read.
    pub read_ms: Option<i64>,
}

/// The state of all sources, and what readers have put aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Changes whenever a sync begins, makes progress or ends, and with each snooze.
    pub version: i64,
    pub syncs: Vec<SyncRecord>,
    pub coverage: Vec<Covered>,
    /// The latest first.
    pub snoozes: Vec<Snooze>,
}

pub async fn cursor(
    transaction: &mut Transaction,
    source: &str,
    feed: &str,
) -> Result<Option<String>> {
    let sql = "SELECT state FROM cursors WHERE source = $1 AND feed = $2";
    let state: Option<(String,)> = transaction
        .optional(sql, &[source.into(), feed.into()])
        .await?;
    Ok(state.map(|(state,)| state))
}

/// Saves how far a source was read; returns whether the date of the data changed.
pub async fn save_checkpoint(
    transaction: &mut Transaction,
    checkpoint: &Checkpoint<'_>,
) -> Result<bool> {
    let Checkpoint {
        source,
        feed,
        state,
        coverage,
        as_of_ms,
    } = *checkpoint;
    if let Some(state) = state {
        set_cursor(transaction, source, feed, state).await?;
    }
    if let Some((coverage, at_ms)) = coverage {
        cover(transaction, source, std::slice::from_ref(coverage), at_ms).await?;
        meta::count(transaction, meta::LEDGER).await?;
    }
    match as_of_ms {
        Some(at_ms) => meta::raise(transaction, meta::BUILDS_AS_OF, at_ms).await,
        None => Ok(false),
    }
}

async fn set_cursor(
    transaction: &mut Transaction,
    source: &str,
    feed: &str,
    state: &str,
) -> Result<()> {
    let sql = "INSERT INTO cursors (source, feed, state) VALUES ($1, $2, $3) \
               ON CONFLICT (source, feed) DO UPDATE SET state = excluded.state";
    let values = [source, feed, state].map(Value::from);
    transaction.execute(sql, &values).await?;
    Ok(())
}

/// Saves the state of items that a source should cover.
pub async fn cover(
    transaction: &mut Transaction,
    source: &str,
    coverage: &[Coverage],
    at_ms: i64,
) -> Result<()> {
    for item in coverage {
        let reason = item.reason.as_deref().map(|reason| cut(reason, MAX_NOTE));
        let sql = "INSERT INTO coverage (source, item, state, reason, tried_ms, read_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, item) DO UPDATE SET \
                   state = excluded.state, reason = excluded.reason, tried_ms = excluded.tried_ms, \
                   read_ms = COALESCE(excluded.read_ms, coverage.read_ms)";
        let values = [
            source.into(),
            item.item.as_str().into(),
            item.state.as_str().into(),
            reason.as_deref().into(),
            at_ms.into(),
            item.state.is_read().then_some(at_ms).into(),
        ];
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

/// Lists the items of a source's coverage.
pub async fn items(transaction: &mut Transaction, source: &str) -> Result<Vec<String>> {
    let sql = "SELECT item FROM coverage WHERE source = $1 ORDER BY item";
    let items: Vec<(String,)> = transaction.all(sql, &[source.into()]).await?;
    Ok(items.into_iter().map(|(item,)| item).collect())
}

/// Removes items from a source's coverage.
pub async fn remove_items(
    transaction: &mut Transaction,
    source: &str,
    items: &[String],
) -> Result<()> {
    for item in items {
        let sql = "DELETE FROM coverage WHERE source = $1 AND item = $2";
        let values = [source, item].map(Value::from);
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

pub async fn begin_sync(transaction: &mut Transaction, source: &str, at_ms: i64) -> Result<()> {
    let sql = "INSERT INTO syncs (source, started_ms) VALUES ($1, $2) ON CONFLICT (source) \
               DO UPDATE SET started_ms = excluded.started_ms, finished_ms = NULL";
    transaction
        .execute(sql, &[source.into(), at_ms.into()])
        .await?;
    meta::count(transaction, meta::LEDGER).await
}

/// Saves how a sync ended: the number of changes, or the reason of its failure.
pub async fn finish_sync(
    transaction: &mut Transaction,
    source: &str,
    at_ms: i64,
    outcome: Result<u64, Failed<'_>>,
) -> Result<()> {
    match outcome {
        Ok(changed) => {
            let sql = "UPDATE syncs SET finished_ms = $1, succeeded_ms = $1, changed = $2, \
                       not_before_ms = NULL WHERE source = $3";
            let changed = i64::try_from(changed).unwrap_or(i64::MAX);
            let values = [at_ms.into(), changed.into(), source.into()];
            transaction.execute(sql, &values).await?;
        }
        Err(failed) => {
            let reason = cut(failed.reason, MAX_NOTE);
            let sql = "UPDATE syncs SET finished_ms = $1, failed_ms = $1, failure = $2, \
                       not_before_ms = $3 WHERE source = $4";
            let values = [
                at_ms.into(),
                (&*reason).into(),
                failed.not_before_ms.into(),
                source.into(),
            ];
            transaction.execute(sql, &values).await?;
        }
    }
    meta::count(transaction, meta::LEDGER).await
}

/// Changes whenever a sync begins, makes progress or ends, and with each snooze.
pub async fn version(transaction: &mut Transaction) -> Result<i64> {
    let counted = meta::number(transaction, meta::LEDGER).await?;
    Ok(counted.unwrap_or(0))
}

pub async fn load(transaction: &mut Transaction) -> Result<Ledger> {
    let sql = "SELECT source, started_ms, finished_ms, succeeded_ms, failed_ms, failure, changed, \
               not_before_ms FROM syncs ORDER BY source";
    let syncs = transaction.all(sql, &[]).await?;
    let sql = "SELECT source, item, state, reason, tried_ms, read_ms FROM coverage \
               ORDER BY source, item";
    type Row = (String, String, String, Option<String>, i64, Option<i64>);
    let rows: Vec<Row> = transaction.all(sql, &[]).await?;
    let covered = rows
        .into_iter()
        .map(|(source, item, state, reason, tried_ms, read_ms)| {
            let state = CoverageState::from_name(&state).with_context(|| {
                format!("the store is damaged: “{state}” is not a coverage state")
            })?;
            Ok(Covered {
                source,
                coverage: Coverage {
                    item,
                    state,
                    reason,
                },
                tried_ms,
                read_ms,
            })
        });
    Ok(Ledger {
        version: version(transaction).await?,
        syncs,
        coverage: covered.collect::<Result<_>>()?,
        snoozes: snoozes::load(transaction).await?,
    })
}
