//! PostgreSQL: opens the database, explains failures, and notifies listeners of changes.

use std::{sync::Once, time::Duration};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use sqlx::{
    ConnectOptions as _, PgPool, Postgres,
    migrate::{MigrateError, Migrator},
    postgres::{PgListener, PgPoolOptions},
};

use super::Purpose;
use crate::server::store::location::Database;

fn migrations() -> Migrator {
    sqlx::migrate!("src/server/store/migrations/postgres")
}

/// Programs and stores are compatible if their newest migrations are of the same hundred.
const GENERATION: i64 = 100;
/// Begins a transaction that reads one consistent state.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// The channel that announces changes of the store.
const CHANNEL: &str = "rse_dashboard";
/// The interval between checks of the store if no notification arrives.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 6;

pub type Transaction = sqlx::Transaction<'static, Postgres>;

/// Connects and updates the schema. If several processes do so at once, one runs the migrations
/// while the others wait.
pub async fn open(database: &Database) -> Result<PgPool> {
    warn_once(database);
    let options = database
        .options()
        .clone()
        .options([
            // A process that stops within a transaction blocks the others no longer than this.
            ("idle_in_transaction_session_timeout", "15s"),
            // The server notices that a client is gone and releases its locks.
            ("tcp_keepalives_idle", "15"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            // Tables may grow from nothing during a connection; a plan made at its start would scan them
            // whole.
            ("plan_cache_mode", "force_custom_plan"),
            // The estimates are high but few rows are read, which is not worth compiling.
            ("jit", "off"),
        ])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|error| explain(error, database))?;
    migrate(&pool, database).await?;
    Ok(pool)
}

/// Says once per process if the server is not verified. Replicas open their store often.
fn warn_once(database: &Database) {
    static WARNED: Once = Once::new();
    if let Some(mode) = database.unverified_ssl_mode() {
        WARNED.call_once(|| {
            tracing::warn!(
                "sslmode={mode} does not verify that {database} is the database: set sslmode=verify-full \
                 in DATABASE_URL, with sslrootcert=FILE for its certificate authority"
            );
        });
    }
}

async fn migrate(pool: &PgPool, database: &Database) -> Result<()> {
    let mut migrations = migrations();
    let known = migrations.iter().map(|known| known.version).max();
    // Newer migrations of the same generation are compatible.
    migrations.set_ignore_missing(true);
    let mut newest = applied(pool).await?;
    // Running migrations takes a lock even if there is nothing to do; a process paused at that
    // moment would block all others.
    if newest < known {
        match migrations.run(pool).await {
            Ok(()) => {}
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                return Err(explain(error, database));
            }
            Err(error) => {
                return Err(Error::new(error).context(format!("cannot set up {database}")));
            }
        }
        newest = applied(pool).await?;
    }
    if newest.map(|version| version / GENERATION) > known.map(|version| version / GENERATION) {
        bail!(
            "{database} was changed by an incompatible newer version of this program; use that version, or another database"
        );
    }
    Ok(())
}

/// Returns the newest migration of a database; none if the schema is not set up.
async fn applied(pool: &PgPool) -> Result<Option<i64>> {
    let table = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !table.fetch_one(pool).await? {
        return Ok(None);
    }
    let newest = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success");
    Ok(newest.fetch_one(pool).await?)
}

/// Begins a transaction; a writer waits until the previous one has ended.
pub async fn begin(pool: &PgPool, purpose: Purpose) -> Result<Transaction> {
    let mut begun = match purpose {
        Purpose::Read => return Ok(pool.begin_with(SNAPSHOT).await?),
        Purpose::WriteAside => return Ok(pool.begin().await?),
        Purpose::Write => pool.begin().await?,
    };
    let lock = sqlx::query("SELECT value FROM meta WHERE key = 'writer' FOR UPDATE");
    let held = lock.fetch_optional(&mut *begun).await?;
    held.context("the store is damaged: its writer lock is missing")?;
    Ok(begun)
}

/// Notifies the store's listeners when the transaction commits.
pub async fn notify(transaction: &mut Transaction) -> Result<()> {
    let tell = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
    tell.execute(&mut **transaction).await?;
    Ok(())
}

/// A listener for changes of the store.
pub struct Changes {
    pool: PgPool,
    listener: Option<PgListener>,
}

impl Changes {
    pub const fn of(pool: PgPool) -> Self {
        let listener = None;
        Self { pool, listener }
    }

    /// Returns when a change is announced, at the latest after a while: notifications get lost with
    /// their connection, or behind a proxy that does not pass them on.
    pub async fn wait(&mut self) {
        let notification = async {
            let listener = match &mut self.listener {
                Some(listener) => listener,
                none => {
                    let mut listener = PgListener::connect_with(&self.pool).await?;
                    listener.listen(CHANNEL).await?;
                    none.insert(listener)
                }
            };
            listener.recv().await.map(drop)
        };
        if let Ok(Err(error)) = tokio::time::timeout(POLL_INTERVAL, notification).await {
            tracing::debug!("cannot listen for changes: {error}");
            self.listener = None;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// Adds to an error of PostgreSQL what to do about it.
fn explain(error: sqlx::Error, database: &Database) -> Error {
    let code = match &error {
        sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()),
        _ => None,
    };
    let remedy = match (code.as_deref(), &error) {
        (_, error) if is_unverified(error) => {
            "its certificate cannot be verified. Name the authority that signed it \
             (sslrootcert=FILE in DATABASE_URL), or encrypt without verifying (sslmode=require)"
        }
        (Some("28P01" | "28000"), _) => "check the user and the password in DATABASE_URL",
        (Some("3D000"), _) => "create this database, or name another one in DATABASE_URL",
        (Some("42501"), _) => "allow the user of DATABASE_URL to create tables there",
        (Some("53300"), _) => "allow more connections (max_connections), or run fewer replicas",
        (_, sqlx::Error::Tls(_)) => {
            "set sslmode in DATABASE_URL to a mode that the server supports"
        }
        (_, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {
            "check that the server is running and can be reached from here, or correct DATABASE_URL"
        }
        _ => "check DATABASE_URL",
    };
    anyhow!(error).context(format!("cannot use the store {database}: {remedy}"))
}

/// Recognises a refused certificate: the handshake fails as if the connection did.
fn is_unverified(error: &sqlx::Error) -> bool {
    let text = match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => error.to_string(),
        _ => return false,
    };
    text.contains("invalid peer certificate")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_verified_is_named_with_what_to_do() {
        let database: Database = "postgres://me:secret@db.example/dash?sslmode=verify-full"
            .parse()
            .expect("an address");
        let refused = io::Error::new(
            io::ErrorKind::InvalidData,
            "invalid peer certificate: UnknownIssuer",
        );
        let text = format!("{:#}", explain(refused.into(), &database));
        assert!(
            text.contains("its certificate cannot be verified"),
            "{text}"
        );
        assert!(text.contains("sslmode=require"), "{text}");
        let away = io::Error::from(io::ErrorKind::ConnectionRefused);
        let text = format!("{:#}", explain(away.into(), &database));
        assert!(!text.contains("certificate"), "{text}");
    }
}
