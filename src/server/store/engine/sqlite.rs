//! SQLite: opens the store's file and explains failures.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
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
/// Locked by every process that has the store open.
const IN_USE: &str = "dashboard.in-use";
/// The longest checks of the file: after an unclean end, and otherwise.
const CHECK_AFTER_UNCLEAN_END: Duration = Duration::from_secs(10);
const CHECK: Duration = Duration::from_millis(100);
/// Each returns a fault, if there is one. The last one, which compares indexes with tables, takes longest.
const CHECKS: [&str; 3] = [
    "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok' LIMIT 1",
    "SELECT 'a row of ' || \"table\" || ' refers to a missing one of ' || parent \
     FROM pragma_foreign_key_check LIMIT 1",
    "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1",
];
/// The steps of SQLite between looks at the clock.
const STEPS_PER_LOOK: i32 = 1_000;
/// The remedy for a damaged file.
const REPAIR: &str = "run rse-dashboard doctor --repair, or restore it from a backup, or move it away and import again";
static MIGRATIONS: Migrator = sqlx::migrate!("src/server/store/migrations/sqlite");

pub type Transaction = sqlx::Transaction<'static, Sqlite>;

/// Returns the path of the store's file in a data directory.
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Creates the directory and the file if they are missing, checks the file and updates the schema.
pub async fn open(dir: &Path) -> Result<(SqlitePool, InUse)> {
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
        // Of new files: fewer and larger pages make imports 8% faster, and files 1% larger.
        .page_size(16_384)
        // 128 MB of log. Writes are spread over the index of tags. Pages that many transactions change
        // are then written back once for all of them.
        .pragma("wal_autocheckpoint", "8000")
        .disable_statement_logging();
    let _lock = lock(dir).await?;
    let in_use = InUse::open(dir)?;
    let is_new = create_file(&path)?;
    // Beside another process that uses the file, there is no unclean end, and no need to check it each time.
    let is_alone = in_use.try_claim();
    // A process that ends before it closes the store leaves the log behind.
    let is_unclean = has_log(dir);
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|error| explain(error, &path))?;
    if is_alone && !is_new {
        let longest = if is_unclean {
            CHECK_AFTER_UNCLEAN_END
        } else {
            CHECK
        };
        check_pages(&pool, &path, longest).await?;
    }
    in_use.share()?;
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
    Ok((pool, in_use))
}

/// Opens an existing store without writing anything, not even a lock.
pub async fn open_to_read(dir: &Path) -> Result<SqlitePool> {
    let path = file(dir);
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .read_only(true)
        // Without a log, nothing else has the file open.
        .immutable(!has_log(dir))
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await;
    let pool = pool.map_err(|error| explain(error, &path))?;
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(&pool)
        .await
        .map_err(|error| explain(error, &path))?;
    let known = MIGRATIONS.iter().map(|known| known.version).max();
    if newest != known {
        bail!(
            "{} was written by another version of this program; copy it to a directory that can be written, or use that version",
            path.display()
        );
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
pub fn log_file(dir: &Path) -> PathBuf {
    dir.join(format!("{FILE}-wal"))
}

fn has_log(dir: &Path) -> bool {
    fs::metadata(log_file(dir)).is_ok_and(|about| about.len() > 0)
}

/// Shows other processes that the store is open.
#[derive(Clone)]
pub struct InUse(Arc<File>);

impl InUse {
    fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(IN_USE);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Arc::new(file)))
    }

    /// Returns whether no other store is open on this file, here or in another process.
    fn try_claim(&self) -> bool {
        self.0.try_lock().is_ok()
    }

    fn share(&self) -> Result<()> {
        self.0.lock_shared().context("cannot lock the store")
    }

    pub fn release(&self) {
        // The system does it at the latest when the process ends.
        let _ = self.0.unlock();
    }
}

/// Holds a store that no other process uses, and lets none open it.
pub struct Claim {
    _lock: File,
    _in_use: InUse,
}

/// Claims a store for its repair.
///
/// # Errors
/// If it is in use.
pub async fn claim(dir: &Path) -> Result<Claim> {
    let lock = lock(dir).await?;
    let in_use = InUse::open(dir)?;
    if !in_use.try_claim() {
        bail!(
            "{} is in use by another process; stop it first",
            file(dir).display()
        );
    }
    Ok(Claim {
        _lock: lock,
        _in_use: in_use,
    })
}

/// Checks the structure of the file and the references between tables; stops at the first fault, or after
/// a while.
async fn check_pages(pool: &SqlitePool, path: &Path, longest: Duration) -> Result<()> {
    let mut connection = pool.acquire().await?;
    let began = Instant::now();
    connection
        .lock_handle()
        .await?
        .set_progress_handler(STEPS_PER_LOOK, move || began.elapsed() < longest);
    let mut found: sqlx::Result<Option<String>> = Ok(None);
    for check in CHECKS {
        found = sqlx::query_scalar(check)
            .fetch_optional(&mut *connection)
            .await;
        if !matches!(found, Ok(None)) {
            break;
        }
    }
    connection.lock_handle().await?.remove_progress_handler();
    match found {
        Ok(None) => Ok(()),
        Ok(Some(found)) => bail!("{} is damaged ({found}); {REPAIR}", path.display()),
        Err(error) if code_of(&error) == Some(INTERRUPTED) => {
            tracing::debug!("the store is too large to be checked whole at its start");
            Ok(())
        }
        Err(error) => Err(explain(error, path)),
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

const INTERRUPTED: u32 = 9;

/// Returns the kind of an error of SQLite.
fn code_of(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    let code: u32 = error.code()?.parse().ok()?;
    // The low byte is the kind of error, the rest its detail.
    Some(code & 0xff)
}

/// Adds to an error of SQLite what to do about it.
fn explain(error: sqlx::Error, path: &Path) -> Error {
    let code = code_of(&error);
    let path = path.display();
    let context = match code {
        Some(8 | 14) => format!(
            "cannot write {path}; check the permissions of the data directory, or name another one"
        ),
        Some(11 | 26) => format!("{path} is damaged or not a store of this program; {REPAIR}"),
        Some(5 | 6) => {
            format!("{path} is in use by another program; try again when it has finished")
        }
        Some(13) => format!("cannot write {path}: the disk is full"),
        _ => format!("cannot open {path}"),
    };
    Error::new(error).context(context)
}
