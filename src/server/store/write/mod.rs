//! Writes builds and events, as fast as the engine takes them.

mod copy;
mod postgres;
mod sqlite;

use anyhow::Result;

use super::{engine::Session, names::Names, places::Place, roll_up::Build, row::Row};

/// A build with its place and tag.
pub struct NamedBuild<'a> {
    pub place: Place,
    pub tag: &'a str,
    pub build: Build<'a>,
}

/// Writes builds, each with the change of the store that it is of.
pub async fn builds(
    session: &mut Session,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    match session {
        Session::Sqlite(transaction) => sqlite::builds(transaction, builds, change, names).await,
        Session::Postgres(transaction) => {
            postgres::builds(transaction, builds, change, names).await
        }
    }
}

/// Writes events, each with the place of its build.
pub async fn events(
    session: &mut Session,
    events: &[(Place, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    match session {
        Session::Sqlite(transaction) => sqlite::events(transaction, events, names).await,
        Session::Postgres(transaction) => postgres::events(transaction, events, names).await,
    }
}
