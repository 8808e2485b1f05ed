//! PostgreSQL returns rows, sent on as they are read.

use anyhow::Result;
use futures::TryStreamExt as _;
use tokio::sync::mpsc;

use super::{BUILDS_PER_BATCH, DAMAGED, RowBatch, RowRange, StoredBuild};
use crate::server::store::engine::Transaction;
use anyhow::Context as _;

/// The columns in the order of [`StoredBuild`].
type Row = (
    i64,
    Option<String>,
    Option<String>,
    i64,
    Option<i64>,
    bool,
    i16,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

pub async fn read(
    transaction: &mut Transaction,
    range: RowRange,
    batches: mpsc::Sender<RowBatch>,
) -> Result<()> {
    let columns = "SELECT ordinal, number, CASE WHEN number IS NULL THEN tag END, job, branch, \
                   nightly, result, started_ms, finished_ms, duration_ms, failing_step, \
                   functional_ms - smoke_ms FROM builds";
    let (sql, values) = match range {
        RowRange::All(_) => (columns.to_owned(), Vec::new()),
        RowRange::Changed(after, last) => (
            format!("{columns} WHERE changed > $1 AND changed <= $2"),
            vec![after.into(), last.into()],
        ),
    };
    let mut rows = transaction.each::<Row>(&sql, &values)?;
    let mut batch = Vec::new();
    while let Some(row) = rows.try_next().await? {
        batch.push(build(row).context(DAMAGED)?);
        if batch.len() == BUILDS_PER_BATCH as usize
            && batches
                .send(RowBatch::Builds(std::mem::take(&mut batch)))
                .await
                .is_err()
        {
            return Ok(());
        }
    }
    // The receiver may be closed; then the last batch is not needed.
    let _ = batches.send(RowBatch::Builds(batch)).await;
    Ok(())
}

fn build(row: Row) -> Result<StoredBuild<'static>> {
    let (ordinal, number, tag, job, branch, nightly, result, started_ms, finished_ms, ..) = row;
    let (.., duration_ms, failing_step, functional_test_ms) = row;
    Ok(StoredBuild {
        ordinal: ordinal.try_into()?,
        number: number.map(Into::into),
        tag: tag.map(Into::into),
        job: job.try_into()?,
        branch: branch.map(TryInto::try_into).transpose()?,
        nightly: nightly.into(),
        result: result.try_into()?,
        started_ms,
        finished_ms,
        duration_ms,
        failing_step: failing_step.map(TryInto::try_into).transpose()?,
        functional_test_ms,
    })
}
