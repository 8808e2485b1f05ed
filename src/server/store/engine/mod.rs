//! The two engines that a store can stand on, and what they have in common: SQLite, one file in the
//! data directory, and PostgreSQL, for several replicas. Whatever differs between them is in a file
//! of the engine's name; all other SQL is understood by both.

mod postgres;
mod sqlite;
mod transaction;

use anyhow::{Context as _, Result};
pub use sqlite::file;
use sqlx::{PgPool, SqlitePool};
pub use transaction::{Transaction, Value};

use super::location::Location;

/// An open store, of either engine.
#[derive(Clone)]
pub enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Engine {
    /// Opens the store of a place, or makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be used; the message says what to do.
    pub async fn open(location: &Location) -> Result<Self> {
        Ok(match &location.database {
            None => Self::Sqlite(sqlite::open(&location.data).await?),
            Some(database) => Self::Postgres(postgres::open(database).await?),
        })
    }

    /// A transaction that holds the right to write from its beginning, so that it never has to be
    /// run again because another program wrote in between.
    pub async fn begin(&self) -> Result<Transaction> {
        let begun = self.on_a_task(Self::begin_writing).await;
        begun.context("cannot write to the store")
    }

    /// A transaction of all that is read, so that it is of one moment.
    pub async fn begin_reading(&self) -> Result<Transaction> {
        let begun = self.on_a_task(Self::begin_snapshot).await;
        begun.context("cannot read the store")
    }

    /// On a task of its own: where whoever waits for it is dropped meanwhile, the connection would go
    /// back to the pool within a transaction that nobody ends.
    async fn on_a_task<F>(&self, begin: impl FnOnce(Self) -> F) -> Result<Transaction>
    where
        F: Future<Output = Result<Transaction>> + Send + 'static,
    {
        tokio::spawn(begin(self.clone())).await?
    }

    async fn begin_writing(self) -> Result<Transaction> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(sqlite::begin(&pool).await?),
            Self::Postgres(pool) => Transaction::Postgres(postgres::begin(&pool).await?),
        })
    }

    async fn begin_snapshot(self) -> Result<Transaction> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => {
                Transaction::Postgres(pool.begin_with(postgres::SNAPSHOT).await?)
            }
        })
    }

    /// A transaction that writes what only its own process does, beside one that holds the right to
    /// write.
    pub async fn begin_aside(&self) -> Result<Transaction> {
        let begun = self.on_a_task(Self::begin_anything).await;
        begun.context("cannot write to the store")
    }

    async fn begin_anything(self) -> Result<Transaction> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// What waits for changes of the store.
    pub fn changes(&self) -> Changes {
        match self {
            Self::Sqlite(_) => Changes::Sqlite,
            Self::Postgres(pool) => Changes::Postgres(postgres::Changes::of(pool.clone())),
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Waits for changes of the store.
pub enum Changes {
    Sqlite,
    Postgres(postgres::Changes),
}

impl Changes {
    /// Returns when the store may have changed, and is worth a look.
    pub async fn wait(&mut self) {
        match self {
            Self::Sqlite => tokio::time::sleep(sqlite::LOOK).await,
            Self::Postgres(changes) => changes.wait().await,
        }
    }
}
