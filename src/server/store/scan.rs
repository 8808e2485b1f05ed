//! Reads the whole content of the store in a fixed order, for exports.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use futures::TryStreamExt as _;

use super::{
    engine::Transaction,
    keys::{self, BuildKey},
    meta,
    names::NameTexts,
    tables::{self, BuildRow, EventRow, columns},
};
use crate::server::{
    config::Config,
    model::{Build, Event},
    snapshot::truth::{self, Ends, Judge, LatestEvent},
};

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

/// The values of a build that show whether it and its pipeline tell their ends.
#[derive(sqlx::FromRow)]
struct EndRow {
    job: i64,
    system: Option<i64>,
    branch: Option<i64>,
    result: i16,
    finished_ms: i64,
    ended: bool,
}

/// The identity of a pipeline: the ids of its job and system.
type PipelineId = (i64, Option<i64>);

/// Returns the pipelines that tell when their builds end. Like snapshots, it judges by builds of default
/// branches.
async fn telling(
    transaction: &mut Transaction,
    names: &NameTexts,
    judge: &Judge,
    default_branches: &[String],
) -> Result<HashSet<PipelineId>> {
    let mut pipelines: HashMap<PipelineId, Ends> = HashMap::new();
    let sql = "SELECT job, system, branch, result, finished_ms, ended FROM builds";
    let mut rows = transaction.each::<EndRow>(sql, &[])?;
    while let Some(row) = rows.try_next().await? {
        let ends = pipelines.entry((row.job, row.system)).or_default();
        let branch = row.branch.map(|id| names.text(id)).transpose()?;
        if branch.is_none_or(|branch| default_branches.iter().any(|known| known == branch)) {
            ends.add(
                judge,
                LatestEvent {
                    result: tables::result(row.result),
                    at_ms: row.finished_ms,
                    ended: row.ended,
                },
            );
        }
    }
    let (ids, of_systems): (Vec<PipelineId>, Vec<_>) = pipelines
        .into_iter()
        .map(|((job, system), ends)| ((job, system), (system, ends)))
        .unzip();
    let tell_ends = truth::tell_ends(&of_systems);
    let telling = ids.into_iter().zip(tell_ends);
    Ok(telling
        .filter_map(|(id, tells)| tells.then_some(id))
        .collect())
}

/// Visits every build with the result of its latest event, sorted by its stored tag. Runs inside a read
/// transaction.
pub async fn build(
    transaction: &mut Transaction,
    f: &mut dyn FnMut(&BuildKey<'_>, &Build<'_>) -> Result<()>,
) -> Result<()> {
    let names = NameTexts::read(transaction).await?;
    let visit = &mut |row: &BuildRow, build: Build<'_>| f(&keys::build(&row.tag)?, &build);
    each_row(transaction, &names, visit).await
}

/// Visits every build with its result as of the store's data, sorted by its stored tag. Runs inside a read
/// transaction.
pub async fn decided_build(
    transaction: &mut Transaction,
    config: &Config,
    f: &mut dyn FnMut(&BuildKey<'_>, &Build<'_>) -> Result<()>,
) -> Result<()> {
    let names = NameTexts::read(transaction).await?;
    let as_of_ms = meta::number(transaction, meta::BUILDS_AS_OF).await?;
    let judge = Judge {
        as_of_ms: as_of_ms.unwrap_or(i64::MIN),
        rules: config.rules.ends,
    };
    let telling = telling(transaction, &names, &judge, &config.default_branches).await?;
    let visit = &mut |row: &BuildRow, mut build: Build<'_>| {
        let latest = LatestEvent {
            result: build.result,
            at_ms: build.finished_ms,
            ended: build.ended,
        };
        let tells_end = telling.contains(&(row.job, row.system));
        build.result = judge.result(latest, tells_end);
        f(&keys::build(&row.tag)?, &build)
    };
    each_row(transaction, &names, visit).await
}

async fn each_row(
    transaction: &mut Transaction,
    names: &NameTexts,
    f: &mut dyn FnMut(&BuildRow, Build<'_>) -> Result<()>,
) -> Result<()> {
    let sql = format!(
        "SELECT {} FROM builds ORDER BY tag",
        columns::<BuildRow>("")
    );
    let mut rows = transaction.each::<BuildRow>(&sql, &[])?;
    while let Some(row) = rows.try_next().await? {
        f(&row, row.build(names)?)?;
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
