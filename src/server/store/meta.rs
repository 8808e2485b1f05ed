//! Single facts about the store: the table `meta`.

use anyhow::Result;
use sqlx::SqliteConnection;

/// Made with the store, so that two stores never share a version.
pub const STORE_ID: &str = "store_id";
/// Counts the transactions that changed something.
pub const VERSION: &str = "version";
/// The change by which builds were last deleted, or all rolled up again: what was read of them
/// before holds no more.
pub const RESET: &str = "reset";
/// Counts what sources did: refreshes that began and ended.
pub const LEDGER: &str = "ledger";
/// There while the data are made up, and not an organisation's.
pub const SAMPLE: &str = "sample";
/// With which rules the builds were rolled up.
pub const RULES: &str = "rules";
/// The newest `stage_timestamp` of all events, Unix ms.
pub const BUILDS_AS_OF: &str = "builds_as_of_ms";
/// When security facts were last collected, Unix ms.
pub const SECURITY_AS_OF: &str = "security_as_of_ms";

pub async fn read(connection: &mut SqliteConnection, key: &str) -> Result<Option<String>> {
    let query = sqlx::query_scalar("SELECT value FROM meta WHERE key = ?");
    Ok(query.bind(key).fetch_optional(connection).await?)
}

/// A number; none where it was not written yet.
pub async fn number(connection: &mut SqliteConnection, key: &str) -> Result<Option<i64>> {
    let value = read(connection, key).await?;
    Ok(value.map(|value| value.parse()).transpose()?)
}

pub async fn write(connection: &mut SqliteConnection, key: &str, value: &str) -> Result<()> {
    let query = sqlx::query(
        "INSERT INTO meta (key, value) VALUES (?, ?) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    query.bind(key).bind(value).execute(connection).await?;
    Ok(())
}

/// Raises an instant, never lowers it; says whether it did.
pub async fn raise(connection: &mut SqliteConnection, key: &str, at_ms: i64) -> Result<bool> {
    let known = number(connection, key).await?;
    let raised = known.is_none_or(|known| known < at_ms);
    if raised {
        write(connection, key, &at_ms.to_string()).await?;
    }
    Ok(raised)
}

/// The number of the change that a transaction is about to make.
pub async fn next_change(connection: &mut SqliteConnection) -> Result<i64> {
    Ok(number(connection, VERSION).await?.unwrap_or(0) + 1)
}

/// What was read of builds before this change holds no more.
pub async fn reset(connection: &mut SqliteConnection) -> Result<()> {
    let change = next_change(connection).await?;
    write(connection, RESET, &change.to_string()).await
}

/// Every transaction that changes data says so here.
pub async fn count_change(connection: &mut SqliteConnection) -> Result<()> {
    count(connection, VERSION).await
}

/// Raises a counter by one.
pub async fn count(connection: &mut SqliteConnection, key: &str) -> Result<()> {
    let counted = number(connection, key).await?.unwrap_or(0);
    write(connection, key, &(counted + 1).to_string()).await
}

pub async fn remove(connection: &mut SqliteConnection, key: &str) -> Result<()> {
    let query = sqlx::query("DELETE FROM meta WHERE key = ?");
    query.bind(key).execute(connection).await?;
    Ok(())
}
