//! Single facts about the store: the table `meta`.

use anyhow::Result;

use super::engine::Session;

/// Made with the store, so that two stores never share a version.
pub const STORE_ID: &str = "store_id";
/// Counts the transactions that changed something.
pub const VERSION: &str = "version";
/// The change by which builds were last deleted, or all rolled up again: what was read of them
/// before holds no more.
pub const RESET: &str = "reset";
/// Counts what sources did: refreshes that began and ended.
pub const LEDGER: &str = "ledger";
/// The greatest ordinal of a build, where it is not the greatest id.
pub const LAST_BUILD: &str = "last_build";
/// There while the data are made up, and not an organisation's.
pub const SAMPLE: &str = "sample";
/// With which rules the builds were rolled up.
pub const RULES: &str = "rules";
/// The newest `stage_timestamp` of all events, Unix ms.
pub const BUILDS_AS_OF: &str = "builds_as_of_ms";
/// When security facts were last collected, Unix ms.
pub const SECURITY_AS_OF: &str = "security_as_of_ms";

pub async fn read(session: &mut Session, key: &str) -> Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE key = $1";
    let value: Option<(String,)> = session.optional(sql, &[key.into()]).await?;
    Ok(value.map(|(value,)| value))
}

/// A number; none where it was not written yet.
pub async fn number(session: &mut Session, key: &str) -> Result<Option<i64>> {
    let value = read(session, key).await?;
    Ok(value.map(|value| value.parse()).transpose()?)
}

pub async fn write(session: &mut Session, key: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    session.execute(sql, &[key.into(), value.into()]).await?;
    Ok(())
}

/// Raises an instant, never lowers it; says whether it did.
pub async fn raise(session: &mut Session, key: &str, at_ms: i64) -> Result<bool> {
    let known = number(session, key).await?;
    let raised = known.is_none_or(|known| known < at_ms);
    if raised {
        write(session, key, &at_ms.to_string()).await?;
    }
    Ok(raised)
}

/// The number of the change that a transaction is about to make.
pub async fn next_change(session: &mut Session) -> Result<i64> {
    Ok(number(session, VERSION).await?.unwrap_or(0) + 1)
}

/// What was read of builds before this change holds no more.
pub async fn reset(session: &mut Session) -> Result<()> {
    let change = next_change(session).await?;
    write(session, RESET, &change.to_string()).await
}

/// Every transaction that changes data says so here.
pub async fn count_change(session: &mut Session) -> Result<()> {
    count(session, VERSION).await
}

/// Raises a counter by one, and tells whoever follows the store.
pub async fn count(session: &mut Session, key: &str) -> Result<()> {
    let counted = number(session, key).await?.unwrap_or(0);
    write(session, key, &(counted + 1).to_string()).await?;
    session.tell().await
}

pub async fn remove(session: &mut Session, key: &str) -> Result<()> {
    let sql = "DELETE FROM meta WHERE key = $1";
    session.execute(sql, &[key.into()]).await?;
    Ok(())
}
