//! What the store knows of sources: how far they were read, what they cover, how their last
//! refresh went. All of it is written in the transaction of the data that it describes.

use anyhow::{Context as _, Result};
use sqlx::{SqliteConnection, prelude::FromRow};

use super::meta;
use crate::server::sources::{Checkpoint, Coverage, CoverageState};

/// How the last refresh of a source went; instants are Unix ms.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Refresh {
    pub source: String,
    pub started_ms: i64,
    /// None while it runs, or where it was ended from outside.
    pub finished_ms: Option<i64>,
    pub succeeded_ms: Option<i64>,
    pub failed_ms: Option<i64>,
    /// Why the last failed one failed, for readers.
    pub failure: Option<String>,
    /// How much the last success brought that was new or other than before.
    pub changed: Option<i64>,
    /// The source asked not to be asked before.
    pub not_before_ms: Option<i64>,
}

/// Why a refresh failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// For readers.
    pub reason: &'a str,
    /// Unix ms: the source asks not to be asked before.
    pub not_before_ms: Option<i64>,
}

/// One thing that a source should cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    pub source: String,
    pub coverage: Coverage,
    pub tried_ms: i64,
    /// When it was last read; none where it never was.
    pub read_ms: Option<i64>,
}

/// Everything that the store knows of sources, by source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Changes whenever a refresh began, got on or ended.
    pub version: i64,
    pub refreshes: Vec<Refresh>,
    pub coverage: Vec<Covered>,
}

pub async fn cursor(
    connection: &mut SqliteConnection,
    source: &str,
    feed: &str,
) -> Result<Option<String>> {
    let query = sqlx::query_scalar("SELECT state FROM cursors WHERE source = ? AND feed = ?");
    let query = query.bind(source).bind(feed);
    Ok(query.fetch_optional(connection).await?)
}

/// Writes where a source has got to; says whether the data are of another moment now.
pub async fn check(connection: &mut SqliteConnection, checkpoint: &Checkpoint<'_>) -> Result<bool> {
    let Checkpoint {
        source,
        feed,
        state,
        coverage,
        as_of_ms,
    } = *checkpoint;
    if let Some(state) = state {
        set_cursor(connection, source, feed, state).await?;
    }
    if let Some((coverage, at_ms)) = coverage {
        cover(connection, source, std::slice::from_ref(coverage), at_ms).await?;
        meta::count(connection, meta::LEDGER).await?;
    }
    match as_of_ms {
        Some(at_ms) => meta::raise(connection, meta::BUILDS_AS_OF, at_ms).await,
        None => Ok(false),
    }
}

async fn set_cursor(
    connection: &mut SqliteConnection,
    source: &str,
    feed: &str,
    state: &str,
) -> Result<()> {
    let query = sqlx::query(
        "INSERT INTO cursors (source, feed, state) VALUES (?, ?, ?) \
         ON CONFLICT (source, feed) DO UPDATE SET state = excluded.state",
    );
    query
        .bind(source)
        .bind(feed)
        .bind(state)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes what became of some of the things that a source should cover.
pub async fn cover(
    connection: &mut SqliteConnection,
    source: &str,
    coverage: &[Coverage],
    at_ms: i64,
) -> Result<()> {
    for item in coverage {
        let query = sqlx::query(
            "INSERT INTO coverage (source, item, state, reason, tried_ms, read_ms) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, item) DO UPDATE SET \
             state = excluded.state, reason = excluded.reason, tried_ms = excluded.tried_ms, \
             read_ms = COALESCE(excluded.read_ms, coverage.read_ms)",
        );
        query
            .bind(source)
            .bind(&item.item)
            .bind(item.state.as_str())
            .bind(&item.reason)
            .bind(at_ms)
            .bind(item.state.is_read().then_some(at_ms))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// What a source covered at its last try.
pub async fn items(connection: &mut SqliteConnection, source: &str) -> Result<Vec<String>> {
    let query = sqlx::query_scalar("SELECT item FROM coverage WHERE source = ? ORDER BY item");
    Ok(query.bind(source).fetch_all(connection).await?)
}

/// Takes what is no longer there out of a source's coverage.
pub async fn forget(
    connection: &mut SqliteConnection,
    source: &str,
    items: &[String],
) -> Result<()> {
    for item in items {
        let query = sqlx::query("DELETE FROM coverage WHERE source = ? AND item = ?");
        query
            .bind(source)
            .bind(item)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub async fn begin_refresh(
    connection: &mut SqliteConnection,
    source: &str,
    at_ms: i64,
) -> Result<()> {
    let query = sqlx::query(
        "INSERT INTO refreshes (source, started_ms) VALUES (?, ?) ON CONFLICT (source) \
         DO UPDATE SET started_ms = excluded.started_ms, finished_ms = NULL",
    );
    query
        .bind(source)
        .bind(at_ms)
        .execute(&mut *connection)
        .await?;
    meta::count(connection, meta::LEDGER).await
}

/// Writes how a refresh ended: with how much that is new, or why it failed.
pub async fn finish_refresh(
    connection: &mut SqliteConnection,
    source: &str,
    at_ms: i64,
    outcome: Result<u64, Failed<'_>>,
) -> Result<()> {
    let query = match outcome {
        Ok(changed) => sqlx::query(
            "UPDATE refreshes SET finished_ms = ?1, succeeded_ms = ?1, changed = ?2, \
             not_before_ms = NULL WHERE source = ?3",
        )
        .bind(at_ms)
        .bind(i64::try_from(changed).unwrap_or(i64::MAX)),
        Err(failed) => sqlx::query(
            "UPDATE refreshes SET finished_ms = ?1, failed_ms = ?1, failure = ?2, \
             not_before_ms = ?4 WHERE source = ?3",
        )
        .bind(at_ms)
        .bind(failed.reason.to_owned()),
    };
    let mut query = query.bind(source);
    if let Err(failed) = outcome {
        query = query.bind(failed.not_before_ms);
    }
    query.execute(&mut *connection).await?;
    meta::count(connection, meta::LEDGER).await
}

/// Changes whenever a refresh began, got on or ended.
pub async fn version(connection: &mut SqliteConnection) -> Result<i64> {
    let counted = meta::number(connection, meta::LEDGER).await?;
    Ok(counted.unwrap_or(0))
}

pub async fn load(connection: &mut SqliteConnection) -> Result<Ledger> {
    let query = sqlx::query_as(
        "SELECT source, started_ms, finished_ms, succeeded_ms, failed_ms, failure, changed, \
         not_before_ms FROM refreshes ORDER BY source",
    );
    let refreshes = query.fetch_all(&mut *connection).await?;
    let query = sqlx::query_as(
        "SELECT source, item, state, reason, tried_ms, read_ms FROM coverage \
         ORDER BY source, item",
    );
    type Row = (String, String, String, Option<String>, i64, Option<i64>);
    let rows: Vec<Row> = query.fetch_all(&mut *connection).await?;
    let covered = rows
        .into_iter()
        .map(|(source, item, state, reason, tried_ms, read_ms)| {
            let state = CoverageState::from_name(&state)
                .with_context(|| format!("the store is damaged: no state is named “{state}”"))?;
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
        version: version(connection).await?,
        refreshes,
        coverage: covered.collect::<Result<_>>()?,
    })
}
