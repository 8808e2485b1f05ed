//! Reads the builds' columns that a snapshot needs, in batches, so that memory stays bounded.

mod postgres;
mod sqlite;

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{engine::Transaction, keys};
use crate::server::{
    model::BuildResult,
    snapshot::{BuildRecord, SnapshotBuilder},
};

const BUILDS_PER_BATCH: i64 = 10_000;
const DAMAGED: &str = "the store is damaged: its builds cannot be read";

/// The builds to read.
#[derive(Clone, Copy, Debug)]
pub enum RowRange {
    /// All builds up to this ordinal.
    All(i64),
    /// Builds written after the first change of the store, up to the second.
    Changed(i64, i64),
}

/// A batch of builds, in the format that the engine returns fastest.
pub enum RowBatch {
    Json(String),
    Builds(Vec<StoredBuild<'static>>),
}

/// A build with its columns in the order that both engines return.
#[derive(Deserialize)]
pub struct StoredBuild<'a> {
    ordinal: u32,
    #[serde(borrow)]
    number: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tag: Option<Cow<'a, str>>,
    job: usize,
    branch: Option<usize>,
    nightly: u8,
    result: u8,
    started_ms: i64,
    finished_ms: i64,
    duration_ms: Option<i64>,
    failing_step: Option<usize>,
    functional_test_ms: Option<i64>,
}

/// Reads builds and sends them in batches, as long as the receiver is open.
pub async fn read(
    transaction: &mut Transaction,
    range: RowRange,
    batches: mpsc::Sender<RowBatch>,
) -> Result<()> {
    match transaction {
        Transaction::Sqlite(_) => sqlite::read(transaction, range, batches).await,
        Transaction::Postgres(_) => postgres::read(transaction, range, batches).await,
    }
}

/// Adds the builds of a batch to a snapshot.
pub fn push(batch: &RowBatch, names: &NameTable, snapshot: &mut SnapshotBuilder) -> Result<()> {
    let parsed: Vec<StoredBuild<'_>>;
    let builds = match batch {
        RowBatch::Builds(builds) => builds,
        RowBatch::Json(text) => {
            parsed = serde_json::from_str(text).context(DAMAGED)?;
            &parsed
        }
    };
    for build in builds {
        let tag = build.tag.as_deref().and_then(keys::given);
        let record = BuildRecord {
            job_name: names.get(build.job)?,
            build_id: build.number.as_deref().or(tag).unwrap_or(""),
            branch: build.branch.map(|id| names.get(id)).transpose()?,
            result: BuildResult::from_number(build.result),
            nightly: build.nightly != 0,
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|id| names.get(id)).transpose()?,
            functional_test_ms: build.functional_test_ms,
        };
        snapshot.push_stored(build.ordinal, &record);
    }
    Ok(())
}

/// The names that the builds refer to, by their ids.
pub struct NameTable(Vec<Option<Box<str>>>);

impl NameTable {
    pub async fn read(transaction: &mut Transaction, range: RowRange) -> Result<Self> {
        let known: Vec<(i64, String)> = match range {
            RowRange::All(_) => transaction.all("SELECT id, text FROM strings", &[]).await?,
            RowRange::Changed(after, last) => {
                let sql = "WITH wanted AS (SELECT job, branch, failing_step FROM builds \
                           WHERE changed > $1 AND changed <= $2) \
                           SELECT id, text FROM strings WHERE id IN \
                           (SELECT job FROM wanted UNION ALL SELECT branch FROM wanted \
                           UNION ALL SELECT failing_step FROM wanted)";
                transaction.all(sql, &[after.into(), last.into()]).await?
            }
        };
        let mut names = Vec::new();
        for (id, text) in known {
            let id = usize::try_from(id).context(DAMAGED)?;
            if names.len() <= id {
                names.resize(id + 1, None);
            }
            names[id] = Some(text.into());
        }
        Ok(Self(names))
    }

    fn get(&self, id: usize) -> Result<&str> {
        let text = self.0.get(id).and_then(|text| text.as_deref());
        text.with_context(|| format!("the store is damaged: it holds no string {id}"))
    }
}
