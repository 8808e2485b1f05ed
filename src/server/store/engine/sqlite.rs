//! SQLite: opens the store's file and explains failures.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
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
    create_private(dir).with_context(|| {
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
    let is_new = create_file(&path)?;
    // A process that ends before it closes the store leaves the log behind.
    let is_unclean = !is_new && log_file(dir).exists();
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|error| explain(error, &path))?;
    if is_unclean {
        check_pages(&pool, &path).await?;
    }
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

/// Creates a directory and those above it, where they are missing, for this user only.
fn create_private(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    builder.mode(0o700);
    builder.create(dir)
}

/// Creates the file, if it is missing, for this user only; returns whether it was. SQLite gives the files
/// beside it the same permissions.
fn create_file(path: &Path) -> Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.mode(0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot write {}; check the permissions of the data directory, or name another one",
                path.display()
            )
        }),
    }
}

/// Returns the path of the log that SQLite keeps beside the store's file while it is open.
fn log_file(dir: &Path) -> PathBuf {
    dir.join(format!("{FILE}-wal"))
}

/// Checks the structure of the file; stops at the first fault.
async fn check_pages(pool: &SqlitePool, path: &Path) -> Result<()> {
    let found: std::result::Result<String, _> = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(pool)
        .await;
    match found.map_err(|error| explain(error, path))? {
        found if found == "ok" => Ok(()),
        found => bail!(
            "{} is damaged ({found}); restore it from a backup, or move it away and import again",
            path.display()
        ),
    }
}

/// Identifies the file at a path: its device and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl FileId {
    /// # Errors
    /// There is no such file.
    pub fn of(path: &Path) -> io::Result<Self> {
        let about = fs::metadata(path)?;
        Ok(Self(about.dev(), about.ino()))
    }
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
