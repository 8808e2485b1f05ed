//! SQLite inserts many rows per statement.

use std::borrow::Cow;

use anyhow::{Result, anyhow};
use sqlx::{Arguments as _, Encode, Sqlite, SqliteConnection, Type, sqlite::SqliteArguments};

use super::NamedBuild;
use crate::server::store::{build_location::BuildLookup, names::Names, row::Row};

/// Times the number of columns, below SQLite's limit of 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 250;

const BUILDS: Insert = Insert {
    into: "builds (id, tag, job, number, branch, url, nightly, result, started_ms, finished_ms, \
           duration_ms, failing_step, smoke_ms, functional_ms, events, changed)",
    columns: 16,
    where_known: "(id) DO UPDATE SET job = excluded.job, number = excluded.number, \
                  branch = excluded.branch, url = excluded.url, nightly = excluded.nightly, \
                  result = excluded.result, started_ms = excluded.started_ms, \
                  finished_ms = excluded.finished_ms, duration_ms = excluded.duration_ms, \
                  failing_step = excluded.failing_step, smoke_ms = excluded.smoke_ms, \
                  functional_ms = excluded.functional_ms, events = excluded.events, \
                  changed = excluded.changed",
};

const EVENTS: Insert = Insert {
    into: "events (build, id, stage_ms, ts, result, step, scheduled_ms, duration_ms, job, branch, \
           number, url)",
    columns: 12,
    where_known: "(build, id) DO UPDATE SET stage_ms = excluded.stage_ms, ts = excluded.ts, \
                  result = excluded.result, step = excluded.step, \
                  scheduled_ms = excluded.scheduled_ms, duration_ms = excluded.duration_ms, \
                  job = excluded.job, branch = excluded.branch, number = excluded.number, \
                  url = excluded.url",
};

pub async fn builds(
    connection: &mut SqliteConnection,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    let bind = |values: &mut Values,
                NamedBuild {
                    located,
                    tag,
                    build,
                }: &NamedBuild<'_>| {
        values.add(located.location.id)?;
        values.add((*tag).to_owned())?;
        values.add(names.id(build.job))?;
        values.add(build.number.map(str::to_owned))?;
        values.add(build.branch.map(|name| names.id(name)))?;
        values.add(build.url.map(str::to_owned))?;
        values.add(build.nightly)?;
        values.add(build.result as u8)?;
        values.add(build.started_ms)?;
        values.add(build.finished_ms)?;
        values.add(build.duration_ms)?;
        values.add(build.failing_step.map(|name| names.id(name)))?;
        values.add(build.smoke_ms)?;
        values.add(build.functional_ms)?;
        values.add(i64::try_from(build.events).unwrap_or(i64::MAX))?;
        values.add(change)
    };
    BUILDS.write(connection, builds, bind).await
}

pub async fn events(
    connection: &mut SqliteConnection,
    events: &[(BuildLookup, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    let bind = |values: &mut Values, (located, row): &(BuildLookup, &Row<'_>)| {
        values.add(located.location.id)?;
        values.add(row.id.clone().into_owned())?;
        values.add(row.stage_ms)?;
        values.add(row.ts)?;
        values.add(row.result as u8)?;
        values.add(row.step.map(|name| names.id(name)))?;
        values.add(row.scheduled_ms)?;
        values.add(row.duration_ms)?;
        values.add(names.id(row.job))?;
        values.add(row.branch.map(|name| names.id(name)))?;
        values.add(row.number.as_deref().map(str::to_owned))?;
        values.add(row.url.as_deref().map(str::to_owned))
    };
    EVENTS.write(connection, events, bind).await
}

/// The values of a statement's rows, in order. They are owned: SQLite runs on another thread, and
/// borrowed texts would be copied once more.
#[derive(Default)]
struct Values(SqliteArguments<'static>);

impl Values {
    fn add<T>(&mut self, value: T) -> Result<()>
    where
        T: Encode<'static, Sqlite> + Type<Sqlite> + 'static,
    {
        let added = self.0.add(value);
        added.map_err(|error| anyhow!("cannot encode a value: {error}"))
    }
}

/// An upsert: inserts rows, or updates those with a known key.
struct Insert {
    into: &'static str,
    columns: usize,
    where_known: &'static str,
}

impl Insert {
    fn text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        let rows = vec![row; rows].join(", ");
        let (into, known) = (self.into, self.where_known);
        format!("INSERT INTO {into} VALUES {rows} ON CONFLICT {known}")
    }

    /// Prepares the values of the next statement while one runs.
    async fn write<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&mut Values, &T) -> Result<()>,
    ) -> Result<()> {
        let mut chunks = rows.chunks(ROWS_PER_STATEMENT);
        let mut prepare = || {
            chunks.next().map(|rows| {
                let mut values = Values::default();
                values.0.reserve(rows.len() * self.columns, 0);
                let bound = rows.iter().try_for_each(|row| bind(&mut values, row));
                bound.map(|()| (rows.len(), values.0))
            })
        };
        let full = self.text(ROWS_PER_STATEMENT);
        let mut prepared = prepare();
        while let Some(ready) = prepared {
            let (rows, values) = ready?;
            let is_full = rows == ROWS_PER_STATEMENT;
            let text = if is_full {
                Cow::Borrowed(&full)
            } else {
                Cow::Owned(self.text(rows))
            };
            // Only statements of the full size recur and are worth keeping prepared.
            let query = sqlx::query_with(&text, values).persistent(is_full);
            let running = query.execute(&mut *connection);
            let (written, next) = tokio::join!(running, async { prepare() });
            written?;
            prepared = next;
        }
        Ok(())
    }
}
