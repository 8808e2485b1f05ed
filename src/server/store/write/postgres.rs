//! PostgreSQL takes the rows of a batch by `COPY` into a table of the connection's own, and from there by
//! one statement.

use anyhow::Result;
use sqlx::{Executor as _, PgConnection};

use super::{NamedBuild, copy::Rows};
use crate::server::store::{names::Names, places::Place, row::Row};

/// A table, its key and its other columns.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    rest: &'static [&'static str],
}

const BUILDS: Table = Table {
    name: "builds",
    key: &["id", "month"],
    rest: &[
        "ordinal",
        "tag",
        "job",
        "number",
        "branch",
        "url",
        "nightly",
        "result",
        "started_ms",
        "finished_ms",
        "duration_ms",
        "failing_step",
        "smoke_ms",
        "functional_ms",
        "events",
        "changed",
    ],
};

const EVENTS: Table = Table {
    name: "events",
    key: &["build", "id", "month"],
    rest: &[
        "stage_ms",
        "ts",
        "result",
        "step",
        "scheduled_ms",
        "duration_ms",
        "job",
        "branch",
        "number",
        "url",
    ],
};

/// About as long as a row is.
const BYTES_PER_ROW: usize = 200;

pub async fn builds(
    connection: &mut PgConnection,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    let mut rows = Rows::with_capacity(builds.len() * BYTES_PER_ROW);
    for NamedBuild { place, tag, build } in builds {
        rows.number(place.id);
        rows.number(i64::from(place.month));
        rows.number(place.ordinal);
        rows.text(*tag);
        rows.number(names.id(build.job));
        rows.text(build.number);
        rows.number(build.branch.map(|name| names.id(name)));
        rows.text(build.url);
        rows.flag(build.nightly);
        rows.number(build.result as i64);
        rows.number(build.started_ms);
        rows.number(build.finished_ms);
        rows.number(build.duration_ms);
        rows.number(build.failing_step.map(|name| names.id(name)));
        rows.number(build.smoke_ms);
        rows.number(build.functional_ms);
        rows.number(i64::try_from(build.events).unwrap_or(i64::MAX));
        rows.number(change);
        rows.end_row();
    }
    BUILDS.write(connection, rows).await
}

pub async fn events(
    connection: &mut PgConnection,
    events: &[(Place, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    let mut rows = Rows::with_capacity(events.len() * BYTES_PER_ROW);
    for (place, row) in events {
        rows.number(place.id);
        rows.text(&*row.id);
        rows.number(i64::from(place.month));
        rows.number(row.stage_ms);
        rows.number(row.ts);
        rows.number(row.result as i64);
        rows.number(row.step.map(|name| names.id(name)));
        rows.number(row.scheduled_ms);
        rows.number(row.duration_ms);
        rows.number(names.id(row.job));
        rows.number(row.branch.map(|name| names.id(name)));
        rows.text(row.number.as_deref());
        rows.text(row.url.as_deref());
        rows.end_row();
    }
    EVENTS.write(connection, rows).await
}

impl Table {
    async fn write(&self, connection: &mut PgConnection, rows: Rows) -> Result<()> {
        let Self { name, key, rest } = self;
        let columns = [key, rest].map(|columns| columns.join(", ")).join(", ");
        let stage = format!(
            "CREATE TEMPORARY TABLE IF NOT EXISTS staged_{name} ON COMMIT DELETE ROWS AS \
             SELECT {columns} FROM {name} WITH NO DATA"
        );
        connection.execute(&*stage).await?;
        let copy = format!("COPY staged_{name} ({columns}) FROM STDIN");
        let mut copying = connection.copy_in_raw(&copy).await?;
        copying.send(rows.into_bytes()).await?;
        copying.finish().await?;
        let set = rest
            .iter()
            .map(|column| format!("{column} = excluded.{column}"));
        let set: Vec<String> = set.collect();
        let upsert = format!(
            "INSERT INTO {name} ({columns}) SELECT {columns} FROM staged_{name} \
             ON CONFLICT ({}) DO UPDATE SET {}",
            key.join(", "),
            set.join(", ")
        );
        connection.execute(&*upsert).await?;
        connection
            .execute(&*format!("TRUNCATE staged_{name}"))
            .await?;
        Ok(())
    }
}
