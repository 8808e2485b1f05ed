//! Builds as a snapshot needs them, read page by page, so that memory stays bounded. A page comes as
//! one JSON text: handing over as many rows takes several times as long.

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use super::keys;
use crate::server::snapshot::{BuildRecord, BuildResult, SnapshotBuilder};

const BUILDS_PER_PAGE: i64 = 10_000;
const DAMAGED: &str = "the store is damaged: its builds cannot be read";

/// Which builds are read, and by which column page by page.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// All of them, up to this id.
    All(i64),
    /// Those that were written after this change of the store, up to that one.
    Changed(i64, i64),
}

impl Wanted {
    const fn column(self) -> &'static str {
        match self {
            Self::All(_) => "id",
            Self::Changed(..) => "changed",
        }
    }

    /// Where to begin after, where to end, and how far a page goes: a change is never of many builds.
    const fn range(self) -> (i64, i64, i64) {
        match self {
            Self::All(last) => (0, last, BUILDS_PER_PAGE),
            Self::Changed(after, last) => (after, last, 1),
        }
    }
}

/// A build, as [`read`] lists its columns.
#[derive(Deserialize)]
struct StoredBuild<'a> {
    id: u32,
    #[serde(borrow)]
    number: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tag: Option<Cow<'a, str>>,
    job: usize,
    branch: Option<usize>,
    nightly: u8,
    result: u8,
    started_ms: i64,
    finished_ms: i64,
    duration_ms: Option<i64>,
    failing_step: Option<usize>,
    functional_test_ms: Option<i64>,
}

/// Reads the wanted builds and hands them over page by page, as long as somebody takes them.
pub async fn read(
    connection: &mut SqliteConnection,
    wanted: Wanted,
    pages: mpsc::Sender<String>,
) -> Result<()> {
    let column = wanted.column();
    // The tag stands in for a missing number only, and is long: it is not read otherwise.
    let text = format!(
        "SELECT json_group_array(json_array(id, number, CASE WHEN number IS NULL THEN tag END, \
         job, branch, nightly, result, started_ms, finished_ms, duration_ms, failing_step, \
         CAST(functional_ms - smoke_ms AS INTEGER))) \
         FROM builds WHERE {column} > ? AND {column} <= ?"
    );
    let (mut after, last, step) = wanted.range();
    while after < last {
        let until = last.min(after + step);
        let query = sqlx::query_scalar(&text).bind(after).bind(until);
        let page = query.fetch_one(&mut *connection).await?;
        if pages.send(page).await.is_err() {
            break;
        }
        after = until;
    }
    Ok(())
}

/// Adds the builds of a page to a snapshot.
pub fn push(page: &str, texts: &Texts, snapshot: &mut SnapshotBuilder) -> Result<()> {
    let builds: Vec<StoredBuild<'_>> = serde_json::from_str(page).context(DAMAGED)?;
    for build in &builds {
        let tag = build.tag.as_deref().and_then(keys::given);
        let record = BuildRecord {
            job_name: texts.get(build.job)?,
            build_id: build.number.as_deref().or(tag).unwrap_or(""),
            branch: build.branch.map(|id| texts.get(id)).transpose()?,
            result: BuildResult::from_number(build.result),
            nightly: build.nightly != 0,
            started_ms: build.started_ms,
            finished_ms: build.finished_ms,
            duration_ms: build.duration_ms,
            failing_step: build.failing_step.map(|id| texts.get(id)).transpose()?,
            functional_test_ms: build.functional_test_ms,
        };
        snapshot.push_stored(build.id, &record);
    }
    Ok(())
}

/// The names that wanted builds have, by their ids.
pub struct Texts(Vec<Option<Box<str>>>);

impl Texts {
    pub async fn read(connection: &mut SqliteConnection, wanted: Wanted) -> Result<Self> {
        let query = match wanted {
            Wanted::All(_) => {
                sqlx::query_scalar("SELECT json_group_array(json_array(id, text)) FROM strings")
            }
            Wanted::Changed(after, last) => sqlx::query_scalar(
                "WITH wanted AS (SELECT job, branch, failing_step FROM builds \
                 WHERE changed > ? AND changed <= ?) \
                 SELECT json_group_array(json_array(id, text)) FROM strings WHERE id IN \
                 (SELECT job FROM wanted UNION ALL SELECT branch FROM wanted \
                 UNION ALL SELECT failing_step FROM wanted)",
            )
            .bind(after)
            .bind(last),
        };
        let json: String = query.fetch_one(connection).await?;
        let known: Vec<(usize, Box<str>)> = serde_json::from_str(&json).context(DAMAGED)?;
        let mut texts = Vec::new();
        for (id, text) in known {
            if texts.len() <= id {
                texts.resize(id + 1, None);
            }
            texts[id] = Some(text);
        }
        Ok(Self(texts))
    }

    fn get(&self, id: usize) -> Result<&str> {
        let text = self.0.get(id).and_then(|text| text.as_deref());
        text.with_context(|| format!("the store is damaged: it holds no string {id}"))
    }
}
