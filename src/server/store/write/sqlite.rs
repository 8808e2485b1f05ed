//! SQLite inserts many rows per statement.

use std::borrow::Cow;

use anyhow::{Result, anyhow};
use sqlx::{Arguments as _, SqliteConnection, sqlite::SqliteArguments};

use super::Table;
use crate::server::store::{
    build_location::BuildLookup,
    tables::{ColumnValue, TableRow},
};

/// SQLite's limit.
const VALUES_PER_STATEMENT: usize = 32_766;
const ROWS_PER_STATEMENT: usize = 250;

/// Inserts rows, or updates those that are known. Prepares the values of the next statement while one runs.
pub async fn write<R: TableRow>(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: impl Iterator<Item = Result<(BuildLookup, R)>>,
) -> Result<()> {
    let columns = table.sqlite.len() + R::COLUMNS.len();
    let full_rows = ROWS_PER_STATEMENT.min(VALUES_PER_STATEMENT / columns);
    let mut rows = rows;
    let mut prepare = || -> Result<(usize, SqliteArguments<'static>)> {
        let mut values = SqliteArguments::default();
        values.reserve(full_rows * columns, 0);
        let mut count = 0;
        for row in rows.by_ref().take(full_rows) {
            let (located, row) = row?;
            count += 1;
            add(&mut values, ColumnValue::from(located.location.id))?;
            for value in row.values() {
                add(&mut values, value)?;
            }
        }
        Ok((count, values))
    };
    let full = statement::<R>(table, full_rows);
    let mut prepared = prepare()?;
    while prepared.0 > 0 {
        let (rows, values) = prepared;
        let is_full = rows == full_rows;
        let text = if is_full {
            Cow::Borrowed(&full)
        } else {
            Cow::Owned(statement::<R>(table, rows))
        };
        // Only statements of the full size recur and are worth keeping prepared.
        let query = sqlx::query_with(&text, values).persistent(is_full);
        let running = query.execute(&mut *connection);
        let (written, next) = tokio::join!(running, async { prepare() });
        written?;
        prepared = next?;
    }
    Ok(())
}

fn statement<R: TableRow>(table: &Table, rows: usize) -> String {
    let columns = [table.sqlite, R::COLUMNS].concat();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let (name, key) = (table.name, table.sqlite_key);
    format!(
        "INSERT INTO {name} ({}) VALUES {} ON CONFLICT ({key}) DO UPDATE SET {}",
        columns.join(", "),
        vec![row; rows].join(", "),
        Table::assignments::<R>(key)
    )
}

/// The values are owned: SQLite runs on another thread, and borrowed texts would be copied once more.
fn add(values: &mut SqliteArguments<'static>, value: ColumnValue) -> Result<()> {
    let added = match value {
        ColumnValue::Number(number) => values.add(number),
        ColumnValue::Flag(flag) => values.add(flag),
        ColumnValue::Text(text) => values.add(text),
    };
    added.map_err(|error| anyhow!("cannot encode a value: {error}"))
}
