//! The locations of builds: maps the tag of a build to its row.

pub mod postgres;
mod sqlite;

use std::borrow::Cow;

use anyhow::Result;
use sqlx::FromRow;

use super::engine::Transaction;

/// The location of a build and of its events.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct BuildLocation {
    /// The build's key.
    pub id: i64,
    /// The build's number in snapshots, which are smaller the denser the numbers are.
    pub ordinal: i64,
    /// The month of the build's first event when it was first seen, counted from year 0; it never
    /// changes. 0 if builds are not partitioned by month.
    pub month: i32,
}

#[derive(Clone, Copy, Debug)]
pub struct BuildLookup {
    pub location: BuildLocation,
    pub is_new: bool,
}

/// The tag of a build and its location.
#[derive(FromRow)]
pub struct Tagged {
    pub tag: String,
    #[sqlx(flatten)]
    pub location: BuildLocation,
}

/// The tag of a build to look up.
pub struct LookupKey<'a> {
    pub tag: Cow<'a, str>,
    /// The earliest timestamp of its events, Unix ms.
    pub first_ms: i64,
}

/// Returns the locations of builds, in their order; assigns locations to new ones.
pub async fn locate(
    transaction: &mut Transaction,
    builds: &[LookupKey<'_>],
) -> Result<Vec<BuildLookup>> {
    match transaction {
        Transaction::Sqlite(_) => sqlite::locate(transaction, builds).await,
        Transaction::Postgres(connection) => {
            let found = postgres::find(connection, builds).await?;
            postgres::locate(transaction, builds, found).await
        }
    }
}

/// Returns the greatest ordinal ever assigned.
pub async fn last_ordinal(transaction: &mut Transaction) -> Result<i64> {
    match transaction {
        Transaction::Sqlite(_) => sqlite::last(transaction).await,
        Transaction::Postgres(_) => postgres::last(transaction).await,
    }
}

/// The columns of a [`BuildLocation`].
pub const fn columns(transaction: &Transaction) -> &'static str {
    match transaction {
        Transaction::Sqlite(_) => "id, id AS ordinal, 0 AS month",
        Transaction::Postgres(_) => "id, ordinal, month",
    }
}

/// Reads the next builds after a key, in order of their keys.
pub async fn next_batch(
    transaction: &mut Transaction,
    after: i64,
    limit: i64,
) -> Result<Vec<Tagged>> {
    let columns = columns(transaction);
    let sql = format!("SELECT tag, {columns} FROM builds WHERE id > $1 ORDER BY id LIMIT $2");
    transaction.all(&sql, &[after.into(), limit.into()]).await
}
