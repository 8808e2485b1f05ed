//! Single values about the store: the table `meta`.

use anyhow::Result;

use super::engine::Transaction;

/// Created with the store, so that two stores never share a version.
pub const STORE_ID: &str = "store_id";
/// Counts the transactions that changed data.
pub const VERSION: &str = "version";
/// The number of the change that last deleted builds or rolled all of them up again; snapshots from
/// before it are invalid.
pub const RESET: &str = "reset";
/// Counts changes in the state of sources.
pub const LEDGER: &str = "ledger";
/// The greatest ordinal of a build, if it is not the greatest id.
pub const LAST_BUILD: &str = "last_build";
/// The first month that is kept, counted from year 0; older ones have been deleted.
pub const FIRST_MONTH: &str = "first_month";
/// Present as long as the store holds sample data.
pub const SAMPLE: &str = "sample";
/// The fingerprint of the rules by which builds were rolled up.
pub const RULES: &str = "rules";
/// The newest `stage_timestamp` of all events, Unix ms.
pub const BUILDS_AS_OF: &str = "builds_as_of_ms";
/// The last reading of security facts, Unix ms.
pub const SECURITY_AS_OF: &str = "security_as_of_ms";

/// The change that last touched security facts, reports or reference data.
pub const SECURITY_CHANGE: &str = "security_change";

pub async fn read(transaction: &mut Transaction, key: &str) -> Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE key = $1";
    let value: Option<(String,)> = transaction.optional(sql, &[key.into()]).await?;
    Ok(value.map(|(value,)| value))
}

/// Reads a number; none if it was never written.
pub async fn number(transaction: &mut Transaction, key: &str) -> Result<Option<i64>> {
    let value = read(transaction, key).await?;
    Ok(value.map(|value| value.parse()).transpose()?)
}

pub async fn write(transaction: &mut Transaction, key: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    transaction
        .execute(sql, &[key.into(), value.into()])
        .await?;
    Ok(())
}

/// Raises an instant but never lowers it; returns whether it changed.
pub async fn raise(transaction: &mut Transaction, key: &str, at_ms: i64) -> Result<bool> {
    let known = number(transaction, key).await?;
    let raised = known.is_none_or(|known| known < at_ms);
    if raised {
        write(transaction, key, &at_ms.to_string()).await?;
    }
    Ok(raised)
}

/// Returns the number of the change that a transaction is about to make.
pub async fn next_change(transaction: &mut Transaction) -> Result<i64> {
    Ok(number(transaction, VERSION).await?.unwrap_or(0) + 1)
}

/// Invalidates snapshots of builds from before this change.
pub async fn reset(transaction: &mut Transaction) -> Result<()> {
    let change = next_change(transaction).await?;
    write(transaction, RESET, &change.to_string()).await
}

/// Notes that the change that a transaction is about to make touches security facts, reports or reference data.
pub async fn mark_security(transaction: &mut Transaction) -> Result<()> {
    let change = next_change(transaction).await?;
    write(transaction, SECURITY_CHANGE, &change.to_string()).await
}

/// Counts a change of data; called once in every transaction that makes one.
pub async fn count_change(transaction: &mut Transaction) -> Result<()> {
    count(transaction, VERSION).await
}

/// Increments a counter and notifies the store's listeners.
pub async fn count(transaction: &mut Transaction, key: &str) -> Result<()> {
    let counted = number(transaction, key).await?.unwrap_or(0);
    write(transaction, key, &(counted + 1).to_string()).await?;
    transaction.notify().await
}

pub async fn remove(transaction: &mut Transaction, key: &str) -> Result<()> {
    let sql = "DELETE FROM meta WHERE key = $1";
    transaction.execute(sql, &[key.into()]).await?;
    Ok(())
}
