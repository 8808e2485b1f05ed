//! Writes builds and events, many rows in a statement.

use anyhow::Result;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{names::Names, roll_up::Build, row::Row};

/// Times the columns, below the 32,766 parameters that SQLite takes.
const ROWS_PER_STATEMENT: usize = 250;

/// A build with its id and tag.
pub struct NamedBuild<'a> {
    pub id: i64,
    pub tag: &'a str,
    pub build: Build<'a>,
}

/// Writes builds, each with the change of the store that it is of.
pub async fn builds(
    connection: &mut SqliteConnection,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    for chunk in builds.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO builds (id, tag, job, number, branch, url, nightly, result, started_ms, \
             finished_ms, duration_ms, failing_step, smoke_ms, functional_ms, events, changed) ",
        );
        query.push_values(chunk, |mut row, NamedBuild { id, tag, build }| {
            row.push_bind(id)
                .push_bind(tag)
                .push_bind(names.id(build.job))
                .push_bind(build.number)
                .push_bind(build.branch.map(|name| names.id(name)))
                .push_bind(build.url)
                .push_bind(build.nightly)
                .push_bind(build.result as u8)
                .push_bind(build.started_ms)
                .push_bind(build.finished_ms)
                .push_bind(build.duration_ms)
                .push_bind(build.failing_step.map(|name| names.id(name)))
                .push_bind(build.smoke_ms)
                .push_bind(build.functional_ms)
                .push_bind(i64::try_from(build.events).unwrap_or(i64::MAX))
                .push_bind(change);
        });
        query.push(
            " ON CONFLICT (id) DO UPDATE SET job = excluded.job, number = excluded.number, \
             branch = excluded.branch, url = excluded.url, nightly = excluded.nightly, \
             result = excluded.result, started_ms = excluded.started_ms, \
             finished_ms = excluded.finished_ms, duration_ms = excluded.duration_ms, \
             failing_step = excluded.failing_step, smoke_ms = excluded.smoke_ms, \
             functional_ms = excluded.functional_ms, events = excluded.events, \
             changed = excluded.changed",
        );
        execute(query, connection, chunk.len()).await?;
    }
    Ok(())
}

/// Writes events, each with the id of its build.
pub async fn events(
    connection: &mut SqliteConnection,
    events: &[(i64, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    for chunk in events.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO events (build, id, stage_ms, ts, result, step, scheduled_ms, \
             duration_ms, job, branch, number, url) ",
        );
        query.push_values(chunk, |mut values, (build, row)| {
            values
                .push_bind(build)
                .push_bind(row.id.as_ref())
                .push_bind(row.stage_ms)
                .push_bind(row.ts)
                .push_bind(row.result as u8)
                .push_bind(row.step.map(|name| names.id(name)))
                .push_bind(row.scheduled_ms)
                .push_bind(row.duration_ms)
                .push_bind(names.id(row.job))
                .push_bind(row.branch.map(|name| names.id(name)))
                .push_bind(row.number.as_deref())
                .push_bind(row.url.as_deref());
        });
        query.push(
            " ON CONFLICT (build, id) DO UPDATE SET stage_ms = excluded.stage_ms, \
             ts = excluded.ts, result = excluded.result, step = excluded.step, \
             scheduled_ms = excluded.scheduled_ms, duration_ms = excluded.duration_ms, \
             job = excluded.job, branch = excluded.branch, number = excluded.number, \
             url = excluded.url",
        );
        execute(query, connection, chunk.len()).await?;
    }
    Ok(())
}

/// Only statements of the full size come again and are worth keeping prepared.
async fn execute(
    mut query: QueryBuilder<'_, Sqlite>,
    connection: &mut SqliteConnection,
    rows: usize,
) -> Result<()> {
    let query = query.build().persistent(rows == ROWS_PER_STATEMENT);
    query.execute(connection).await?;
    Ok(())
}
