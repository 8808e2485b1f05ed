//! Repairs a damaged SQLite file: copies what can still be read into a new file, where all builds are
//! rolled up again from their events, and puts it in place of the damaged one, which is kept.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{
    ConnectOptions as _, Connection as _, FromRow, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{
    Location, Store,
    engine::{Value, claim, file, log_file},
    meta,
    migrate::{Row, TABLES, Table},
    names::NameTexts,
    tables::{EventRow, columns},
};
use crate::server::{
    config::Config,
    model::{CoverageState, Event, RepositoryFacts, text::short_name},
};

/// The most events per transaction, and the most bytes of their texts.
const EVENTS_PER_BATCH: usize = 5_000;
const BYTES_PER_BATCH: usize = 8 << 20;
/// The most builds that the report names.
const NAMED: usize = 20;

/// The outcome of a repair.
#[derive(Debug, Default)]
pub struct Repair {
    pub events: u64,
    pub builds: u64,
    pub repositories: u64,
    /// The parts that could not be read; empty if nothing is lost.
    pub lost: Vec<String>,
    /// The previous file.
    pub kept: PathBuf,
}

/// A build of the damaged file.
struct KnownBuild {
    tag: String,
    /// The number of its events, if it could be read.
    events: Option<i64>,
}

/// Repairs the store of a directory, which no process may use meanwhile.
///
/// # Errors
/// If nothing can be read, the new file cannot be written, or the store is a database. The store is then
/// unchanged.
pub async fn repair(location: &Location, config: &Config) -> Result<Repair> {
    if location.is_shared() {
        bail!("only a SQLite file can be repaired; restore a database from a backup");
    }
    let path = file(&location.data);
    if !path.exists() {
        bail!("there is no store in {location}");
    }
    let _claim = claim(&location.data).await?;
    let options = SqliteConnectOptions::new().filename(&path).read_only(true);
    let options = options.disable_statement_logging();
    let unreadable = || {
        format!(
            "nothing can be read from {}; restore it from a backup, or move it away and import again",
            path.display()
        )
    };
    let damaged = options.connect().await.with_context(unreadable)?;
    let mut damaged = Damaged { damaged };
    let beside = Beside::new(&location.data)?;
    let mut to = Store::open(&*beside.0, config).await?;
    let mut repair = damaged.copy(&mut to).await?;
    if repair.events == 0 && repair.repositories == 0 && !repair.lost.is_empty() {
        bail!(unreadable());
    }
    // Proves that the new file can be read.
    let snapshot = to.load(Arc::new(config.clone())).await?;
    repair.repositories = snapshot.security.repositories.len() as u64;
    to.close().await;
    // Its last connection may remove the log.
    let _ = damaged.damaged.close().await;
    repair.kept = replace(&location.data, &file(&beside.0))?;
    Ok(repair)
}

/// Puts a new file in place of the store's; returns the path under which the previous one is kept.
fn replace(dir: &Path, new: &Path) -> Result<PathBuf> {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ");
    let (path, log) = (file(dir), log_file(dir));
    let beside = |path: &Path| PathBuf::from(format!("{}.damaged-{now}", path.display()));
    let kept = beside(&path);
    let cannot = || format!("cannot keep {} as {}", path.display(), kept.display());
    fs::File::open(new)?.sync_all()?;
    fs::hard_link(&path, &kept).with_context(cannot)?;
    // SQLite would apply the old log to the new file. Beside the kept file, it has the name that SQLite
    // looks for.
    if log.exists() {
        let log_kept = PathBuf::from(format!("{}-wal", kept.display()));
        fs::rename(&log, log_kept).with_context(cannot)?;
    }
    let shared_memory = PathBuf::from(format!("{}-shm", path.display()));
    if shared_memory.exists() {
        fs::remove_file(&shared_memory).with_context(cannot)?;
    }
    fs::rename(new, &path).with_context(|| format!("cannot replace {}", path.display()))?;
    fs::File::open(dir)?.sync_all()?;
    Ok(kept)
}

/// The directory of the new file, on the same file system as the store; removed at the end.
struct Beside(PathBuf);

impl Beside {
    fn new(data: &Path) -> Result<Self> {
        let path = data.join("repair");
        // One of an interrupted repair.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => Ok(Self(path)),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What is left does no harm, and the next repair removes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Damaged {
    damaged: SqliteConnection,
}

impl Damaged {
    async fn copy(&mut self, to: &mut Store) -> Result<Repair> {
        let mut repair = Repair::default();
        let single_values = self.single_values().await;
        to.sample = single_values.contains_key(meta::SAMPLE);
        self.copy_events(to, &mut repair).await?;
        self.copy_facts_and_ledger(to, &mut repair).await?;
        let mut writing = to.begin().await?;
        for key in [meta::BUILDS_AS_OF, meta::SECURITY_AS_OF] {
            let at_ms = single_values.get(key).and_then(|value| value.parse().ok());
            if let Some(at_ms) = at_ms {
                meta::raise(&mut writing, key, at_ms).await?;
            }
        }
        meta::count(&mut writing, meta::LEDGER).await?;
        meta::count_change(&mut writing).await?;
        writing.commit().await?;
        Ok(repair)
    }

    async fn single_values(&mut self) -> HashMap<String, String> {
        let (rows, _) = self.scan("SELECT key, value FROM meta", &[]).await;
        rows.into_iter().collect()
    }

    async fn copy_events(&mut self, to: &mut Store, repair: &mut Repair) -> Result<()> {
        let names = self.names().await;
        let texts = NameTexts::with_gaps(&names);
        let is_known = |id: Option<i64>| id.is_none_or(|id| names.contains_key(&id));
        let (mut lost_of, mut unknown) = (Vec::new(), 0);
        let mut batch = Batch::default();
        let sql = format!(
            "SELECT {} FROM events WHERE build = $1 ORDER BY id",
            columns::<EventRow>("")
        );
        let builds = self.builds().await;
        for (id, build) in &builds {
            let (rows, is_whole) = self.scan::<EventRow>(&sql, &[*id]).await;
            let mut copied = 0_i64;
            for row in rows {
                let ids = [
                    Some(row.job),
                    row.step,
                    row.branch,
                    row.codebase,
                    row.toolchain,
                ];
                let event = if ids.into_iter().all(is_known) {
                    row.into_event(&build.tag, &texts).ok()
                } else {
                    None
                };
                let Some(event) = event else {
                    continue;
                };
                copied += 1;
                batch.push(event);
                if batch.is_full() {
                    batch.write(to).await?;
                }
            }
            repair.events += copied.unsigned_abs();
            repair.builds += u64::from(copied > 0);
            let lost = build.events.map_or(0, |events| (events - copied).max(0));
            if lost > 0 || !is_whole || build.events.is_none() && copied == 0 {
                lost_of.push((short_name(&build.tag).into_owned(), lost));
            }
        }
        batch.write(to).await?;
        let (counted, _) = self
            .scan::<(i64, i64)>("SELECT build, COUNT(*) FROM events GROUP BY build", &[])
            .await;
        for (build, events) in counted {
            unknown += if builds.contains_key(&build) {
                0
            } else {
                events
            };
        }
        if unknown > 0 {
            repair.lost.push(format!(
                "{unknown} events of builds whose names cannot be read"
            ));
        }
        repair.lost.extend(lost_builds(&lost_of));
        Ok(())
    }

    /// Returns the names by their ids, from the table or from its index.
    async fn names(&mut self) -> HashMap<i64, String> {
        let mut names = HashMap::new();
        let index =
            "SELECT id, text FROM strings INDEXED BY sqlite_autoindex_strings_1 ORDER BY text";
        for (id, text) in self.scan::<(i64, String)>(index, &[]).await.0 {
            names.insert(id, text);
        }
        // The table comes last, because it prevails.
        let table = "SELECT id, text FROM strings WHERE id >= $1 ORDER BY id";
        names.extend(self.scan_by_id::<(i64, String)>(table, |row| row.0).await);
        names
    }

    /// Returns the builds by their ids, from the table or, without the number of events, from its index.
    async fn builds(&mut self) -> BTreeMap<i64, KnownBuild> {
        let mut builds = BTreeMap::new();
        let index = "SELECT id, tag FROM builds INDEXED BY sqlite_autoindex_builds_1 ORDER BY tag";
        for (id, tag) in self.scan::<(i64, String)>(index, &[]).await.0 {
            builds.insert(id, KnownBuild { tag, events: None });
        }
        let table = "SELECT id, tag, events FROM builds WHERE id >= $1 ORDER BY id";
        let rows = self.scan_by_id::<(i64, String, i64)>(table, |row| row.0);
        for (id, tag, events) in rows.await {
            let events = Some(events);
            builds.insert(id, KnownBuild { tag, events });
        }
        builds
    }

    async fn copy_facts_and_ledger(&mut self, to: &Store, repair: &mut Repair) -> Result<()> {
        for table in &TABLES {
            let (rows, is_whole) = self.both_ways(table).await;
            let read = rows.len();
            let rows: Vec<Row> = rows
                .into_iter()
                .filter(|row| is_valid(table, row))
                .collect();
            if !is_whole || rows.len() < read {
                repair.lost.push(format!("rows of the table {}", table.0));
            }
            if table.0 == "security_facts" {
                repair.repositories = rows.len() as u64;
            }
            // These say what need not be read again.
            if matches!(table.0, "cursors" | "http_cache") && !repair.lost.is_empty() {
                continue;
            }
            let mut writing = to.begin().await?;
            let upsert = table.upsert();
            for row in &rows {
                let texts = super::migrate::texts(row);
                let values: Vec<Value<'_>> = texts.into_iter().map(Value::from).collect();
                let values = &values[..table.columns().count()];
                writing.execute(&upsert, values).await?;
            }
            writing.commit().await?;
        }
        Ok(())
    }

    /// Reads a small table from its start and, if it cannot be read to its end, from there; returns whether
    /// it was read whole.
    async fn both_ways(&mut self, table: &Table) -> (Vec<Row>, bool) {
        let forth = format!("{} ORDER BY {}", table.select(), table.1);
        let (mut rows, is_whole) = self.scan::<Row>(&forth, &[]).await;
        if !is_whole {
            let keys: Vec<String> = table
                .1
                .split(", ")
                .map(|key| format!("{key} DESC"))
                .collect();
            let back = format!("{} ORDER BY {}", table.select(), keys.join(", "));
            rows.extend(self.scan::<Row>(&back, &[]).await.0);
        }
        (rows, is_whole)
    }

    /// Reads the rows of a statement as far as possible; returns whether that is to its end, without a row
    /// that cannot be decoded.
    async fn scan<T>(&mut self, sql: &str, values: &[i64]) -> (Vec<T>, bool)
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut query = sqlx::query(sql);
        for value in values {
            query = query.bind(*value);
        }
        let mut stream = query.fetch(&mut self.damaged);
        let (mut rows, mut is_whole) = (Vec::new(), true);
        loop {
            match stream.try_next().await {
                Ok(Some(row)) => match T::from_row(&row) {
                    Ok(row) => rows.push(row),
                    Err(_) => is_whole = false,
                },
                Ok(None) => return (rows, is_whole),
                Err(_) => return (rows, false),
            }
        }
    }

    /// Reads the rows of a table by ascending ids; continues behind each place that cannot be read. `sql`
    /// selects from the id `$1` on.
    async fn scan_by_id<T>(&mut self, sql: &str, id: impl Fn(&T) -> i64) -> Vec<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let (mut all, mut next) = (Vec::new(), i64::MIN);
        let one = format!("{sql} LIMIT 1");
        loop {
            let (rows, is_whole) = self.scan::<T>(sql, &[next]).await;
            let last = rows.iter().map(&id).max();
            all.extend(rows);
            if is_whole {
                return all;
            }
            let from = last.map_or(next.max(0), |last| next.max(last.saturating_add(1)));
            // The nearest id, by doubled steps, from which a row can be read.
            let mut step = 1_i64;
            loop {
                let Some(probed) = from.checked_add(step) else {
                    return all;
                };
                let (rows, is_whole) = self.scan::<T>(&one, &[probed]).await;
                match rows.first() {
                    Some(_) => {
                        next = probed;
                        break;
                    }
                    None if is_whole => return all,
                    None if step > i64::MAX / 2 => return all,
                    None => step *= 2,
                }
            }
        }
    }
}

fn lost_builds(lost: &[(String, i64)]) -> Option<String> {
    if lost.is_empty() {
        return None;
    }
    let mut text = format!("events of {} builds: ", lost.len());
    for (position, (tag, events)) in lost.iter().take(NAMED).enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        let _ = match events {
            0 => write!(text, "{separator}{tag}"),
            _ => write!(text, "{separator}{tag} ({events})"),
        };
    }
    if lost.len() > NAMED {
        let _ = write!(text, ", and {} more", lost.len() - NAMED);
    }
    Some(text)
}

/// Returns whether the program can read a row of a small table.
fn is_valid(table: &Table, row: &Row) -> bool {
    let (first, second, third, ..) = row;
    match table.0 {
        "security_facts" => third.as_deref().is_some_and(|facts| {
            facts == "null" || serde_json::from_str::<RepositoryFacts>(facts).is_ok()
        }),
        "documents" => second.is_some() && third.is_some(),
        "coverage" => third
            .as_deref()
            .is_some_and(|state| CoverageState::from_name(state).is_some()),
        "syncs" => first.is_some(),
        _ => first.is_some() && second.is_some(),
    }
}

/// Events for one transaction.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, event: Event) {
        let texts = [&event.id, &event.build_tag, &event.step, &event.branch];
        let texts = texts.into_iter().flatten().map(String::len);
        self.bytes += event.job_name.len() + texts.sum::<usize>();
        self.events.push(event);
    }

    const fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_PER_BATCH || self.bytes >= BYTES_PER_BATCH
    }

    async fn write(&mut self, to: &mut Store) -> Result<()> {
        to.ingest(&self.events).await?;
        *self = Self::default();
        Ok(())
    }
}
