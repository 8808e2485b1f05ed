//! Everything that the store holds, one by one in a fixed order, for exports.

use anyhow::Result;
use sqlx::SqliteConnection;

use super::{keys, names::Names, read::StoredEvent, roll_up::Build};
use crate::server::{snapshot::BuildResult, sources::Event};

const ROWS_PER_PAGE: i64 = 5_000;

#[derive(sqlx::FromRow)]
struct TaggedEvent {
    tag: String,
    #[sqlx(flatten)]
    event: StoredEvent,
}

/// Every event, by the tag of its build and its id. Runs inside a read transaction.
pub async fn event(
    connection: &mut SqliteConnection,
    f: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    let mut names = Names::default();
    names.refresh(connection).await?;
    let (mut tag, mut id) = (String::new(), String::new());
    loop {
        // The first condition on the tag lets the index find where to go on.
        let query = sqlx::query_as(
            "SELECT b.tag, e.build, e.id, e.stage_ms, e.ts, e.result, e.step, e.scheduled_ms, \
             e.duration_ms, e.job, e.branch, e.number, e.url \
             FROM builds AS b JOIN events AS e ON e.build = b.id \
             WHERE b.tag >= ? AND (b.tag > ? OR e.id > ?) ORDER BY b.tag, e.id LIMIT ?",
        );
        let query = query.bind(&tag).bind(&tag).bind(&id).bind(ROWS_PER_PAGE);
        let page: Vec<TaggedEvent> = query.fetch_all(&mut *connection).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        (tag, id) = (last.tag.clone(), last.event.id.clone());
        for TaggedEvent { tag, event } in page {
            let row = event.into_row(&names)?;
            f(&Event {
                id: keys::given(&row.id).map(str::to_owned),
                build_tag: keys::given(&tag).map(str::to_owned),
                job_name: row.job.to_owned(),
                build_id: row.number.map(Into::into),
                result: row.result,
                stage_ms: row.stage_ms,
                ts: row.ts,
                scheduled_ms: row.scheduled_ms,
                duration_ms: row.duration_ms,
                step: row.step.map(str::to_owned),
                branch: row.branch.map(str::to_owned),
                build_url: row.url.map(Into::into),
            })?;
        }
    }
}

#[derive(sqlx::FromRow)]
struct StoredBuild {
    tag: String,
    job: i64,
    number: Option<String>,
    branch: Option<i64>,
    url: Option<String>,
    nightly: bool,
    result: u8,
    started_ms: i64,
    finished_ms: i64,
    duration_ms: Option<i64>,
    failing_step: Option<i64>,
    smoke_ms: Option<i64>,
    functional_ms: Option<i64>,
    events: i64,
}

/// Every build with its tag, by tag; none where the source gave none. Runs inside a read transaction.
pub async fn build(
    connection: &mut SqliteConnection,
    f: &mut dyn FnMut(Option<&str>, &Build<'_>) -> Result<()>,
) -> Result<()> {
    let mut names = Names::default();
    names.refresh(connection).await?;
    let mut after = String::new();
    loop {
        let query = sqlx::query_as(
            "SELECT tag, job, number, branch, url, nightly, result, started_ms, finished_ms, \
             duration_ms, failing_step, smoke_ms, functional_ms, events \
             FROM builds WHERE tag > ? ORDER BY tag LIMIT ?",
        );
        let query = query.bind(&after).bind(ROWS_PER_PAGE);
        let page: Vec<StoredBuild> = query.fetch_all(&mut *connection).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(&last.tag);
        for build in &page {
            let rolled_up = Build {
                job: names.text(build.job)?,
                number: build.number.as_deref(),
                branch: build.branch.map(|id| names.text(id)).transpose()?,
                url: build.url.as_deref(),
                nightly: build.nightly,
                result: BuildResult::from_number(build.result),
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
    }
}
