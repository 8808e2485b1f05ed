//! Where builds are kept: how the tag of a build leads to its row.

pub mod postgres;
mod sqlite;

use std::borrow::Cow;

use anyhow::Result;
use sqlx::FromRow;

use super::engine::Transaction;

/// Where a build is kept; of a build's events the same holds.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct BuildLocation {
    /// Its key.
    pub id: i64,
    /// Its number in snapshots, which are the smaller the denser these are.
    pub ordinal: i64,
    /// The month of its first event when it was first seen, counted from year 0; 0 where builds are not
    /// kept by month. It never changes.
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

/// A build that is looked for.
pub struct LookupKey<'a> {
    pub tag: Cow<'a, str>,
    /// Its earliest stamp, Unix ms.
    pub first_ms: i64,
}

/// The locations of builds, in their order; of new ones the locations that they get.
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

/// The greatest ordinal that was ever given.
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

/// The next builds after one, by id.
pub async fn next_batch(
    transaction: &mut Transaction,
    after: i64,
    limit: i64,
) -> Result<Vec<Tagged>> {
    let columns = columns(transaction);
    let sql = format!("SELECT tag, {columns} FROM builds WHERE id > $1 ORDER BY id LIMIT $2");
    transaction.all(&sql, &[after.into(), limit.into()]).await
}
