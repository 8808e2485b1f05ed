//! PostgreSQL returns rows, sent on as they are read.

use anyhow::Result;
use futures::TryStreamExt as _;
use tokio::sync::mpsc;

use super::{BUILDS_PER_BATCH, RowBatch, RowRange, SnapshotRow};
use crate::server::store::engine::Transaction;

pub async fn read(
    transaction: &mut Transaction,
    range: RowRange,
    columns: &[(&str, String)],
    batches: mpsc::Sender<RowBatch>,
) -> Result<()> {
    let columns = columns.iter().map(|(name, sql)| format!("{sql} AS {name}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let (condition, values) = match range {
        RowRange::All(_) => ("", Vec::new()),
        RowRange::Changed(after, last) => (
            " WHERE changed > $1 AND changed <= $2",
            vec![after.into(), last.into()],
        ),
    };
    let sql = format!("SELECT {columns} FROM builds{condition}");
    let mut rows = transaction.each::<SnapshotRow<String>>(&sql, &values)?;
    let mut batch = Vec::new();
    while let Some(row) = rows.try_next().await? {
        batch.push(row);
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
