//! Sample data and real data are never mixed: the transaction that writes the first real data
//! deletes the sample.

use anyhow::{Context as _, Result};

use super::{documents, engine::Transaction, meta};

/// The tables that a sample fills.
const TABLES: [&str; 5] = [
    "events",
    "builds",
    "strings",
    "security_facts",
    "scan_reports",
];

/// Marks the store as sample data, or deletes the sample before real data is written. Returns
/// whether a sample was deleted.
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
        deleted.context("cannot delete the sample data")?;
    }
    documents::delete_sample(transaction).await?;
    meta::reset(transaction).await?;
    meta::mark_security(transaction).await?;
    for key in [meta::SAMPLE, meta::BUILDS_AS_OF, meta::SECURITY_AS_OF] {
        meta::remove(transaction, key).await?;
    }
    Ok(true)
}

/// Returns whether the store holds sample data.
pub async fn is_present(transaction: &mut Transaction) -> Result<bool> {
    Ok(meta::read(transaction, meta::SAMPLE).await?.is_some())
}
