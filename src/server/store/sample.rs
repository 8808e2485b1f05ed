//! Sample data and an organisation's own never stand in one store: the first real data take the
//! place of the sample, in the transaction that writes them.

use anyhow::{Context as _, Result};

use super::{engine::Session, meta};

/// Everything that a sample fills.
const TABLES: [&str; 4] = ["events", "builds", "strings", "security_facts"];

/// Marks what is written as sample data, or takes away the sample that real data follow. Says
/// whether there was one.
pub async fn give_way(session: &mut Session, sample: bool) -> Result<bool> {
    let is_sample = is_there(session).await?;
    if sample {
        if !is_sample {
            meta::write(session, meta::SAMPLE, "true").await?;
        }
        return Ok(false);
    }
    if !is_sample {
        return Ok(false);
    }
    for table in TABLES {
        let delete = format!("DELETE FROM {table}");
        let deleted = session.execute(&delete, &[]).await;
        deleted.context("cannot take the sample data away")?;
    }
    meta::reset(session).await?;
    for key in [meta::SAMPLE, meta::BUILDS_AS_OF, meta::SECURITY_AS_OF] {
        meta::remove(session, key).await?;
    }
    Ok(true)
}

/// Whether the data are made up.
pub async fn is_there(session: &mut Session) -> Result<bool> {
    Ok(meta::read(session, meta::SAMPLE).await?.is_some())
}
