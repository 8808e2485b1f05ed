//! Reads stored events and builds in batches, so that memory stays bounded.

use std::borrow::Cow;

use anyhow::Result;
use foldhash::HashMap;

use super::{
    engine::{Transaction, Value},
    merge::{Entry, Origin},
    names::Names,
    row::Row,
};
use crate::server::model::BuildResult;

/// The columns of [`StoredEvent`], in its order.
const EVENT_COLUMNS: &str = "build, id, stage_ms, ts, result, step, scheduled_ms, duration_ms, \
                             job, branch, number, url";

#[derive(sqlx::FromRow)]
pub struct StoredEvent {
    pub build: i64,
    pub id: String,
    pub stage_ms: i64,
    pub ts: Option<i64>,
    pub result: i16,
    pub step: Option<i64>,
    pub scheduled_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    pub job: i64,
    pub branch: Option<i64>,
    pub number: Option<String>,
    pub url: Option<String>,
}

impl StoredEvent {
    pub fn into_row(self, names: &Names) -> Result<Row<'_>> {
        Ok(Row {
            id: Cow::Owned(self.id),
            stage_ms: self.stage_ms,
            ts: self.ts,
            result: result(self.result),
            step: self.step.map(|id| names.text(id)).transpose()?,
            scheduled_ms: self.scheduled_ms,
            duration_ms: self.duration_ms,
            job: names.text(self.job)?,
            branch: self.branch.map(|id| names.text(id)).transpose()?,
            number: self.number.map(Cow::Owned),
            url: self.url.map(Cow::Owned),
        })
    }
}

/// Reads the stored events of builds; `builds` maps keys to numbers in the batch.
pub async fn entries<'a>(
    transaction: &mut Transaction,
    builds: &HashMap<i64, usize>,
    names: &'a Names,
) -> Result<Vec<Entry<'a>>> {
    let mut ids: Vec<i64> = builds.keys().copied().collect();
    ids.sort_unstable();
    let ids: Vec<Value<'_>> = ids.into_iter().map(Value::from).collect();
    let sql = format!("SELECT {EVENT_COLUMNS} FROM events WHERE build IN ({{}})");
    let events: Vec<StoredEvent> = transaction.all_of(&sql, &ids).await?;
    let entry = |event: StoredEvent| {
        anyhow::Ok(Entry {
            build: builds[&event.build],
            origin: Origin::Stored,
            row: event.into_row(names)?,
        })
    };
    events.into_iter().map(entry).collect()
}

/// Returns the result with this number in the store.
pub fn result(number: i16) -> BuildResult {
    BuildResult::from_number(u8::try_from(number).unwrap_or(u8::MAX))
}
