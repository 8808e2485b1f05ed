//! Texts by name: the findings of scans by their hash, and reference data with its date.

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::engine::Transaction;

/// Reference data that findings and runtimes are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// CISA's catalogue of known exploited vulnerabilities.
    KnownExploited,
    /// The probabilities of exploitation by FIRST.
    Epss,
    /// The ends of life of runtimes.
    EndOfLife,
}

impl Reference {
    pub const ALL: [Self; 3] = [Self::KnownExploited, Self::Epss, Self::EndOfLife];

    /// The name of its document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KnownExploited => "kev",
            Self::Epss => "epss",
            Self::EndOfLife => "eol",
        }
    }
}

/// Keeps a text under its hash, which is returned.
pub async fn keep(transaction: &mut Transaction, text: &str) -> Result<String> {
    let hash = Sha256::digest(text.as_bytes());
    let name: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sql = "INSERT INTO documents (name, at_ms, body) VALUES ($1, 0, $2) \
               ON CONFLICT (name) DO NOTHING";
    transaction
        .execute(sql, &[name.as_str().into(), text.into()])
        .await?;
    Ok(name)
}

/// The prefix of reference data that belongs to the sample.
const SAMPLE: &str = "sample-";

/// Puts reference data in the place of older data; returns whether it changed. That of the sample stands beside the
/// real one.
pub async fn put(
    transaction: &mut Transaction,
    reference: Reference,
    sample: bool,
    at_ms: i64,
    text: &str,
) -> Result<bool> {
    let name = match sample {
        true => format!("{SAMPLE}{}", reference.as_str()),
        false => reference.as_str().to_owned(),
    };
    let known = named(transaction, &name).await?;
    if known.is_some_and(|(at, known)| at > at_ms || at == at_ms && known == text) {
        return Ok(false);
    }
    let sql = "INSERT INTO documents (name, at_ms, body) VALUES ($1, $2, $3) \
               ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body";
    let values = [name.as_str().into(), at_ms.into(), text.into()];
    transaction.execute(sql, &values).await?;
    Ok(true)
}

/// Returns reference data and its date, Unix ms; that of the sample if there is no other.
pub async fn read(
    transaction: &mut Transaction,
    reference: Reference,
) -> Result<Option<(i64, String)>> {
    let name = reference.as_str();
    match named(transaction, name).await? {
        None => named(transaction, &format!("{SAMPLE}{name}")).await,
        known => Ok(known),
    }
}

async fn named(transaction: &mut Transaction, name: &str) -> Result<Option<(i64, String)>> {
    let sql = "SELECT at_ms, body FROM documents WHERE name = $1 AND at_ms <> 0";
    transaction.optional(sql, &[name.into()]).await
}

/// Deletes what a sample wrote: findings, and reference data of its own.
pub async fn delete_sample(transaction: &mut Transaction) -> Result<()> {
    let sql = "DELETE FROM documents WHERE at_ms = 0 OR name LIKE 'sample-%'";
    transaction.execute(sql, &[]).await?;
    Ok(())
}
