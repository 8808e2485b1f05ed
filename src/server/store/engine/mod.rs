//! The two database engines and their common interface: SQLite, one file in the data directory, and
//! PostgreSQL, for several replicas. Files named after an engine hold what differs; all other SQL
//! runs on both.

mod postgres;
mod sqlite;
mod transaction;

use anyhow::{Context as _, Result};
use sqlite::InUse;
pub use sqlite::{FileId, claim, file, log_file};
use sqlx::{PgPool, SqlitePool};
pub use transaction::{Transaction, Value};

use super::location::Location;

/// An open store of either engine.
#[derive(Clone)]
pub enum Engine {
    /// The pool, and the mark that the store is in use, unless it is only read.
    Sqlite(SqlitePool, Option<InUse>),
    Postgres(PgPool),
}

/// The purpose of a transaction.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Reads one consistent state.
    Read,
    /// Holds the write lock from its beginning, so that it never has to be retried because another
    /// program wrote in between.
    Write,
    /// Writes rows that only its own process writes, while another process may hold the write lock.
    WriteAside,
}

impl Engine {
    /// Opens the store of a location or creates it, and updates its schema.
    ///
    /// # Errors
    /// If the store cannot be used; the message says what to do.
    pub async fn open(location: &Location) -> Result<Self> {
        Ok(match &location.database {
            None => {
                let (pool, in_use) = sqlite::open(&location.data).await?;
                Self::Sqlite(pool, Some(in_use))
            }
            Some(database) => Self::Postgres(postgres::open(database).await?),
        })
    }

    /// Opens the existing store of a directory that cannot be written to.
    ///
    /// # Errors
    /// If the store cannot be used; the message says what to do.
    pub async fn open_to_read(location: &Location) -> Result<Self> {
        let pool = sqlite::open_to_read(&location.data).await?;
        Ok(Self::Sqlite(pool, None))
    }

    /// Begins a transaction on a task of its own: if the caller is dropped meanwhile, the connection
    /// would otherwise return to the pool within an open transaction.
    ///
    /// # Errors
    /// If the store cannot be reached or written to.
    pub async fn begin(&self, purpose: Purpose) -> Result<Transaction> {
        let engine = self.clone();
        let begun = tokio::spawn(async move {
            anyhow::Ok(match engine {
                Self::Sqlite(pool, _) => Transaction::Sqlite(sqlite::begin(&pool, purpose).await?),
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

    /// Returns a listener for changes of the store.
    pub fn changes(&self) -> Changes {
        match self {
            Self::Sqlite(..) => Changes::Sqlite,
            Self::Postgres(pool) => Changes::Postgres(postgres::Changes::of(pool.clone())),
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool, Some(in_use)) => {
                sqlite::close(pool).await;
                in_use.release();
            }
            Self::Sqlite(pool, None) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A listener for changes of the store.
pub enum Changes {
    Sqlite,
    Postgres(postgres::Changes),
}

impl Changes {
    /// Returns when the store may have changed.
    pub async fn wait(&mut self) {
        match self {
            Self::Sqlite => tokio::time::sleep(sqlite::POLL_INTERVAL).await,
            Self::Postgres(changes) => changes.wait().await,
        }
    }
}
