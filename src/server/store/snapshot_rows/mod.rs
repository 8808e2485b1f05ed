//! Reads the builds' columns that a snapshot needs, in batches, so that memory stays bounded.

mod postgres;
mod sqlite;

use anyhow::{Context as _, Result};
use foldhash::HashMap;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{engine::Transaction, keys, names::NameTexts, packed_steps, tables};
use crate::server::{
    model::{Provenance, System},
    snapshot::{BuildDetails, BuildRecord, SnapshotBuilder},
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
    Builds(Vec<SnapshotRow>),
}

/// Declares the row: one line per column, with its SQL if it is not the column's name.
macro_rules! snapshot_row {
    ($($column:ident: $kind:ty = $sql:expr,)*) => {
        /// The columns of a build that a snapshot needs. Names are ids of `strings`.
        #[derive(Deserialize, sqlx::FromRow)]
        pub struct SnapshotRow {
            $($column: $kind,)*
        }

        /// The SQL of each column, in the order of the row.
        const COLUMNS: &[(&str, &str)] = &[$((stringify!($column), $sql)),*];
    };
}

snapshot_row! {
    ordinal: i64 = "{ordinal}",
    number: Option<String> = "number",
    // The tag is long and read only as a substitute for a missing number.
    tag: Option<String> = "CASE WHEN number IS NULL THEN tag END",
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
    git_commit: Option<String> = "git_commit",
    node: Option<String> = "node",
    provenance: Option<i64> = "provenance",
    // Steps of older builds are not kept in memory.
    steps: Option<String> = "CASE WHEN finished_ms > {steps_after_ms} THEN steps END",
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

/// Adds the builds of a batch to a snapshot.
pub fn push(batch: &RowBatch, names: &mut NameTable, snapshot: &mut SnapshotBuilder) -> Result<()> {
    let parsed: Vec<SnapshotRow>;
    let builds = match batch {
        RowBatch::Builds(builds) => builds,
        RowBatch::Json(text) => {
            parsed = serde_json::from_str(text).context(DAMAGED)?;
            &parsed
        }
    };
    for build in builds {
        if let Some(id) = build.provenance {
            names.parse_provenance(id)?;
        }
        push_row(build, names, snapshot)?;
    }
    Ok(())
}

fn push_row(build: &SnapshotRow, names: &NameTable, snapshot: &mut SnapshotBuilder) -> Result<()> {
    let name = |id: Option<i64>| id.map(|id| names.texts.text(id)).transpose();
    let key = build.tag.as_deref().map(keys::build).transpose()?;
    let tag = key.and_then(|key| key.tag);
    let steps = build.steps.iter();
    let steps = steps.flat_map(|packed| packed_steps::unpack(packed, build.started_ms));
    let steps = steps.map(|step| step?.named(&names.texts));
    let record = BuildRecord {
        job_name: names.texts.text(build.job)?,
        build_id: build.number.as_deref().or(tag).unwrap_or(""),
        branch: name(build.branch)?,
        result: tables::result(build.result),
        nightly: build.nightly != 0,
        started_ms: build.started_ms,
        finished_ms: build.finished_ms,
        duration_ms: build.duration_ms,
        failing_step: name(build.failing_step)?,
        functional_test_ms: build.functional_test_ms,
        details: BuildDetails {
            system: match name(build.system)? {
                Some(system) => System::new(system)?,
                None => System::default(),
            },
            ended: build.ended != 0,
            start_delay_ms: build.start_delay_ms,
            git_commit: build.git_commit.as_deref(),
            node: build.node.as_deref(),
            provenance: build.provenance.and_then(|id| names.provenances.get(&id)),
            steps: steps.collect::<Result<_>>()?,
        },
    };
    let ordinal = u32::try_from(build.ordinal).context(DAMAGED)?;
    snapshot.push_stored(ordinal, &record);
    Ok(())
}

/// The names that builds refer to, and the provenances among them that have been parsed.
pub struct NameTable {
    texts: NameTexts,
    provenances: HashMap<i64, Provenance>,
}

impl NameTable {
    pub async fn read(transaction: &mut Transaction) -> Result<Self> {
        Ok(Self {
            texts: NameTexts::read(transaction).await?,
            provenances: HashMap::default(),
        })
    }

    fn parse_provenance(&mut self, id: i64) -> Result<()> {
        if !self.provenances.contains_key(&id) {
            let provenance = tables::provenance(self.texts.text(id)?, id)?;
            self.provenances.insert(id, provenance);
        }
        Ok(())
    }
}
