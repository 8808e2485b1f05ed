//! The difference of builds, for about a million of them with all that the store knows of each.

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::Result;
use rse_dashboard::{
    selection::{Pair, Selection},
    server::{
        config::Config,
        figures::words,
        snapshot::{BuildDetails, BuildRecord, Snapshot, SnapshotBuilder, security::Security},
        store::Store,
        views::{comparison, difference},
    },
};
use serde_json::{Value, json};

use super::spread;

const BUILDS: usize = 1_000_000;
const REPEATS: usize = 11;

/// Measures the difference of all new failures and of two halves of the builds, and the comparison of the halves.
pub async fn measured(store: &Store, builds: usize, as_of_ms: Option<i64>) -> Result<Value> {
    let snapshot = snapshot(store, BUILDS.div_ceil(builds.max(1)), as_of_ms).await?;
    let all = Selection::parse("days=180")?;
    let middle_ms = snapshot.builds.finished_ms.get(snapshot.builds.len() / 2);
    let middle = words::instant(middle_ms.copied());
    let pair = Pair {
        a: all.with("from", &middle),
        b: all.with("to", &middle),
    };
    let mut failures = Vec::new();
    let mut halves = Vec::new();
    let mut compared = Vec::new();
    for _ in 0..REPEATS {
        let began = Instant::now();
        black_box(difference::of_failures(black_box(&snapshot), &all));
        failures.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        black_box(difference::of_selections(black_box(&snapshot), &pair));
        halves.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        black_box(comparison::comparison(black_box(&snapshot), &pair));
        compared.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(json!({
        "builds": snapshot.builds.len(),
        "steps": snapshot.builds.steps.len(),
        "failures_us": spread(failures),
        "halves_us": spread(halves),
        "compared_us": spread(compared),
    }))
}

/// A snapshot of this many copies of the pipelines.
async fn snapshot(store: &Store, times: usize, as_of_ms: Option<i64>) -> Result<Snapshot> {
    let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    store
        .each_build(&mut |key, build| {
            for copy in 0..times {
                builder.push_record(&BuildRecord {
                    job_name: &format!("{}-{copy}", build.job),
                    build_id: build.number.unwrap_or_default(),
                    branch: build.branch,
                    result: build.result,
                    nightly: build.nightly,
                    started_ms: build.started_ms,
                    finished_ms: build.finished_ms - 1000 * copy as i64,
                    duration_ms: build.duration_ms,
                    failing_step: build.failing_step,
                    functional_test_ms: None,
                    details: BuildDetails {
                        system: key.system.clone(),
                        ended: build.ended,
                        start_delay_ms: build.start_delay_ms,
                        git_commit: build.git_commit,
                        node: build.node,
                        codebase: Some(&build.codebase),
                        toolchain: Some(&build.toolchain),
                        steps: build.steps.clone(),
                    },
                });
            }
            Ok(())
        })
        .await?;
    Ok(builder.finish("copies".to_owned(), as_of_ms, Security::default()))
}
