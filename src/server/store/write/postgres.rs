//! PostgreSQL receives the rows of a batch by `COPY`: rows of new builds, which no other process can
//! write at the same time, directly into the table; rows of known builds into a temporary table, and
//! from there by one upsert.

use anyhow::Result;
use sqlx::{Executor as _, PgConnection};

use super::{NamedBuild, copy::Rows};
use crate::server::store::{build_location::BuildLookup, names::Names, row::Row};

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

pub async fn builds(
    connection: &mut PgConnection,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    let mut batch = Batch::default();
    for NamedBuild {
        located,
        tag,
        build,
    } in builds
    {
        let (rows, location) = (batch.rows(located), &located.location);
        rows.number(location.id);
        rows.number(i64::from(location.month));
        rows.number(location.ordinal);
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
    BUILDS.write(connection, batch).await
}

pub async fn events(
    connection: &mut PgConnection,
    events: &[(BuildLookup, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    let mut batch = Batch::default();
    for (located, row) in events {
        let (rows, location) = (batch.rows(located), &located.location);
        rows.number(location.id);
        rows.text(&*row.id);
        rows.number(i64::from(location.month));
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
    EVENTS.write(connection, batch).await
}

/// The rows of new builds and of known builds.
#[derive(Default)]
struct Batch {
    new: Rows,
    known: Rows,
}

impl Batch {
    fn rows(&mut self, located: &BuildLookup) -> &mut Rows {
        if located.is_new {
            &mut self.new
        } else {
            &mut self.known
        }
    }
}

impl Table {
    async fn write(&self, connection: &mut PgConnection, batch: Batch) -> Result<()> {
        if !batch.new.is_empty() {
            self.copy(connection, self.name, batch.new).await?;
        }
        if !batch.known.is_empty() {
            self.upsert(connection, batch.known).await?;
        }
        Ok(())
    }

    async fn copy(&self, connection: &mut PgConnection, into: &str, rows: Rows) -> Result<()> {
        let copy = format!("COPY {into} ({}) FROM STDIN", self.columns());
        let mut copying = connection.copy_in_raw(&copy).await?;
        copying.send(rows.into_bytes()).await?;
        copying.finish().await?;
        Ok(())
    }

    async fn upsert(&self, connection: &mut PgConnection, rows: Rows) -> Result<()> {
        let (name, columns) = (self.name, self.columns());
        let staged = format!("staged_{name}");
        let stage = format!(
            "CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS \
             SELECT {columns} FROM {name} WITH NO DATA"
        );
        connection.execute(&*stage).await?;
        self.copy(connection, &staged, rows).await?;
        let set = self.rest.iter();
        let set: Vec<String> = set
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let upsert = format!(
            "INSERT INTO {name} ({columns}) SELECT {columns} FROM {staged} \
             ON CONFLICT ({}) DO UPDATE SET {}",
            self.key.join(", "),
            set.join(", ")
        );
        connection.execute(&*upsert).await?;
        connection.execute(&*format!("TRUNCATE {staged}")).await?;
        Ok(())
    }

    fn columns(&self) -> String {
        [self.key, self.rest].concat().join(", ")
    }
}
