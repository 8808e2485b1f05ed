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

/// What a transaction is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// All that is read is of one moment.
    Read,
    /// It holds the right to write from its beginning, so that it never has to be run again because
    /// another program wrote in between.
    Write,
    /// It writes what only its own process does, while another may hold the right to write.
    WriteAside,
}

impl Engine {
    /// Opens the store of a location, or makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be used; the message says what to do.
    pub async fn open(location: &Location) -> Result<Self> {
        Ok(match &location.database {
            None => Self::Sqlite(sqlite::open(&location.data).await?),
            Some(database) => Self::Postgres(postgres::open(database).await?),
        })
    }

    /// Begins a transaction, on a task of its own: where whoever waits for it is dropped meanwhile, the
    /// connection would go back to the pool within a transaction that nobody ends.
    ///
    /// # Errors
    /// Where the store cannot be reached, or written to.
    pub async fn begin(&self, purpose: Purpose) -> Result<Transaction> {
        let engine = self.clone();
        let begun = tokio::spawn(async move {
            anyhow::Ok(match engine {
                Self::Sqlite(pool) => Transaction::Sqlite(sqlite::begin(&pool, purpose).await?),
                Self::Postgres(pool) => {
                    Transaction::Postgres(postgres::begin(&pool, purpose).await?)
                }
            })
        });
        begun.await?.context(match purpose {
            Purpose::Read => "cannot read the store",
            Purpose::Write | Purpose::WriteAside => "cannot write to the store",
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
            Self::Sqlite(pool) => sqlite::close(pool).await,
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
            Self::Sqlite => tokio::time::sleep(sqlite::POLL_INTERVAL).await,
            Self::Postgres(changes) => changes.wait().await,
        }
    }
}
