//! Reads stored events and builds in batches, so that memory stays bounded.

use anyhow::Result;
use foldhash::HashMap;

use super::{
    engine::{Transaction, Value},
    merge::{Entry, Origin},
    names::NameTexts,
    tables::{EventRow, columns},
};

/// An event with the key of its build.
#[derive(sqlx::FromRow)]
struct StoredEvent {
    build: i64,
    #[sqlx(flatten)]
    event: EventRow,
}

/// Reads the stored events of builds; `builds` maps keys to numbers in the batch.
pub async fn entries<'a>(
    transaction: &mut Transaction,
    builds: &HashMap<i64, usize>,
    names: &'a NameTexts,
) -> Result<Vec<Entry<'a>>> {
    let mut ids: Vec<i64> = builds.keys().copied().collect();
    ids.sort_unstable();
    let ids: Vec<Value<'_>> = ids.into_iter().map(Value::from).collect();
    let sql = format!(
        "SELECT build, {} FROM events WHERE build IN ({{}})",
        columns::<EventRow>("")
    );
    let events: Vec<StoredEvent> = transaction.all_of(&sql, &ids).await?;
    let entry = |StoredEvent { build, event }: StoredEvent| {
        anyhow::Ok(Entry {
            build: builds[&build],
            origin: Origin::Stored,
            row: event.into_row(names)?,
        })
    };
    events.into_iter().map(entry).collect()
}
