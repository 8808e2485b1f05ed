//! Makes the snapshot from the builds.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use anyhow::Result;
use sqlx::SqliteConnection;

use super::{facts, keys, meta, names::Names, sample};
use crate::server::{
    config::Config,
    snapshot::{BuildRecord, BuildResult, Snapshot, SnapshotBuilder},
};

const BUILDS_PER_PAGE: i64 = 10_000;

#[derive(sqlx::FromRow)]
struct StoredBuild {
    id: i64,
    tag: Option<String>,
    job: i64,
    number: Option<String>,
    branch: Option<i64>,
    nightly: bool,
    result: u8,
    started_ms: i64,
    finished_ms: i64,
    duration_ms: Option<i64>,
    failing_step: Option<i64>,
    functional_test_ms: Option<i64>,
}

/// Runs inside a read transaction, so that all it reads is of one moment.
pub async fn load(connection: &mut SqliteConnection, config: Arc<Config>) -> Result<Snapshot> {
    let mut names = Names::default();
    names.refresh(connection).await?;
    let mut snapshot = SnapshotBuilder::new(Arc::clone(&config));
    let mut after = 0;
    loop {
        // The tag stands in for a missing number only, and is long: it is not read otherwise.
        let query = sqlx::query_as(
            "SELECT id, CASE WHEN number IS NULL THEN tag END AS tag, job, number, branch, nightly, \
             result, started_ms, finished_ms, duration_ms, failing_step, \
             functional_ms - smoke_ms AS functional_test_ms \
             FROM builds WHERE id > ? ORDER BY id LIMIT ?",
        );
        let page: Vec<StoredBuild> = query
            .bind(after)
            .bind(BUILDS_PER_PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.id;
        for build in &page {
            let tag = build.tag.as_deref().and_then(keys::given);
            snapshot.push(&BuildRecord {
                job_name: names.text(build.job)?,
                build_id: build.number.as_deref().or(tag).unwrap_or(""),
                branch: build.branch.map(|id| names.text(id)).transpose()?,
                result: BuildResult::from_number(build.result),
                nightly: build.nightly,
                started_ms: build.started_ms,
                finished_ms: build.finished_ms,
                duration_ms: build.duration_ms,
                failing_step: build.failing_step.map(|id| names.text(id)).transpose()?,
                functional_test_ms: build.functional_test_ms,
            });
        }
    }
    let security = facts::load(connection).await?;
    let as_of_ms = meta::number(connection, meta::BUILDS_AS_OF).await?;
    let version = version(connection, &config).await?;
    let sample = sample::is_there(connection).await?;
    Ok(Snapshot {
        sample,
        ..snapshot.finish(version, as_of_ms, security)
    })
}

/// Names the data and the configuration that they are read by: either changes the figures.
pub async fn version(connection: &mut SqliteConnection, config: &Config) -> Result<String> {
    let store = meta::read(connection, meta::STORE_ID).await?;
    let changes = meta::number(connection, meta::VERSION).await?;
    let mut hash = DefaultHasher::new();
    format!("{config:?}").hash(&mut hash);
    Ok(format!(
        "{}-{}-{:016x}",
        store.unwrap_or_default(),
        changes.unwrap_or(0),
        hash.finish()
    ))
}
