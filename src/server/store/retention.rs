//! What is older than an organisation wants to keep is dropped, by whole months.

use anyhow::Result;
use jiff::Timestamp;

use super::{
    Store,
    build_location::postgres::{month, partition},
    engine::Transaction,
    meta,
};

impl Store {
    /// Drops the builds, with their events, of the months before the last so many and the current one.
    /// Says whether there were any; looks only once a month.
    ///
    /// # Errors
    /// Where the store cannot be written; nothing is dropped then.
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

/// By the ends of the builds.
async fn delete(transaction: &mut Transaction, first: i32) -> Result<bool> {
    let (year, of_year) = (first.div_euclid(12), first.rem_euclid(12) + 1);
    let start: Timestamp = format!("{year:04}-{of_year:02}-01T00:00:00Z").parse()?;
    let before = [start.as_millisecond().into()];
    let events = "DELETE FROM events WHERE build IN \
                  (SELECT id FROM builds WHERE finished_ms < $1)";
    transaction.execute(events, &before).await?;
    let builds = "DELETE FROM builds WHERE finished_ms < $1";
    Ok(transaction.execute(builds, &before).await? > 0)
}

/// By the months that the builds are kept under: that takes as long for many as for few.
async fn drop_partitions(transaction: &mut Transaction, first: i32) -> Result<bool> {
    // Whoever reads the whole table just now is not waited for: the next sync tries again.
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
