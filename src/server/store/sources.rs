//! What the store keeps for sources: where they have got to, how their syncs went, what they
//! were answered.

use std::collections::HashSet;

use anyhow::{Context as _, Result};

use super::{CachedResponse, Failed, Ledger, Store, facts, http_cache, ledger, meta};

impl Store {
    /// Keeps of what a source covered only what is still there; of repositories that are gone the
    /// facts count no longer, though their past is kept. Says how many are gone.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is changed then.
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
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(gone.len() as u64)
    }

    /// Where a source has got to with one of its feeds, in its own words.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn cursor(&self, source: &str, feed: &str) -> Result<Option<String>> {
        let mut transaction = self.begin_reading().await?;
        ledger::cursor(&mut transaction, source, feed).await
    }

    /// What a source remembers of an answer.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn cached_response(&self, source: &str, key: &str) -> Result<Option<CachedResponse>> {
        let mut transaction = self.begin_reading().await?;
        http_cache::read(&mut transaction, source, key).await
    }

    /// Remembers answers for a source.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is kept then.
    pub async fn keep_responses(
        &mut self,
        source: &str,
        responses: &[CachedResponse],
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        http_cache::keep(&mut transaction, source, responses).await?;
        transaction.commit().await
    }

    /// Forgets the answers of a source that are no longer used.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is forgotten then.
    pub async fn prune_responses(&mut self, source: &str, used: &HashSet<String>) -> Result<()> {
        let mut transaction = self.begin().await?;
        http_cache::prune(&mut transaction, source, used).await?;
        transaction.commit().await
    }

    /// Notes that a sync of a source begins.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn begin_sync(&mut self, source: &str, at_ms: i64) -> Result<()> {
        let mut transaction = self.begin().await?;
        ledger::begin_sync(&mut transaction, source, at_ms).await?;
        transaction.commit().await
    }

    /// Notes how a sync of a source ended: with how much that is new, or why it failed.
    ///
    /// # Errors
    /// Where the store cannot be written.
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

    /// Everything that the store knows of sources.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn ledger(&self) -> Result<Ledger> {
        ledger::load(&mut self.begin_reading().await?)
            .await
            .context("cannot read from the store how sources are")
    }

    /// Changes whenever a sync began, got on or ended.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn ledger_version(&self) -> Result<i64> {
        let mut transaction = self.begin_reading().await?;
        ledger::version(&mut transaction).await
    }
}
