//! Sample data and an organisation's own never stand in one store: the first real data take the
//! location of the sample, in the transaction that writes them.

use anyhow::{Context as _, Result};

use super::{engine::Transaction, meta};

/// Everything that a sample fills.
const TABLES: [&str; 4] = ["events", "builds", "strings", "security_facts"];

/// Marks what is written as sample data, or takes away the sample that real data follow. Says
/// whether there was one.
pub async fn mark_or_delete(transaction: &mut Transaction, sample: bool) -> Result<bool> {
    let is_sample = is_present(transaction).await?;
    if sample {
        if !is_sample {
            meta::write(transaction, meta::SAMPLE, "true").await?;
        }
        return Ok(false);
    }
    if !is_sample {
        return Ok(false);
    }
    for table in TABLES {
        let delete = format!("DELETE FROM {table}");
        let deleted = transaction.execute(&delete, &[]).await;
        deleted.context("cannot take the sample data away")?;
    }
    meta::reset(transaction).await?;
    for key in [meta::SAMPLE, meta::BUILDS_AS_OF, meta::SECURITY_AS_OF] {
        meta::remove(transaction, key).await?;
    }
    Ok(true)
}

/// Whether the data are made up.
pub async fn is_present(transaction: &mut Transaction) -> Result<bool> {
    Ok(meta::read(transaction, meta::SAMPLE).await?.is_some())
}
