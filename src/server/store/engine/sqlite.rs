//! SQLite: opens the store's file and explains failures.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Error, Result, anyhow, bail};
use sqlx::{
    ConnectOptions, Connection as _, Sqlite, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::Purpose;

const FILE: &str = "dashboard.sqlite";
/// The interval between checks of the store, each of which takes well under a millisecond.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);
const LOCK: &str = "dashboard.lock";
static MIGRATIONS: Migrator = sqlx::migrate!("src/server/store/migrations/sqlite");

pub type Transaction = sqlx::Transaction<'static, Sqlite>;

/// Returns the path of the store's file in a data directory.
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Creates the directory and the file if they are missing, and updates the schema.
pub async fn open(dir: &Path) -> Result<SqlitePool> {
    if dir.exists() && !dir.is_dir() {
        bail!(
            "{} is not a directory; name another data directory",
            dir.display()
        );
    }
    fs::create_dir_all(dir).with_context(|| {
        format!(
            "cannot create the data directory {}; name one that can be written",
            dir.display()
        )
    })?;
    let path = file(dir);
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(30))
        // Referenced rows are written in the same transaction; checking each again would double the
        // cost of an import.
        .foreign_keys(false)
        // Reads pass over the builds once; writes raise this.
        .pragma("cache_size", "-2000")
        // Writes are spread over the index of tags. Pages that many transactions change are then
        // written back once for all of them.
        .pragma("wal_autocheckpoint", "16000")
        .disable_statement_logging();
    let _lock = lock(dir).await?;
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|error| explain(error, &path))?;
    if let Err(error) = MIGRATIONS.run(&pool).await {
        return Err(match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => anyhow!(
                "{} was written by a newer version of this program; use that version, or another data directory",
                path.display()
            ),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                explain(error, &path)
            }
            error => Error::new(error).context(format!("cannot set up {}", path.display())),
        });
    }
    Ok(pool)
}

/// Takes a lock, so that one of several processes sets a new store up while the others wait.
async fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(LOCK);
    let cannot = format!(
        "cannot write {}; check the permissions of the data directory, or name another one",
        path.display()
    );
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        std::io::Result::Ok(file)
    });
    locked.await?.context(cannot)
}

pub async fn begin(pool: &SqlitePool, purpose: Purpose) -> Result<Transaction> {
    if matches!(purpose, Purpose::Read) {
        return Ok(pool.begin().await?);
    }
    let mut begun = pool.begin_with("BEGIN IMMEDIATE").await?;
    // 64 MB: a batch revisits pages of the tags' index, which are spread over the file.
    let cache = sqlx::query("PRAGMA cache_size = -64000");
    cache.execute(&mut *begun).await?;
    Ok(begun)
}

/// Closes the store, so that its file is complete on its own.
pub async fn close(pool: &SqlitePool) {
    let options = pool.connect_options();
    pool.close().await;
    // The last connection to close empties the log. If several close together, each may take another
    // for the last one, and none empties it.
    let emptied = async {
        let mut alone = options.connect().await?;
        let checkpoint = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)");
        checkpoint.execute(&mut alone).await?;
        alone.close().await
    };
    if let Err(error) = emptied.await {
        // Nothing is lost: the next process to open the store reads the log.
        tracing::debug!("cannot empty the log of the store: {error}");
    }
}

/// Adds to an error of SQLite what to do about it.
fn explain(error: sqlx::Error, path: &Path) -> Error {
    let code = match &error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
        _ => None,
    };
    let path = path.display();
    // The low byte is the kind of error, the rest its detail.
    let context = match code.map(|code| code & 0xff) {
        Some(8 | 14) => format!(
            "cannot write {path}; check the permissions of the data directory, or name another one"
        ),
        Some(11 | 26) => format!(
            "{path} is damaged or not a store of this program; restore it from a backup, or move it away and import again"
        ),
        Some(5 | 6) => {
            format!("{path} is in use by another program; try again when it has finished")
        }
        Some(13) => format!("cannot write {path}: the disk is full"),
        _ => format!("cannot open {path}"),
    };
    Error::new(error).context(context)
}
