//! PostgreSQL receives the rows of a batch by `COPY`: rows of new builds, which no other process can
//! write at the same time, directly into the table; rows of known builds into a temporary table, and
//! from there by one upsert.

use anyhow::Result;
use sqlx::{Executor as _, PgConnection};

use super::{Table, copy::Rows};
use crate::server::store::{
    build_location::BuildLookup,
    tables::{ColumnValue, TableRow},
};

pub async fn write<R: TableRow>(
    connection: &mut PgConnection,
    table: &Table,
    rows: impl Iterator<Item = Result<(BuildLookup, R)>>,
) -> Result<()> {
    let (mut new, mut known) = (Rows::default(), Rows::default());
    for row in rows {
        let (located, row) = row?;
        let rows = if located.is_new { &mut new } else { &mut known };
        let location = &located.location;
        let month = i64::from(location.month);
        let location = [location.id, month, location.ordinal];
        for number in &location[..table.postgres.len()] {
            rows.number(*number);
        }
        for value in row.values() {
            match value {
                ColumnValue::Number(number) => rows.number(number),
                ColumnValue::Flag(flag) => rows.flag(flag),
                ColumnValue::Text(text) => rows.text(text.as_deref()),
            }
        }
        rows.end_row();
    }
    let columns = [table.postgres, R::COLUMNS].concat().join(", ");
    if !new.is_empty() {
        copy(connection, table.name, &columns, new).await?;
    }
    if !known.is_empty() {
        upsert::<R>(connection, table, &columns, known).await?;
    }
    Ok(())
}

async fn copy(connection: &mut PgConnection, into: &str, columns: &str, rows: Rows) -> Result<()> {
    let copy = format!("COPY {into} ({columns}) FROM STDIN");
    let mut copying = connection.copy_in_raw(&copy).await?;
    copying.send(rows.into_bytes()).await?;
    copying.finish().await?;
    Ok(())
}

async fn upsert<R: TableRow>(
    connection: &mut PgConnection,
    table: &Table,
    columns: &str,
    rows: Rows,
) -> Result<()> {
    let (name, key) = (table.name, table.postgres_key);
    let staged = format!("staged_{name}");
    let stage = format!(
        "CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS \
         SELECT {columns} FROM {name} WITH NO DATA"
    );
    connection.execute(&*stage).await?;
    copy(connection, &staged, columns, rows).await?;
    let upsert = format!(
        "INSERT INTO {name} ({columns}) SELECT {columns} FROM {staged} \
         ON CONFLICT ({key}) DO UPDATE SET {}",
        Table::assignments::<R>(key)
    );
    connection.execute(&*upsert).await?;
    connection.execute(&*format!("TRUNCATE {staged}")).await?;
    Ok(())
}
