//! Writes builds and events in the fastest way of each engine.

mod copy;
mod postgres;
mod sqlite;

use anyhow::Result;

use super::{build_location::BuildLookup, engine::Transaction, names::Names, row::Row};
use crate::server::model::Build;

/// A build with its location and tag.
pub struct NamedBuild<'a> {
    pub located: BuildLookup,
    pub tag: &'a str,
    pub build: Build<'a>,
}

/// Writes builds, each with the number of the change that wrote it.
pub async fn builds(
    transaction: &mut Transaction,
    builds: &[NamedBuild<'_>],
    change: i64,
    names: &Names,
) -> Result<()> {
    match transaction {
        Transaction::Sqlite(transaction) => {
            sqlite::builds(transaction, builds, change, names).await
        }
        Transaction::Postgres(transaction) => {
            postgres::builds(transaction, builds, change, names).await
        }
    }
}

/// Writes events, each with the location of its build.
pub async fn events(
    transaction: &mut Transaction,
    events: &[(BuildLookup, &Row<'_>)],
    names: &Names,
) -> Result<()> {
    match transaction {
        Transaction::Sqlite(transaction) => sqlite::events(transaction, events, names).await,
        Transaction::Postgres(transaction) => postgres::events(transaction, events, names).await,
    }
}
