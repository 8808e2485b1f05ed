//! Reads the builds' columns that a snapshot needs, in batches, so that memory stays bounded.

mod numbered;
mod postgres;
mod sqlite;

use std::{borrow::Cow, ops::Deref};

use anyhow::Result;
pub use numbered::Numbered;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::engine::Transaction;

const BUILDS_PER_BATCH: i64 = 10_000;

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
    Builds(Vec<SnapshotRow<String>>),
}

/// A text of a JSON array, borrowed from it unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct JsonText<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for JsonText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Declares the row: one line per column, with its SQL if it is not the column's name.
macro_rules! snapshot_row {
    ($($column:ident: $kind:ty = $sql:expr,)*) => {
        /// The columns of a build that a snapshot needs. Names are ids of `strings`.
        #[derive(Deserialize, sqlx::FromRow)]
        pub struct SnapshotRow<Text> {
            $($column: $kind,)*
        }

        /// The SQL of each column, in the order of the row.
        const COLUMNS: &[(&str, &str)] = &[$((stringify!($column), $sql)),*];
    };
}

snapshot_row! {
    ordinal: i64 = "{ordinal}",
    number: Option<Text> = "number",
    // The tag is long and read only as a substitute for a missing number.
    tag: Option<Text> = "CASE WHEN number IS NULL THEN tag END",
    job: i64 = "job",
    branch: Option<i64> = "branch",
    nightly: i32 = "CAST(nightly AS INTEGER)",
    result: i16 = "result",
    started_ms: i64 = "started_ms",
    finished_ms: i64 = "finished_ms",
    duration_ms: Option<i64> = "duration_ms",
    failing_step: Option<i64> = "failing_step",
    functional_test_ms: Option<i64> = "CAST(functional_ms - smoke_ms AS BIGINT)",
    system: Option<i64> = "system",
    ended: i32 = "CAST(ended AS INTEGER)",
    start_delay_ms: Option<i64> = "start_delay_ms",
    git_commit: Option<Text> = "git_commit",
    node: Option<Text> = "node",
    codebase: Option<i64> = "codebase",
    toolchain: Option<i64> = "toolchain",
    // Steps of older builds are not kept in memory.
    steps: Option<Text> = "CASE WHEN finished_ms > {steps_after_ms} THEN steps END",
}

/// Returns the SQL of each column with its name; `ordinal` is the engine's column of that number.
fn columns(ordinal: &str, steps_after_ms: i64) -> Vec<(&'static str, String)> {
    let steps_after = steps_after_ms.to_string();
    let columns = COLUMNS.iter().map(|(name, sql)| {
        let sql = sql.replace("{ordinal}", ordinal);
        (*name, sql.replace("{steps_after_ms}", &steps_after))
    });
    columns.collect()
}

/// Reads builds, with the steps of those that finished later than `steps_after_ms`, and sends them in
/// batches, as long as the receiver is open.
pub async fn read(
    transaction: &mut Transaction,
    range: RowRange,
    steps_after_ms: i64,
    batches: mpsc::Sender<RowBatch>,
) -> Result<()> {
    match transaction {
        Transaction::Sqlite(_) => {
            sqlite::read(transaction, range, &columns("id", steps_after_ms), batches).await
        }
        Transaction::Postgres(_) => {
            let columns = columns("ordinal", steps_after_ms);
            postgres::read(transaction, range, &columns, batches).await
        }
    }
}
