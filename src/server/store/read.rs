//! Reads events and builds back, page by page, so that memory stays bounded.

use std::{borrow::Cow, collections::HashMap};

use anyhow::Result;
use sqlx::{QueryBuilder, SqliteConnection};

use super::{
    merge::{Entry, Origin},
    names::Names,
    row::Row,
};
use crate::server::snapshot::BuildResult;

/// How many values a statement asks for.
const VALUES_PER_STATEMENT: usize = 500;

/// The columns of [`StoredEvent`], in its order.
const EVENT_COLUMNS: &str = "build, id, stage_ms, ts, result, step, scheduled_ms, duration_ms, \
                             job, branch, number, url";

#[derive(sqlx::FromRow)]
pub struct StoredEvent {
    pub build: i64,
    pub id: String,
    pub stage_ms: i64,
    pub ts: Option<i64>,
    pub result: u8,
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
            result: BuildResult::from_number(self.result),
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

/// The ids of those builds that exist, in the order of their tags; none for new ones.
pub async fn build_ids(
    connection: &mut SqliteConnection,
    tags: &[Cow<'_, str>],
) -> Result<Vec<Option<i64>>> {
    let mut ids: HashMap<String, i64> = HashMap::new();
    for chunk in tags.chunks(VALUES_PER_STATEMENT) {
        let mut query = QueryBuilder::new("SELECT tag, id FROM builds WHERE tag IN (");
        let mut list = query.separated(", ");
        for tag in chunk {
            list.push_bind(tag.as_ref());
        }
        query.push(")");
        let rows: Vec<(String, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
        ids.extend(rows);
    }
    Ok(tags
        .iter()
        .map(|tag| ids.get(tag.as_ref()).copied())
        .collect())
}

/// The stored events of builds; `builds` gives their numbers in the batch.
pub async fn entries<'a>(
    connection: &mut SqliteConnection,
    builds: &HashMap<i64, usize>,
    names: &'a Names,
) -> Result<Vec<Entry<'a>>> {
    let mut ids: Vec<i64> = builds.keys().copied().collect();
    ids.sort_unstable();
    let mut entries = Vec::new();
    for chunk in ids.chunks(VALUES_PER_STATEMENT) {
        let mut query = QueryBuilder::new("SELECT ");
        query
            .push(EVENT_COLUMNS)
            .push(" FROM events WHERE build IN (");
        let mut list = query.separated(", ");
        for id in chunk {
            list.push_bind(id);
        }
        query.push(")");
        let events: Vec<StoredEvent> = query.build_query_as().fetch_all(&mut *connection).await?;
        for event in events {
            entries.push(Entry {
                build: builds[&event.build],
                origin: Origin::Stored,
                row: event.into_row(names)?,
            });
        }
    }
    Ok(entries)
}

/// The next builds after one, by id: their ids and tags.
pub async fn build_page(
    connection: &mut SqliteConnection,
    after: i64,
) -> Result<Vec<(i64, String)>> {
    let query = sqlx::query_as("SELECT id, tag FROM builds WHERE id > ? ORDER BY id LIMIT ?");
    let limit = i64::try_from(VALUES_PER_STATEMENT).expect("a small number");
    Ok(query.bind(after).bind(limit).fetch_all(connection).await?)
}
