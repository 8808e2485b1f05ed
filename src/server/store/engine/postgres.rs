//! PostgreSQL: opens the database, says what to do where that fails, and tells who follows it.

use std::time::Duration;

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

/// Programs and stores whose newest migrations are of the same hundred understand each other.
const GENERATION: i64 = 100;
/// A transaction that reads all of one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Who follows the store is told by this name.
const CHANNEL: &str = "rse_dashboard";
/// How often the store is looked at where nobody tells that it changed.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long is waited for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 6;

pub type Transaction = sqlx::Transaction<'static, Postgres>;

/// Connects, and brings the schema up to date. Of several that do so at the same time, one does it
/// while the others wait.
pub async fn open(database: &Database) -> Result<PgPool> {
    let options = database
        .options()
        .clone()
        .options([
            // Whoever stops within a transaction holds up nobody for longer.
            ("idle_in_transaction_session_timeout", "15s"),
            // The server learns that a client is gone, and lets go of what it held.
            ("tcp_keepalives_idle", "15"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            // Tables grow from nothing while a connection lives: a plan from its beginning would read all
            // of them.
            ("plan_cache_mode", "force_custom_plan"),
            // Of many rows that are wanted a few are read, and of few rows none is compiled for.
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

async fn migrate(pool: &PgPool, database: &Database) -> Result<()> {
    let mut migrations = migrations();
    let known = migrations.iter().map(|known| known.version).max();
    // Those of a newer program of the same generation.
    migrations.set_ignore_missing(true);
    let mut newest = applied(pool).await?;
    // Running them takes a lock, even where nothing is to be done: a process that is stopped just then
    // would hold up all others.
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
            "{database} was changed by a newer version of this program, in a way that this one does not know; use that version, or another database"
        );
    }
    Ok(())
}

/// The newest migration of a database; none where nothing is set up.
async fn applied(pool: &PgPool) -> Result<Option<i64>> {
    let table = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !table.fetch_one(pool).await? {
        return Ok(None);
    }
    let newest = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success");
    Ok(newest.fetch_one(pool).await?)
}

/// Whoever else wants to write waits until a transaction that writes is through.
pub async fn begin(pool: &PgPool, purpose: Purpose) -> Result<Transaction> {
    let mut begun = match purpose {
        Purpose::Read => return Ok(pool.begin_with(SNAPSHOT).await?),
        Purpose::WriteAside => return Ok(pool.begin().await?),
        Purpose::Write => pool.begin().await?,
    };
    let lock = sqlx::query("SELECT value FROM meta WHERE key = 'writer' FOR UPDATE");
    let held = lock.fetch_optional(&mut *begun).await?;
    held.context("the store is damaged: nothing says who writes")?;
    Ok(begun)
}

/// Tells all who follow the store, when the transaction is through.
pub async fn notify(transaction: &mut Transaction) -> Result<()> {
    let tell = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
    tell.execute(&mut **transaction).await?;
    Ok(())
}

/// Waits for changes of the store.
pub struct Changes {
    pool: PgPool,
    listener: Option<PgListener>,
}

impl Changes {
    pub const fn of(pool: PgPool) -> Self {
        let listener = None;
        Self { pool, listener }
    }

    /// Returns as soon as somebody tells of a change, and after a while in any case: what is told
    /// gets lost where a connection does, or something stands between that passes nothing on.
    pub async fn wait(&mut self) {
        let told = async {
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
        if let Ok(Err(error)) = tokio::time::timeout(POLL_INTERVAL, told).await {
            tracing::debug!("nothing is told of changes: {error}");
            self.listener = None;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// PostgreSQL's error with what can be done about it.
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
        (_, sqlx::Error::Tls(_)) => "set sslmode in DATABASE_URL to what the server offers",
        (_, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {
            "check that the server runs and can be reached from here, or DATABASE_URL"
        }
        _ => "check DATABASE_URL",
    };
    anyhow!(error).context(format!("cannot use the store {database}: {remedy}"))
}

/// Whether the server's certificate was refused: the handshake fails as if the connection did.
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
