//! What must not be lost: one SQLite file in the data directory.
//!
//! Events are kept as they came and rolled up to builds in the same transaction, so that a crash
//! at any moment leaves either the old state or the new. The same events in any order and any
//! batches give the same builds (`merge` and `roll_up` are pure).

mod answers;
mod each;
mod facts;
mod ingest;
mod keys;
mod ledger;
mod load;
mod merge;
mod meta;
mod names;
mod open;
mod pages;
mod read;
mod roll_up;
mod row;
mod sample;
mod sources;
#[cfg(test)]
mod test_events;
mod write;

use std::{path::Path, sync::Arc};

pub use answers::Answer;
use anyhow::{Context, Result, bail};
pub use ledger::{Covered, Failed, Ledger, Refresh};
use names::Names;
pub use roll_up::Build;
use serde::Serialize;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::{
    config::{Config, Rules},
    snapshot::{Snapshot, security::RepositoryFacts},
    sources::{Checkpoint, Coverage, Event},
};

pub struct Store {
    pool: SqlitePool,
    rules: Rules,
    names: Names,
    /// What is written is made up.
    sample: bool,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ingested {
    pub new: u64,
    /// Known before, with other content.
    pub replaced: u64,
    /// Known before, and kept as it was.
    pub unchanged: u64,
}

impl std::ops::AddAssign for Ingested {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
    }
}

impl Store {
    /// Opens the store of a data directory, or makes it; rolls builds up again if the rules changed.
    ///
    /// # Errors
    /// Where the directory or the file cannot be used; the message says what to do.
    pub async fn open(dir: &Path, config: &Config) -> Result<Self> {
        let mut store = Self {
            pool: open::open(dir).await?,
            rules: config.rules.clone(),
            names: Names::default(),
            sample: false,
        };
        let mut transaction = store.begin().await?;
        store.names.refresh(&mut transaction).await?;
        open::name(&mut transaction).await?;
        store.apply_rules(&mut transaction).await?;
        transaction.commit().await?;
        Ok(store)
    }

    /// Whether a data directory holds a store.
    pub fn exists(dir: &Path) -> bool {
        open::file(dir).exists()
    }

    /// Tries whether the store can be written.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn probe(&self) -> Result<()> {
        Ok(self.begin().await?.rollback().await?)
    }

    async fn apply_rules(&self, connection: &mut SqliteConnection) -> Result<()> {
        let fingerprint = self.rules.fingerprint();
        let known = meta::read(connection, meta::RULES).await?;
        if known.as_ref() == Some(&fingerprint) {
            return Ok(());
        }
        if known.is_some() {
            ingest::roll_up_all(connection, &self.names, &self.rules)
                .await
                .context("cannot roll the builds up by the changed rules")?;
            meta::count_change(connection).await?;
        }
        meta::write(connection, meta::RULES, &fingerprint).await
    }

    /// A transaction that holds the right to write from its beginning, so that it never has to be
    /// run again because another program wrote in between.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        let begun = self.transaction("BEGIN IMMEDIATE").await;
        let mut begun = begun.context("cannot write to the store")?;
        // 64 MB: a batch comes back to pages of the tags' index, which is all over the file.
        let cache = sqlx::query("PRAGMA cache_size = -64000");
        cache.execute(&mut *begun).await?;
        Ok(begun)
    }

    /// A transaction of all that is read, so that it is of one moment.
    async fn begin_reading(&self) -> Result<Transaction<'static, Sqlite>> {
        let begun = self.transaction("BEGIN").await;
        begun.context("cannot read the store")
    }

    /// On a task of its own: where whoever waits for it is dropped meanwhile, the connection would go
    /// back to the pool within a transaction that nobody ends.
    async fn transaction(&self, begin: &'static str) -> Result<Transaction<'static, Sqlite>> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(begin).await });
        Ok(begun.await??)
    }

    /// Whether there is neither an event nor a security fact.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn is_empty(&self) -> Result<bool> {
        let query = sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT 1 FROM builds) AND NOT EXISTS (SELECT 1 FROM security_facts)",
        );
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// From now on what is written is sample data. It gives way to the first real data.
    pub fn for_sample(mut self) -> Self {
        self.sample = true;
        self
    }

    /// Takes a batch of events in, all or none.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing of the batch is kept then.
    pub async fn ingest(&mut self, events: &[Event]) -> Result<Ingested> {
        self.ingest_batch(events, None).await
    }

    /// Takes a batch of events in together with where their source has got to, all or none.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing of the batch is kept then.
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
            bail!("the store was opened with other rules meanwhile; start again");
        }
        // A source that has nothing to tell but that it failed takes no sample away.
        let cleared = !events.is_empty() && sample::give_way(&mut transaction, self.sample).await?;
        if cleared {
            self.names = Names::default();
        }
        self.names.refresh(&mut transaction).await?;
        let (counts, mut changed) =
            ingest::ingest(&mut transaction, &mut self.names, &self.rules, events)
                .await
                .context("cannot write events to the store")?;
        if let Some(checkpoint) = checkpoint {
            changed |= ledger::check(&mut transaction, checkpoint).await?;
        }
        if changed || cleared {
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.names.confirm();
        Ok(counts)
    }

    /// Takes security facts in, all or none.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is kept then.
    pub async fn put_facts(
        &mut self,
        facts: &[RepositoryFacts],
        collected_at_ms: i64,
    ) -> Result<Ingested> {
        self.put_batch(facts, collected_at_ms, None).await
    }

    /// Takes security facts in together with what became of the repositories that their source
    /// should cover, all or none.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is kept then.
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
        let cleared = !facts.is_empty() && sample::give_way(&mut transaction, self.sample).await?;
        if cleared {
            self.names = Names::default();
        }
        let (counts, changed) = facts::put(&mut transaction, facts, collected_at_ms)
            .await
            .context("cannot write security facts to the store")?;
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

    /// Makes a snapshot of all builds and facts.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn load(&self, config: Arc<Config>) -> Result<Snapshot> {
        let mut transaction = self.begin_reading().await?;
        load::load(&mut transaction, config)
            .await
            .context("cannot read the store")
    }

    /// Makes a snapshot from an earlier one of the same configuration; only what changed since is
    /// read, where that is possible. It is the same as a snapshot of everything.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn load_after(&self, previous: Arc<Snapshot>) -> Result<Snapshot> {
        let mut transaction = self.begin_reading().await?;
        load::load_after(&mut transaction, previous)
            .await
            .context("cannot read the store")
    }

    /// The version that a snapshot made now would have.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn version(&self, config: &Config) -> Result<String> {
        let mut connection = self.pool.acquire().await?;
        load::version(&mut connection, config).await
    }

    /// Calls `f` with every event, by build tag and id; all are of one moment.
    ///
    /// # Errors
    /// Where the store cannot be read, or `f` fails.
    pub async fn each_event(&self, f: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        each::event(&mut *self.begin_reading().await?, f).await
    }

    /// Calls `f` with every build and its tag (none where the source gave none), by tag; all are of
    /// one moment.
    ///
    /// # Errors
    /// Where the store cannot be read, or `f` fails.
    pub async fn each_build(
        &self,
        f: &mut dyn FnMut(Option<&str>, &Build<'_>) -> Result<()>,
    ) -> Result<()> {
        each::build(&mut *self.begin_reading().await?, f).await
    }

    /// For tests that look at the tables themselves.
    #[cfg(test)]
    pub async fn read_connection(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>> {
        Ok(self.pool.acquire().await?)
    }

    /// Finishes what is running and closes the file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
