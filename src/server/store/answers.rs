//! Answers of a source that are asked for again only if they changed. They are a memory and no data:
//! without them everything is asked for anew.

use std::collections::HashSet;

use anyhow::Result;
use sqlx::{SqliteConnection, prelude::FromRow};

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Answer {
    /// The address that was asked, or another name.
    pub key: String,
    pub etag: String,
    /// What the source made of it, in its own form.
    pub body: String,
}

pub async fn read(
    connection: &mut SqliteConnection,
    source: &str,
    key: &str,
) -> Result<Option<Answer>> {
    let query = sqlx::query_as("SELECT key, etag, body FROM answers WHERE source = ? AND key = ?");
    Ok(query
        .bind(source)
        .bind(key)
        .fetch_optional(connection)
        .await?)
}

pub async fn keep(
    connection: &mut SqliteConnection,
    source: &str,
    answers: &[Answer],
) -> Result<()> {
    for answer in answers {
        let query = sqlx::query(
            "INSERT INTO answers (source, key, etag, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT (source, key) DO UPDATE SET etag = excluded.etag, body = excluded.body",
        );
        query
            .bind(source)
            .bind(&answer.key)
            .bind(&answer.etag)
            .bind(&answer.body)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Keeps only the answers that are still used.
pub async fn prune(
    connection: &mut SqliteConnection,
    source: &str,
    used: &HashSet<String>,
) -> Result<()> {
    let query = sqlx::query_scalar("SELECT key FROM answers WHERE source = ?");
    let keys: Vec<String> = query.bind(source).fetch_all(&mut *connection).await?;
    for key in keys.iter().filter(|key| !used.contains(*key)) {
        let query = sqlx::query("DELETE FROM answers WHERE source = ? AND key = ?");
        query
            .bind(source)
            .bind(key)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
