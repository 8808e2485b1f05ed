//! SQLite returns a batch as one JSON text; separate rows take several times as long.

use anyhow::Result;
use tokio::sync::mpsc;

use super::{BUILDS_PER_BATCH, RowBatch, RowRange};
use crate::server::store::engine::Transaction;

pub async fn read(
    transaction: &mut Transaction,
    range: RowRange,
    columns: &[(&str, String)],
    batches: mpsc::Sender<RowBatch>,
) -> Result<()> {
    // The range after a first value, and the size of a batch: a change never has many builds.
    let (column, mut after, last, step) = match range {
        RowRange::All(last) => ("id", 0, last, BUILDS_PER_BATCH),
        RowRange::Changed(after, last) => ("changed", after, last, 1),
    };
    let columns: Vec<&str> = columns.iter().map(|(_, sql)| sql.as_str()).collect();
    let sql = format!(
        "SELECT json_group_array(json_array({})) FROM builds WHERE {column} > $1 AND {column} <= $2",
        columns.join(", ")
    );
    while after < last {
        let until = last.min(after + step);
        let (batch,): (String,) = transaction.one(&sql, &[after.into(), until.into()]).await?;
        if batches.send(RowBatch::Json(batch)).await.is_err() {
            break;
        }
        after = until;
    }
    Ok(())
}
