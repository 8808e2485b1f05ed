//! Reads the whole content of the store in a fixed order, for exports.

use anyhow::Result;
use futures::TryStreamExt as _;

use super::{
    engine::Transaction,
    keys,
    names::Names,
    read::{self, StoredEvent},
};
use crate::server::{
    model::Build,
    model::{Event, Provenance, System},
};

/// Selects every [`TaggedEvent`], in any order.
pub const TAGGED_EVENTS: &str = "SELECT b.tag, e.build, e.id, e.stage_ms, e.ts, e.result, e.step, \
    e.scheduled_ms, e.duration_ms, e.job, e.branch, e.number, e.url \
    FROM builds AS b JOIN events AS e ON e.build = b.id";

#[derive(sqlx::FromRow)]
pub struct TaggedEvent {
    tag: String,
    #[sqlx(flatten)]
    event: StoredEvent,
}

impl TaggedEvent {
    /// Returns the key of the event's build.
    pub const fn build(&self) -> i64 {
        self.event.build
    }

    pub fn into_event(self, names: &Names) -> Result<Event> {
        let row = self.event.into_row(names)?;
        Ok(Event {
            id: keys::given(&row.id).map(str::to_owned),
            build_tag: keys::given(&self.tag).map(str::to_owned),
            job_name: row.job.to_owned(),
            build_id: row.number.map(Into::into),
            result: row.result,
            stage_ms: row.stage_ms,
            received_s: row.ts,
            scheduled_ms: row.scheduled_ms,
            duration_ms: row.duration_ms,
            step: row.step.map(str::to_owned),
            branch: row.branch.map(str::to_owned),
            build_url: row.url.map(Into::into),
            system: System::default(),
            step_duration_ms: None,
            git_commit: None,
            node_name: None,
            correlation_id: None,
            provenance: Provenance::default(),
        })
    }
}

/// Visits every event, sorted by the tag of its build and its id. Runs inside a read transaction.
pub async fn event(
    transaction: &mut Transaction,
    f: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    let mut names = Names::default();
    names.reload(transaction).await?;
    let sql = format!("{TAGGED_EVENTS} ORDER BY b.tag, e.id");
    let mut rows = transaction.each::<TaggedEvent>(&sql, &[])?;
    while let Some(event) = rows.try_next().await? {
        f(&event.into_event(&names)?)?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct StoredBuild {
    tag: String,
    job: i64,
    number: Option<String>,
    branch: Option<i64>,
    url: Option<String>,
    nightly: bool,
    result: i16,
    started_ms: i64,
    finished_ms: i64,
    duration_ms: Option<i64>,
    failing_step: Option<i64>,
    smoke_ms: Option<i64>,
    functional_ms: Option<i64>,
    events: i64,
}

/// Visits every build with its tag (none if the source gave none), sorted by tag. Runs inside a read
/// transaction.
pub async fn build(
    transaction: &mut Transaction,
    f: &mut dyn FnMut(Option<&str>, &Build<'_>) -> Result<()>,
) -> Result<()> {
    let mut names = Names::default();
    names.reload(transaction).await?;
    let sql = "SELECT tag, job, number, branch, url, nightly, result, started_ms, finished_ms, \
               duration_ms, failing_step, smoke_ms, functional_ms, events FROM builds ORDER BY tag";
    let mut rows = transaction.each::<StoredBuild>(sql, &[])?;
    while let Some(build) = rows.try_next().await? {
        let rolled_up = Build {
            job: names.text(build.job)?,
            number: build.number.as_deref(),
            branch: build.branch.map(|id| names.text(id)).transpose()?,
            url: build.url.as_deref(),
            nightly: build.nightly,
            result: read::result(build.result),
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|id| names.text(id)).transpose()?,
            smoke_ms: build.smoke_ms,
            functional_ms: build.functional_ms,
            events: usize::try_from(build.events).unwrap_or(0),
        };
        f(keys::given(&build.tag), &rolled_up)?;
    }
    Ok(())
}
