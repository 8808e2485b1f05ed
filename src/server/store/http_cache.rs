//! HTTP responses of a source, kept with their ETags so that unchanged ones are not sent again.
//! Losing them costs requests, never data.

use std::collections::HashSet;

use anyhow::Result;
use sqlx::prelude::FromRow;

use super::engine::{Transaction, Value};

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct CachedResponse {
    /// The URL of the request, or another name.
    pub key: String,
    pub etag: String,
    /// The parsed response, in the source's own format.
    pub body: String,
}

pub async fn read(
    transaction: &mut Transaction,
    source: &str,
    key: &str,
) -> Result<Option<CachedResponse>> {
    let sql = "SELECT key, etag, body FROM http_cache WHERE source = $1 AND key = $2";
    transaction
        .optional(sql, &[source.into(), key.into()])
        .await
}

pub async fn keep(
    transaction: &mut Transaction,
    source: &str,
    responses: &[CachedResponse],
) -> Result<()> {
    for CachedResponse { key, etag, body } in responses {
        let sql = "INSERT INTO http_cache (source, key, etag, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (source, key) DO UPDATE SET etag = excluded.etag, body = excluded.body";
        let values = [source, key, etag, body].map(Value::from);
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

/// Deletes the responses that are no longer used.
pub async fn prune(
    transaction: &mut Transaction,
    source: &str,
    used: &HashSet<String>,
) -> Result<()> {
    let sql = "SELECT key FROM http_cache WHERE source = $1";
    let keys: Vec<(String,)> = transaction.all(sql, &[source.into()]).await?;
    for (key,) in keys.iter().filter(|(key,)| !used.contains(key)) {
        let sql = "DELETE FROM http_cache WHERE source = $1 AND key = $2";
        let values = [source, key].map(Value::from);
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}
