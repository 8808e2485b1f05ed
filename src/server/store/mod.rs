//! The durable data: one SQLite file in the data directory, or a PostgreSQL database.
//!
//! Events are stored as they arrive and rolled up to builds in the same transaction, so that a crash
//! leaves either the old state or the new one. The same events, in any order and in any batches,
//! give the same builds (`merge` and `roll_up` are pure).

mod build_location;
mod build_reader;
mod documents;
mod engine;
mod facts;
mod http_cache;
mod ingest;
mod keys;
mod lease;
mod ledger;
mod load;
mod location;
mod merge;
mod meta;
mod migrate;
mod names;
mod packed_steps;
mod read;
mod repair;
mod retention;
mod roll_up;
mod row;
mod sample;
mod scan;
mod scan_reports;
mod security;
mod snapshot_rows;
mod snoozes;
mod sources;
mod tables;
#[cfg(test)]
mod test_events;
mod write;

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::{BuildHasher as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

pub use crate::server::model::Build;
use anyhow::{Context, Result, bail};
pub use build_reader::{BuildReader, StoredBuild, WantedBuild};
pub use documents::Reference;
pub use engine::Changes;
use engine::{Engine, FileId, Purpose, Transaction, file};
pub use http_cache::CachedResponse;
pub use keys::BuildKey;
use lease::Lease;
pub use lease::{Claim, LeaseLost};
pub use ledger::{Covered, Failed, Ledger, SyncRecord};
pub use location::{DATABASE_URL, Database, Location};
pub use migrate::{Content, migrate};
use names::Names;
pub use repair::{Repair, repair};
use serde::Serialize;
pub use snoozes::SnoozeWriter;

use super::{config::Config, snapshot::Snapshot};
use crate::server::model::{Checkpoint, Coverage, Event, RepositoryFacts, Rules};

/// The longest verification after an import.
const VERIFICATION: Duration = Duration::from_secs(1);

pub struct Store {
    location: Location,
    engine: Engine,
    rules: Rules,
    /// 0 keeps everything.
    keep_months: u16,
    names: Names,
    /// Marks everything that is written as sample data.
    sample: bool,
    /// If set, writes are refused once this lease is lost.
    lease: Option<Lease>,
    /// The file that was opened; none for a database.
    file: Option<FileId>,
}

/// The counts of events or facts of a batch that were new, replaced, unchanged or refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ingested {
    pub new: u64,
    /// Already stored, with other content.
    pub replaced: u64,
    /// Already stored with the same or newer content.
    pub unchanged: u64,
    /// Refused: older than the first month that is kept.
    pub expired: u64,
}

impl fmt::Display for Ingested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            new,
            replaced,
            unchanged,
            expired,
        } = self;
        write!(f, "{new} new, {replaced} replaced, {unchanged} unchanged")?;
        match expired {
            0 => Ok(()),
            _ => write!(f, ", {expired} refused as older than the first kept month"),
        }
    }
}

impl std::ops::AddAssign for Ingested {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
        self.expired += other.expired;
    }
}

impl Store {
    /// Opens the store of a location or creates it; rolls builds up again if the rules changed.
    ///
    /// # Errors
    /// If the location cannot be used; the message says what to do.
    pub async fn open(location: impl Into<Location>, config: &Config) -> Result<Self> {
        let location = location.into();
        let engine = Engine::open(&location).await?;
        let mut store = Self::of(engine, location, config);
        if !store.is_set_up().await? {
            let mut transaction = store.begin().await?;
            store.names.reload(&mut transaction).await?;
            assign_id(&mut transaction).await?;
            store.apply_rules(&mut transaction).await?;
            transaction.commit().await?;
            store.names.confirm();
        }
        Ok(store)
    }

    /// Opens an existing store to read it, also if its directory cannot be written to.
    ///
    /// # Errors
    /// If the store cannot be used; the message says what to do.
    pub async fn open_to_read(location: impl Into<Location>, config: &Config) -> Result<Self> {
        let location = location.into();
        match Self::open(&location, config).await {
            Err(error) if is_read_only(&error) && location.exists() => {
                Self::open_read_only(location, config).await
            }
            opened => opened,
        }
    }

    /// Opens an existing SQLite file without writing anything.
    ///
    /// # Errors
    /// If the store cannot be used; the message says what to do.
    pub async fn open_read_only(location: impl Into<Location>, config: &Config) -> Result<Self> {
        let location = location.into();
        let engine = Engine::open_to_read(&location).await?;
        let mut store = Self::of(engine, location, config);
        if !store.is_set_up().await? {
            bail!(
                "the builds in {} have to be rolled up again, because the rules changed; copy it to a directory that can be written",
                store.location
            );
        }
        Ok(store)
    }

    fn of(engine: Engine, location: Location, config: &Config) -> Self {
        let file = match engine {
            Engine::Sqlite(..) => FileId::of(&file(&location.data)).ok(),
            Engine::Postgres(_) => None,
        };
        Self {
            engine,
            file,
            location,
            rules: config.rules.clone(),
            keep_months: config.store.keep_months,
            names: Names::default(),
            sample: false,
            lease: None,
        }
    }

    /// Checks whether the store can be used without a write. Replicas open their store often and must
    /// not wait for each other.
    async fn is_set_up(&mut self) -> Result<bool> {
        let mut transaction = self.begin_reading().await?;
        self.names.reload(&mut transaction).await?;
        let is_named = meta::read(&mut transaction, meta::STORE_ID)
            .await?
            .is_some();
        let rules = meta::read(&mut transaction, meta::RULES).await?;
        Ok(is_named && rules == Some(self.rules.fingerprint()))
    }

    /// Returns the location of the store.
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Checks whether the store can be written to.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn probe(&self) -> Result<()> {
        self.begin().await?.rollback().await
    }

    /// Checks that the opened file is still at its place. SQLite itself goes on with a removed file.
    ///
    /// # Errors
    /// If it was removed or replaced; the message says what to do.
    pub fn check_file(&self) -> Result<()> {
        let Some(opened) = self.file else {
            return Ok(());
        };
        let path = file(&self.location.data);
        match FileId::of(&path) {
            Ok(found) if found == opened => Ok(()),
            Ok(_) => bail!(
                "{} was replaced by another file; restart this process to use it",
                path.display()
            ),
            Err(error) => Err(error).with_context(|| {
                format!(
                    "{} is gone; put it back, or restart this process to begin anew",
                    path.display()
                )
            }),
        }
    }

    /// Returns the number of transactions that changed data.
    async fn change_count(&self) -> Result<i64> {
        let mut transaction = self.begin_reading().await?;
        Ok(meta::number(&mut transaction, meta::VERSION)
            .await?
            .unwrap_or(0))
    }

    /// Returns a listener for changes of the store.
    pub fn changes(&self) -> Changes {
        self.engine.changes()
    }

    async fn apply_rules(&mut self, transaction: &mut Transaction) -> Result<()> {
        let fingerprint = self.rules.fingerprint();
        let known = meta::read(transaction, meta::RULES).await?;
        if known.as_ref() == Some(&fingerprint) {
            return Ok(());
        }
        if known.is_some() {
            ingest::roll_up_all(transaction, &mut self.names, &self.rules)
                .await
                .context("cannot roll up the builds again after the rules changed")?;
            meta::count_change(transaction).await?;
        }
        meta::write(transaction, meta::RULES, &fingerprint).await
    }

    async fn begin(&self) -> Result<Transaction> {
        self.check_file()?;
        let mut transaction = self.engine.begin(Purpose::Write).await?;
        if let Some(lease) = &self.lease {
            lease::check(&mut transaction, lease).await?;
        }
        Ok(transaction)
    }

    async fn begin_reading(&self) -> Result<Transaction> {
        self.engine.begin(Purpose::Read).await
    }

    /// Returns true if the store has neither events nor security facts.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn is_empty(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM builds) \
                   AND NOT EXISTS (SELECT 1 FROM security_facts)";
        let (empty,): (bool,) = self.begin_reading().await?.one(sql, &[]).await?;
        Ok(empty)
    }

    /// Marks what is written from now on as sample data, which the first real data replaces.
    pub fn for_sample(mut self) -> Self {
        self.sample = true;
        self
    }

    /// Writes a batch of events, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing of the batch is kept then.
    pub async fn ingest(&mut self, events: &[Event]) -> Result<Ingested> {
        self.ingest_batch(events, None).await
    }

    /// Writes a batch of events together with their source's checkpoint, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing of the batch is kept then.
    pub async fn ingest_from(
        &mut self,
        events: &[Event],
        checkpoint: &Checkpoint<'_>,
    ) -> Result<Ingested> {
        self.ingest_batch(events, Some(checkpoint)).await
    }

    async fn ingest_batch(
        &mut self,
        events: &[Event],
        checkpoint: Option<&Checkpoint<'_>>,
    ) -> Result<Ingested> {
        let mut transaction = self.begin().await?;
        if meta::read(&mut transaction, meta::RULES).await? != Some(self.rules.fingerprint()) {
            bail!("another process has opened the store with other rules; restart this one");
        }
        let first_kept = retention::first_kept_ms(&mut transaction, self.keep_months).await?;
        let kept = retention::kept(events, first_kept);
        let cleared = self
            .clear_sample(&mut transaction, !kept.is_empty())
            .await?;
        self.names.reload(&mut transaction).await?;
        let (mut counts, mut changed) =
            ingest::ingest(&mut transaction, &mut self.names, &self.rules, &kept)
                .await
                .context("cannot write events to the store")?;
        counts.expired = (events.len() - kept.len()) as u64;
        if let Some(checkpoint) = checkpoint {
            changed |= ledger::save_checkpoint(&mut transaction, checkpoint).await?;
        }
        if changed || cleared {
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.names.confirm();
        Ok(counts)
    }

    /// Makes room for data: real data replaces the sample. Without data (a source failed, or all is too old) the
    /// sample stays. Returns whether it was deleted.
    async fn clear_sample(
        &mut self,
        transaction: &mut Transaction,
        has_data: bool,
    ) -> Result<bool> {
        let cleared = has_data && sample::mark_or_delete(transaction, self.sample).await?;
        if cleared {
            self.names = Names::default();
        }
        Ok(cleared)
    }

    /// Writes security facts, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn put_facts(
        &mut self,
        facts: &[RepositoryFacts],
        collected_at_ms: i64,
    ) -> Result<Ingested> {
        self.put_batch(facts, collected_at_ms, None).await
    }

    /// Writes security facts together with the state of each repository that their source should
    /// cover, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn put_facts_from(
        &mut self,
        facts: &[RepositoryFacts],
        collected_at_ms: i64,
        source: &str,
        coverage: &[Coverage],
    ) -> Result<Ingested> {
        self.put_batch(facts, collected_at_ms, Some((source, coverage)))
            .await
    }

    async fn put_batch(
        &mut self,
        facts: &[RepositoryFacts],
        collected_at_ms: i64,
        coverage: Option<(&str, &[Coverage])>,
    ) -> Result<Ingested> {
        let mut transaction = self.begin().await?;
        let cleared = self
            .clear_sample(&mut transaction, !facts.is_empty())
            .await?;
        let (counts, changed) = facts::put(&mut transaction, facts, collected_at_ms)
            .await
            .context("cannot write security facts to the store")?;
        if changed {
            meta::mark_security(&mut transaction).await?;
        }
        if let Some((source, coverage)) = coverage {
            ledger::cover(&mut transaction, source, coverage, collected_at_ms).await?;
            meta::count(&mut transaction, meta::LEDGER).await?;
        }
        if changed || cleared {
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(counts)
    }

    /// Loads a snapshot of all builds and facts.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn load(&self, config: Arc<Config>) -> Result<Snapshot> {
        let mut transaction = self.begin_reading().await?;
        load::load(&mut transaction, config)
            .await
            .context("cannot read the store")
    }

    /// Loads a snapshot based on an earlier one of the same configuration; reads only what changed
    /// since, where possible. The result equals a snapshot of everything.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn load_after(&self, previous: Arc<Snapshot>) -> Result<Snapshot> {
        let mut transaction = self.begin_reading().await?;
        load::load_after(&mut transaction, previous)
            .await
            .context("cannot read the store")
    }

    /// Returns the version that a snapshot loaded now would have.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn version(&self, config: &Config) -> Result<String> {
        let mut transaction = self.begin_reading().await?;
        load::version(&mut transaction, config).await
    }

    /// Calls `f` with every event of one consistent state, sorted by build tag and id.
    ///
    /// # Errors
    /// If the store cannot be read, or `f` fails.
    pub async fn each_event(&self, f: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        scan::event(&mut self.begin_reading().await?, f).await
    }

    /// Calls `f` with every build of one consistent state and the result of its latest event, sorted by its
    /// stored tag.
    ///
    /// # Errors
    /// If the store cannot be read, or `f` fails.
    pub async fn each_build(
        &self,
        f: &mut dyn FnMut(&BuildKey<'_>, &Build<'_>) -> Result<()>,
    ) -> Result<()> {
        scan::build(&mut self.begin_reading().await?, f).await
    }

    /// Calls `f` with every build of one consistent state and its result as of that state, sorted by its
    /// stored tag.
    ///
    /// # Errors
    /// If the store cannot be read, or `f` fails.
    pub async fn each_decided_build(
        &self,
        config: &Config,
        f: &mut dyn FnMut(&BuildKey<'_>, &Build<'_>) -> Result<()>,
    ) -> Result<()> {
        scan::decided_build(&mut self.begin_reading().await?, config, f).await
    }

    /// Reads builds, facts and events as far as a second allows, to find damage that SQLite does not.
    ///
    /// # Errors
    /// If something cannot be read; the message says what to do.
    pub async fn verify(&self) -> Result<()> {
        let reading = async {
            let mut transaction = self.begin_reading().await?;
            facts::load(&mut transaction).await?;
            scan::verify(&mut transaction).await
        };
        let read = tokio::time::timeout(VERIFICATION, reading).await;
        // What could not be read in time is not known to be damaged.
        read.unwrap_or(Ok(())).with_context(|| {
            format!(
                "{} is damaged; run rse-dashboard doctor --repair, or restore it from a backup",
                self.location
            )
        })
    }

    /// Returns the addresses of the latest builds, at most so many.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn build_addresses(&self, most: u32) -> Result<Vec<String>> {
        let mut transaction = self.begin_reading().await?;
        build_reader::addresses(&mut transaction, most).await
    }

    /// Returns a reader of single builds for pages, which goes on while the store is open.
    pub fn build_reader(&self) -> BuildReader {
        BuildReader::new(self.engine.clone())
    }

    /// Returns a writer of snoozes, which goes on while the store is open.
    pub fn snooze_writer(&self) -> SnoozeWriter {
        SnoozeWriter::new(self.engine.clone())
    }

    /// A connection for tests that read the tables directly.
    #[cfg(test)]
    pub async fn read_connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        match &self.engine {
            Engine::Sqlite(pool, _) => Ok(pool.acquire().await?),
            Engine::Postgres(_) => bail!("these tests need SQLite"),
        }
    }

    /// Waits for running transactions and closes the store.
    pub async fn close(self) {
        self.engine.close().await;
    }
}

/// Gives a new store its id.
async fn assign_id(transaction: &mut Transaction) -> Result<()> {
    if meta::read(transaction, meta::STORE_ID).await?.is_none() {
        meta::write(transaction, meta::STORE_ID, &random_id()).await?;
    }
    Ok(())
}

/// Returns 16 random hexadecimal digits.
fn random_id() -> String {
    // The standard library seeds its hashers from the system's randomness.
    let id = RandomState::new().build_hasher().finish();
    format!("{id:016x}")
}

/// Returns whether an error is that something cannot be written.
fn is_read_only(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| matches!(cause.kind(), PermissionDenied | ReadOnlyFilesystem))
}
