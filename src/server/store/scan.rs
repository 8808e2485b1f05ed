//! Reads the whole content of the store in a fixed order, for exports.

use anyhow::Result;
use futures::TryStreamExt as _;

use super::{
    engine::Transaction,
    keys::{self, BuildKey},
    names::NameTexts,
    tables::{BuildRow, EventRow, columns},
};
use crate::server::model::{Build, Event};

/// An event with its build.
#[derive(sqlx::FromRow)]
pub struct TaggedEvent {
    tag: String,
    /// The key of the build.
    pub build: i64,
    #[sqlx(flatten)]
    event: EventRow,
}

impl TaggedEvent {
    /// Selects every event, in any order.
    pub fn select() -> String {
        format!(
            "SELECT b.tag, e.build, {} FROM builds AS b JOIN events AS e ON e.build = b.id",
            columns::<EventRow>("e.")
        )
    }

    pub fn into_event(self, names: &NameTexts) -> Result<Event> {
        self.event.into_event(&self.tag, names)
    }
}

/// Visits every event, sorted by the tag of its build and its id. Runs inside a read transaction.
pub async fn event(
    transaction: &mut Transaction,
    f: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    let names = NameTexts::read(transaction).await?;
    let sql = format!("{} ORDER BY b.tag, e.id", TaggedEvent::select());
    let mut rows = transaction.each::<TaggedEvent>(&sql, &[])?;
    while let Some(event) = rows.try_next().await? {
        f(&event.into_event(&names)?)?;
    }
    Ok(())
}

/// Visits every build, sorted by its stored tag. Runs inside a read transaction.
pub async fn build(
    transaction: &mut Transaction,
    f: &mut dyn FnMut(&BuildKey<'_>, &Build<'_>) -> Result<()>,
) -> Result<()> {
    let names = NameTexts::read(transaction).await?;
    let sql = format!(
        "SELECT {} FROM builds ORDER BY tag",
        columns::<BuildRow>("")
    );
    let mut rows = transaction.each::<BuildRow>(&sql, &[])?;
    while let Some(row) = rows.try_next().await? {
        f(&keys::build(&row.tag)?, &row.build(&names)?)?;
    }
    Ok(())
}

/// Reads every build and then every event, in any order. Runs inside a read transaction.
pub async fn verify(transaction: &mut Transaction) -> Result<()> {
    let names = NameTexts::read(transaction).await?;
    let sql = format!("SELECT {} FROM builds", columns::<BuildRow>(""));
    let mut rows = transaction.each::<BuildRow>(&sql, &[])?;
    while let Some(row) = rows.try_next().await? {
        row.build(&names)?;
    }
    drop(rows);
    let sql = TaggedEvent::select();
    let mut rows = transaction.each::<TaggedEvent>(&sql, &[])?;
    while let Some(event) = rows.try_next().await? {
        event.into_event(&names)?;
    }
    Ok(())
}
