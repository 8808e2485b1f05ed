//! Security facts of repositories, kept with the date since which they are known.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Ingested, engine::Transaction, meta};
use crate::server::{
    model::{RepositoryFacts, Stated, text::shorten},
    snapshot::security::History,
};

/// Writes facts inside the caller's transaction; returns the counts and whether anything changed.
pub async fn put(
    transaction: &mut Transaction,
    facts: &[RepositoryFacts],
    collected_at_ms: i64,
) -> Result<(Ingested, bool)> {
    let mut counts = Ingested::default();
    for repository in facts {
        let text = serde_json::to_string(repository).context("cannot write facts as JSON")?;
        let name = repository.repository.as_str();
        let sql = "SELECT collected_at_ms, facts FROM security_facts \
                   WHERE repository = $1 AND collected_at_ms <= $2 \
                   ORDER BY collected_at_ms DESC LIMIT 1";
        let values = [name.into(), collected_at_ms.into()];
        let known: Option<(i64, String)> = transaction.optional(sql, &values).await?;
        if known.as_ref().is_some_and(|(_, known)| *known == text) {
            counts.unchanged += 1;
            continue;
        }
        let sql = "INSERT INTO security_facts (repository, collected_at_ms, facts) \
                   VALUES ($1, $2, $3) ON CONFLICT (repository, collected_at_ms) \
                   DO UPDATE SET facts = excluded.facts";
        let values = [name.into(), collected_at_ms.into(), text.as_str().into()];
        transaction.execute(sql, &values).await?;
        if known.is_some() {
            counts.replaced += 1;
        } else {
            counts.new += 1;
        }
    }
    let raised = !facts.is_empty()
        && meta::raise(transaction, meta::SECURITY_AS_OF, collected_at_ms).await?;
    let changed = raised || counts.new + counts.replaced > 0;
    Ok((counts, changed))
}

/// The text stored instead of facts once a repository is gone.
const GONE: &str = "null";

/// Marks repositories as gone, so that their facts no longer count; ignores those without facts.
/// Returns how many were marked.
pub async fn retire(
    transaction: &mut Transaction,
    repositories: &[String],
    at_ms: i64,
) -> Result<u64> {
    let mut retired = 0;
    for repository in repositories {
        let sql = "INSERT INTO security_facts (repository, collected_at_ms, facts) \
                   SELECT $1, $2, $3 \
                   WHERE EXISTS (SELECT 1 FROM security_facts WHERE repository = $1) \
                   ON CONFLICT (repository, collected_at_ms) DO UPDATE SET facts = excluded.facts";
        let values = [repository.as_str().into(), at_ms.into(), GONE.into()];
        retired += transaction.execute(sql, &values).await?;
    }
    Ok(retired)
}

/// Loads all facts of every repository, sorted by name.
pub async fn load(transaction: &mut Transaction) -> Result<Vec<History>> {
    let sql = "SELECT repository, collected_at_ms, facts FROM security_facts \
               ORDER BY repository, collected_at_ms";
    let rows: Vec<(String, i64, String)> = transaction.all(sql, &[]).await?;
    let mut histories: Vec<History> = Vec::new();
    for (mut repository, since_ms, text) in rows {
        shorten(&mut repository);
        let facts = read(&text).context("the store is damaged: security facts cannot be read")?;
        let version = (since_ms, facts.map(Arc::new));
        match histories.last_mut() {
            Some(last) if last.repository == repository => last.versions.push(version),
            _ => histories.push(History {
                repository,
                versions: vec![version],
            }),
        }
    }
    // Names that were shortened may stand elsewhere than whole ones.
    histories.sort_by(|a, b| a.repository.cmp(&b.repository));
    Ok(histories)
}

/// Reads stored facts; none if the repository was gone.
fn read(text: &str) -> serde_json::Result<Option<RepositoryFacts>> {
    if text == GONE {
        return Ok(None);
    }
    let facts: RepositoryFacts = serde_json::from_str(text)?;
    // Facts stored by earlier versions may be longer.
    let mut facts = facts.bounded();
    shorten(&mut facts.repository);
    // No figure reads these.
    facts.stated = Stated::default();
    Ok(Some(facts))
}
