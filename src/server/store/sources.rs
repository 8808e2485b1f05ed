//! The data that the store keeps for sources: their cursors, the history of their syncs, and cached
//! responses.

use std::collections::HashSet;

use anyhow::{Context as _, Result};

use super::{CachedResponse, Failed, Ledger, Store, facts, http_cache, ledger, meta};

impl Store {
    /// Removes items that no longer exist from a source's coverage; facts of removed repositories stay
    /// as history but no longer count. Returns how many were removed.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is changed then.
    pub async fn retire_others(
        &mut self,
        source: &str,
        still_there: &[String],
        at_ms: i64,
    ) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let mut gone = ledger::items(&mut transaction, source).await?;
        gone.retain(|item| !still_there.contains(item));
        if gone.is_empty() {
            return Ok(0);
        }
        ledger::remove_items(&mut transaction, source, &gone).await?;
        meta::count(&mut transaction, meta::LEDGER).await?;
        if facts::retire(&mut transaction, &gone, at_ms).await? > 0 {
            meta::mark_security(&mut transaction).await?;
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(gone.len() as u64)
    }

    /// Reads how far a feed of a source was read, in the source's own format.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn cursor(&self, source: &str, feed: &str) -> Result<Option<String>> {
        let mut transaction = self.begin_reading().await?;
        ledger::cursor(&mut transaction, source, feed).await
    }

    /// Reads a cached response of a source.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn cached_response(&self, source: &str, key: &str) -> Result<Option<CachedResponse>> {
        let mut transaction = self.begin_reading().await?;
        http_cache::read(&mut transaction, source, key).await
    }

    /// Caches responses of a source.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn keep_responses(
        &mut self,
        source: &str,
        responses: &[CachedResponse],
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        http_cache::keep(&mut transaction, source, responses).await?;
        transaction.commit().await
    }

    /// Deletes cached responses of a source that are no longer used.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is deleted then.
    pub async fn prune_responses(&mut self, source: &str, used: &HashSet<String>) -> Result<()> {
        let mut transaction = self.begin().await?;
        http_cache::prune(&mut transaction, source, used).await?;
        transaction.commit().await
    }

    /// Saves that a sync of a source begins.
    ///
    /// # Errors
    /// If the store cannot be written to.
    pub async fn begin_sync(&mut self, source: &str, at_ms: i64) -> Result<()> {
        let mut transaction = self.begin().await?;
        ledger::begin_sync(&mut transaction, source, at_ms).await?;
        transaction.commit().await
    }

    /// Saves how a sync of a source ended: the number of changes, or the reason of its failure.
    ///
    /// # Errors
    /// If the store cannot be written to.
    pub async fn finish_sync(
        &mut self,
        source: &str,
        at_ms: i64,
        outcome: Result<u64, Failed<'_>>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        ledger::finish_sync(&mut transaction, source, at_ms, outcome).await?;
        transaction.commit().await
    }

    /// Reads the state of all sources.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn ledger(&self) -> Result<Ledger> {
        ledger::load(&mut self.begin_reading().await?)
            .await
            .context("cannot read the state of sources from the store")
    }

    /// Changes whenever a sync begins, makes progress or ends.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn ledger_version(&self) -> Result<i64> {
        let mut transaction = self.begin_reading().await?;
        ledger::version(&mut transaction).await
    }
}
