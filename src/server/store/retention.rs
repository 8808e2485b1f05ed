//! Retention: builds older than the first kept month are deleted, by whole months, and events of such
//! months are refused.

use std::borrow::Cow;

use anyhow::Result;
use jiff::Timestamp;

use super::{
    Store,
    build_location::postgres::{month, partition},
    engine::Transaction,
    meta,
};
use crate::server::model::Event;

impl Store {
    /// Deletes builds and their events older than the current month and the `months` before it. Returns
    /// whether there were any. Works once a month; later calls return at once.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is deleted then.
    pub async fn keep_months(&mut self, months: u16, now: Timestamp) -> Result<bool> {
        let first = month(now.as_millisecond()) - i32::from(months);
        let mut transaction = self.begin().await?;
        let done = meta::number(&mut transaction, meta::FIRST_MONTH).await?;
        if done >= Some(first.into()) {
            return Ok(false);
        }
        let dropped = match transaction {
            Transaction::Sqlite(_) => delete(&mut transaction, first).await?,
            Transaction::Postgres(_) => drop_partitions(&mut transaction, first).await?,
        };
        if dropped {
            meta::reset(&mut transaction).await?;
            meta::count_change(&mut transaction).await?;
        }
        meta::write(&mut transaction, meta::FIRST_MONTH, &first.to_string()).await?;
        transaction.commit().await?;
        Ok(dropped)
    }
}

/// Returns the beginning of the first kept month, Unix ms; none while everything is kept.
pub async fn first_kept_ms(transaction: &mut Transaction, keep_months: u16) -> Result<Option<i64>> {
    if keep_months == 0 {
        return Ok(None);
    }
    let first = meta::number(transaction, meta::FIRST_MONTH).await?;
    first
        .map(|first| start_ms(i32::try_from(first)?))
        .transpose()
}

/// Returns the events that are not older than the first kept month.
pub fn kept(events: &[Event], first_kept_ms: Option<i64>) -> Cow<'_, [Event]> {
    let is_kept = |event: &&Event| first_kept_ms.is_none_or(|first| event.stage_ms >= first);
    if events.iter().all(|event| is_kept(&event)) {
        return Cow::Borrowed(events);
    }
    Cow::Owned(events.iter().filter(is_kept).cloned().collect())
}

/// Returns the beginning of a month that is counted from year 0, Unix ms.
fn start_ms(month: i32) -> Result<i64> {
    let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    let start: Timestamp = format!("{year:04}-{of_year:02}-01T00:00:00Z").parse()?;
    Ok(start.as_millisecond())
}

/// Deletes builds by their ends.
async fn delete(transaction: &mut Transaction, first: i32) -> Result<bool> {
    let before = [start_ms(first)?.into()];
    let events = "DELETE FROM events WHERE build IN \
                  (SELECT id FROM builds WHERE finished_ms < $1)";
    transaction.execute(events, &before).await?;
    let builds = "DELETE FROM builds WHERE finished_ms < $1";
    Ok(transaction.execute(builds, &before).await? > 0)
}

/// Drops builds by the partitions of their months, which takes as long for many as for few.
async fn drop_partitions(transaction: &mut Transaction, first: i32) -> Result<bool> {
    // Does not wait for readers of the whole table: the next attempt is soon.
    transaction
        .execute("SET LOCAL lock_timeout = '3s'", &[])
        .await?;
    let sql = "SELECT DISTINCT month FROM builds WHERE month < $1 ORDER BY month";
    let months: Vec<(i32,)> = transaction.all(sql, &[i64::from(first).into()]).await?;
    for (month,) in &months {
        for table in ["events", "builds"] {
            let drop = format!("DROP TABLE {}", partition(table, *month));
            transaction.execute(&drop, &[]).await?;
        }
    }
    Ok(!months.is_empty())
}
