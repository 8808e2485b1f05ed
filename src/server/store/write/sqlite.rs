//! SQLite inserts many rows per statement.

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

/// Rows of one statement.
#[derive(Default)]
struct Rows {
    count: usize,
    values: SqliteArguments<'static>,
}

/// Inserts rows, or updates those of known builds. Prepares the values of the next statement while one runs.
pub async fn write<R: TableRow>(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: impl Iterator<Item = Result<(BuildLookup, R)>>,
) -> Result<()> {
    let columns = table.sqlite.len() + R::COLUMNS.len();
    let full = ROWS_PER_STATEMENT.min(VALUES_PER_STATEMENT / columns);
    let mut rows = rows;
    let (mut new, mut known) = (Rows::default(), Rows::default());
    // Returns the rows of the next statement, and whether their builds are new.
    let mut prepare = || -> Result<Option<(Rows, bool)>> {
        for row in rows.by_ref() {
            let (located, row) = row?;
            let into = if located.is_new { &mut new } else { &mut known };
            if into.count == 0 {
                into.values.reserve(full * columns, 0);
            }
            add(&mut into.values, ColumnValue::from(located.location.id))?;
            for value in row.values() {
                add(&mut into.values, value)?;
            }
            into.count += 1;
            if into.count == full {
                return Ok(Some((std::mem::take(into), located.is_new)));
            }
        }
        let left = [(&mut new, true), (&mut known, false)];
        let mut left = left.into_iter().filter(|(rows, _)| rows.count > 0);
        Ok(left
            .next()
            .map(|(rows, is_new)| (std::mem::take(rows), is_new)))
    };
    let mut next = prepare()?;
    while let Some((Rows { count, values }, is_new)) = next {
        let sql = statement::<R>(table, count, is_new);
        // Only statements of the full size recur and are worth keeping prepared.
        let query = sqlx::query_with(&sql, values).persistent(count == full);
        let running = query.execute(&mut *connection);
        let (written, prepared) = tokio::join!(running, async { prepare() });
        written?;
        next = prepared?;
    }
    Ok(())
}

/// Rows of new builds are only inserted: for an upsert SQLite keeps a copy of every page that it changes, in
/// case it must undo a part of the statement. Nothing needs to be undone, since the transaction fails as a
/// whole, which `OR FAIL` says.
fn statement<R: TableRow>(table: &Table, rows: usize, is_new: bool) -> String {
    let columns = [table.sqlite, R::COLUMNS].concat();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let (name, key) = (table.name, table.sqlite_key);
    let insert = if is_new { "INSERT OR FAIL" } else { "INSERT" };
    let mut sql = format!(
        "{insert} INTO {name} ({}) VALUES {}",
        columns.join(", "),
        vec![row; rows].join(", ")
    );
    if !is_new {
        let assignments = Table::assignments::<R>(key);
        sql.push_str(&format!(" ON CONFLICT ({key}) DO UPDATE SET {assignments}"));
    }
    sql
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
