//! Where builds are kept: how the tag of a build leads to its row.

mod postgres;
mod sqlite;

use std::borrow::Cow;

use anyhow::Result;
use sqlx::FromRow;

use super::engine::Session;

/// Where a build is kept; of a build's events the same holds.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Place {
    /// Its key.
    pub id: i64,
    /// Its number in snapshots, which are the smaller the denser these are.
    pub ordinal: i64,
    /// The month of its first event when it was first seen, counted from year 0; 0 where builds are not
    /// kept by month. It never changes.
    pub month: i32,
}

#[derive(Clone, Copy, Debug)]
pub struct Located {
    pub place: Place,
    pub is_new: bool,
}

/// The tag of a build and its place.
#[derive(FromRow)]
pub struct Tagged {
    pub tag: String,
    #[sqlx(flatten)]
    pub place: Place,
}

/// A build that is looked for.
pub struct Sought<'a> {
    pub tag: Cow<'a, str>,
    /// Its earliest stamp, Unix ms.
    pub first_ms: i64,
}

/// The places of builds, in their order; of new ones the places that they get.
pub async fn locate(session: &mut Session, builds: &[Sought<'_>]) -> Result<Vec<Located>> {
    match session {
        Session::Sqlite(_) => sqlite::locate(session, builds).await,
        Session::Postgres(_) => postgres::locate(session, builds).await,
    }
}

/// The greatest ordinal that was ever given.
pub async fn last_ordinal(session: &mut Session) -> Result<i64> {
    match session {
        Session::Sqlite(_) => sqlite::last(session).await,
        Session::Postgres(_) => postgres::last(session).await,
    }
}

/// The columns of a [`Place`].
pub const fn columns(session: &Session) -> &'static str {
    match session {
        Session::Sqlite(_) => "id, id AS ordinal, 0 AS month",
        Session::Postgres(_) => "id, ordinal, month",
    }
}

/// The next builds after one, by id.
pub async fn page(session: &mut Session, after: i64, limit: i64) -> Result<Vec<Tagged>> {
    let columns = columns(session);
    let sql = format!("SELECT tag, {columns} FROM builds WHERE id > $1 ORDER BY id LIMIT $2");
    session.all(&sql, &[after.into(), limit.into()]).await
}
