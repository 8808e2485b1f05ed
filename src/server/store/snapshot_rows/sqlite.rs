//! SQLite hands a page over as one JSON text: as many rows take several times as long.

use anyhow::Result;
use tokio::sync::mpsc;

use super::{BUILDS_PER_PAGE, RowBatch, RowRange};
use crate::server::store::engine::Transaction;

pub async fn read(
    transaction: &mut Transaction,
    wanted: RowRange,
    pages: mpsc::Sender<RowBatch>,
) -> Result<()> {
    // Where to begin after, where to end, and how far a page goes: a change is never of many builds.
    let (column, mut after, last, step) = match wanted {
        RowRange::All(last) => ("id", 0, last, BUILDS_PER_PAGE),
        RowRange::Changed(after, last) => ("changed", after, last, 1),
    };
    // The tag stands in for a missing number only, and is long: it is not read otherwise.
    let sql = format!(
        "SELECT json_group_array(json_array(id, number, CASE WHEN number IS NULL THEN tag END, \
         job, branch, nightly, result, started_ms, finished_ms, duration_ms, failing_step, \
         CAST(functional_ms - smoke_ms AS INTEGER))) \
         FROM builds WHERE {column} > $1 AND {column} <= $2"
    );
    while after < last {
        let until = last.min(after + step);
        let (page,): (String,) = transaction.one(&sql, &[after.into(), until.into()]).await?;
        if pages.send(RowBatch::Json(page)).await.is_err() {
            break;
        }
        after = until;
    }
    Ok(())
}
