//! Writes builds and events in the fastest way of each engine.

mod copy;
mod postgres;
mod sqlite;

use anyhow::Result;

use super::{
    build_location::BuildLookup,
    engine::Transaction,
    names::Names,
    row::Row,
    tables::{BuildRow, EventRow, TableRow},
};

/// A table and the columns in which each engine keeps the location of a row's build.
struct Table {
    name: &'static str,
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
    /// The columns by which a row is known.
    sqlite_key: &'static str,
    postgres_key: &'static str,
}

const BUILDS: Table = Table {
    name: "builds",
    sqlite: &["id"],
    postgres: &["id", "month", "ordinal"],
    sqlite_key: "id",
    postgres_key: "id, month",
};

const EVENTS: Table = Table {
    name: "events",
    sqlite: &["build"],
    postgres: &["build", "month"],
    sqlite_key: "build, id",
    postgres_key: "build, id, month",
};

impl Table {
    /// Returns the assignments of an upsert, of all columns except those of the key and the location.
    fn assignments<R: TableRow>(key: &str) -> String {
        let assigned = R::COLUMNS.iter();
        let assigned = assigned.filter(|column| !key.split(", ").any(|part| part == **column));
        let assigned = assigned.map(|column| format!("{column} = excluded.{column}"));
        assigned.collect::<Vec<_>>().join(", ")
    }
}

/// Writes builds. They are rolled up as they are written, while the engine runs the previous statement.
pub async fn builds(
    transaction: &mut Transaction,
    builds: impl Iterator<Item = Result<(BuildLookup, BuildRow)>>,
) -> Result<()> {
    write(transaction, &BUILDS, builds).await
}

/// Writes events, each with the location of its build; gives names ids where they have none.
pub async fn events(
    transaction: &mut Transaction,
    events: &[(BuildLookup, &Row<'_>)],
    names: &mut Names,
) -> Result<()> {
    // Rows are made as they are written: those of a whole batch would take much memory.
    let rows = events
        .iter()
        .map(|(located, row)| Ok((*located, EventRow::new(row, names))));
    write(transaction, &EVENTS, rows).await
}

async fn write<R: TableRow>(
    transaction: &mut Transaction,
    table: &Table,
    rows: impl Iterator<Item = Result<(BuildLookup, R)>>,
) -> Result<()> {
    match transaction {
        Transaction::Sqlite(transaction) => sqlite::write(transaction, table, rows).await,
        Transaction::Postgres(transaction) => postgres::write(transaction, table, rows).await,
    }
}
