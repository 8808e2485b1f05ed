//! Measures how long figures take, for 1 to 1,000 times the builds of a store, beside a loop that does
//! only the arithmetic. Prints JSON; `bench/figures.mjs` runs it and reads that.
//!
//! Figure and loop alternate, so that other load on the machine affects both.

mod difference;
mod limits;

use std::{hint::black_box, path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, Result};
use rse_dashboard::{
    api::View,
    selection::Selection,
    server::{
        attributes,
        compression::{Encoded, Level},
        config::Config,
        figures::{self, Figure},
        insight,
        snapshot::{
            BuildDetails, BuildRecord, Snapshot, SnapshotBuilder, change_points::Searched,
            security::Security,
        },
        store::Store,
        views::{build_list, pipeline},
    },
};
use serde_json::{Value, json};

/// Factors for the number of builds, and how often each figure is computed.
const SCALES: [(usize, usize); 4] = [(1, 101), (10, 31), (100, 7), (1000, 3)];
/// Selections of lists: the default, and all builds by conditions of several kinds.
const LISTS: [&str; 4] = [
    "",
    "days=180&failed_step=build&failed_step=unknown&result=FAILURE",
    "days=180&hour=9&hour=10&max_minutes=30&min_minutes=5&weekday=monday",
    "days=180&q=a&repository=unknown&step=build",
];
/// Enables the last scale, which needs gigabytes.
const FULL: &str = "BENCH_FULL";

/// A build of the snapshot, with its own memory.
struct Build {
    job: String,
    number: Option<String>,
    step: Option<String>,
    branch: Option<String>,
    record: BuildRecord<'static>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let dir: PathBuf = std::env::var_os("BENCH_STORE")
        .context("BENCH_STORE is not set; run `make bench`, which sets it to a data directory")?
        .into();
    let config = Arc::new(Config::built_in());
    let store = Store::open(dir.as_path(), &config).await?;
    let loaded = store.load(Arc::clone(&config)).await?;
    let as_of_ms = loaded.as_of_ms;
    let builds = builds(&store).await?;
    let mut security = Some(loaded.security);
    let mut scales = Vec::new();
    let is_full = std::env::var(FULL).is_ok_and(|full| full == "1");
    let wanted = SCALES.len() - usize::from(!is_full);
    for (times, repeats) in SCALES.into_iter().take(wanted) {
        // Facts of code do not grow with the builds.
        let security = security.take().unwrap_or_default();
        let began = Instant::now();
        let mut snapshot = grown(&builds, times, as_of_ms, &config, security);
        let made = began.elapsed().as_secs_f64();
        let insight = filled(&mut snapshot, repeats);
        let mut known = measured(&snapshot, times, repeats, made, insight)?;
        known["change_points_us"] = json!(change_points(&snapshot, repeats));
        scales.push(known);
    }
    let difference = difference::measured(&store, builds.len(), as_of_ms).await?;
    println!("{}", json!({"scales": scales, "difference": difference}));
    Ok(())
}

async fn builds(store: &Store) -> Result<Vec<Build>> {
    let mut builds = Vec::new();
    let own = |text: Option<&str>| text.map(str::to_owned);
    store
        .each_build(&mut |_, build| {
            let test = build.functional_ms.zip(build.smoke_ms);
            builds.push(Build {
                job: build.job.to_owned(),
                number: own(build.number),
                step: own(build.failing_step),
                branch: own(build.branch),
                record: BuildRecord {
                    job_name: "",
                    build_id: "",
                    branch: None,
                    failing_step: None,
                    result: build.result,
                    nightly: build.nightly,
                    started_ms: build.started_ms,
                    finished_ms: build.finished_ms,
                    duration_ms: build.duration_ms,
                    functional_test_ms: test.map(|(functional, smoke)| functional - smoke),
                    details: BuildDetails::default(),
                },
            });
            Ok(())
        })
        .await?;
    Ok(builds)
}

/// Builds a snapshot of this many copies of the pipelines, each a second after the previous one.
fn grown(
    builds: &[Build],
    times: usize,
    as_of_ms: Option<i64>,
    config: &Arc<Config>,
    security: Arc<Security>,
) -> Snapshot {
    let mut builder = SnapshotBuilder::new(Arc::clone(config));
    let mut job = String::new();
    for copy in 0..times {
        for build in builds {
            job.clone_from(&build.job);
            if copy > 0 {
                job.push_str(&format!("-{copy}"));
            }
            builder.push_record(&BuildRecord {
                job_name: &job,
                build_id: build.number.as_deref().unwrap_or(""),
                branch: build.branch.as_deref(),
                failing_step: build.step.as_deref(),
                finished_ms: build.record.finished_ms - 1000 * copy as i64,
                ..build.record.clone()
            });
        }
    }
    builder.finish(format!("{times} times"), as_of_ms, security)
}

/// Measures everything that is derived from the builds, from nothing.
fn filled(snapshot: &mut Snapshot, repeats: usize) -> Option<[f64; 3]> {
    let mut taken = Vec::new();
    for _ in 0..repeats {
        let began = Instant::now();
        insight::fill(black_box(snapshot));
        taken.push(began.elapsed().as_secs_f64() * 1e6);
    }
    spread(taken)
}

/// Measures the change points of all pipelines: from nothing, and after one of the series changed.
fn change_points(snapshot: &Snapshot, repeats: usize) -> [Option<[f64; 3]>; 2] {
    let mut changed = snapshot.insight.searched.clone();
    if let Some(&one) = changed.0.keys().next() {
        changed.0.remove(&one);
    }
    [Searched::default(), changed].map(|previous| {
        let mut taken = Vec::new();
        for _ in 0..repeats {
            let began = Instant::now();
            black_box(insight::change_points::compute(
                black_box(snapshot),
                &previous,
            ));
            taken.push(began.elapsed().as_secs_f64() * 1e6);
        }
        spread(taken)
    })
}

fn measured(
    snapshot: &Snapshot,
    times: usize,
    repeats: usize,
    made: f64,
    insight: Option<[f64; 3]>,
) -> Result<Value> {
    let selection = Selection::default();
    let mut figures = Vec::new();
    for figure in figures::ALL {
        figures.push(one(figure, snapshot, &selection, repeats)?);
    }
    Ok(json!({
        "times": times,
        "builds": snapshot.builds.len(),
        "window": attributes::select(snapshot, &selection).count(),
        "bytes": snapshot.bytes(),
        "made_s": made,
        "insight_us": insight,
        "list_us": lists(snapshot, repeats)?,
        "pipeline_us": pipeline_page(snapshot, repeats),
        "figures": figures,
    }))
}

/// Measures the slowest of some lists of builds: counts, histogram and the first page.
fn lists(snapshot: &Snapshot, repeats: usize) -> Result<Option<[f64; 3]>> {
    let mut slowest: Option<[f64; 3]> = None;
    for query in LISTS {
        let selection = Selection::parse(query)?;
        let mut taken = Vec::new();
        for _ in 0..repeats {
            let began = Instant::now();
            black_box(build_list::build_list(
                black_box(snapshot),
                &selection,
                &View::default(),
            ))?;
            taken.push(began.elapsed().as_secs_f64() * 1e6);
        }
        let spread = spread(taken);
        if spread.map(|us| us[0]) > slowest.map(|us| us[0]) {
            slowest = spread;
        }
    }
    Ok(slowest)
}

/// Measures the page of the pipeline with the most builds.
fn pipeline_page(snapshot: &Snapshot, repeats: usize) -> Option<[f64; 3]> {
    let mut builds = vec![0_usize; snapshot.pipelines.len()];
    for &pipeline in &snapshot.builds.pipeline {
        builds[pipeline as usize] += 1;
    }
    let most = (0..).zip(&builds).max_by_key(|(_, builds)| **builds)?.0;
    let mut taken = Vec::new();
    for _ in 0..repeats {
        let began = Instant::now();
        black_box(pipeline::details(black_box(snapshot), most));
        taken.push(began.elapsed().as_secs_f64() * 1e6);
    }
    spread(taken)
}

fn one(
    figure: &Figure,
    snapshot: &Snapshot,
    selection: &Selection,
    repeats: usize,
) -> Result<Value> {
    let limit = limits::of(figure.id);
    let mut taken: [Vec<f64>; 4] = Default::default();
    let mut json_bytes = 0;
    let mut compressed = 0;
    for _ in 0..repeats {
        // Both find the columns in the caches where they were last read.
        black_box((figure.rows)(black_box(snapshot), selection));
        let mut time =
            |of: usize, began: Instant| taken[of].push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        black_box((figure.rows)(black_box(snapshot), selection));
        time(0, began);
        if let Some(limit) = limit {
            let began = Instant::now();
            black_box(limit(black_box(snapshot)));
            time(1, began);
        }
        let began = Instant::now();
        let data = figure.compute(black_box(snapshot), selection)?;
        let json = serde_json::to_vec(&data)?;
        time(2, began);
        json_bytes = json.len();
        let began = Instant::now();
        compressed = Encoded::new(json, String::new(), Level::Fast)
            .brotli()
            .bytes
            .len();
        time(3, began);
    }
    let [rows, limit, json, encoding] = taken.map(spread);
    Ok(json!({
        "id": figure.id,
        "page": figure.page.as_str(),
        "rows_us": rows,
        "limit_us": limit,
        "json_us": json,
        "encoding_us": encoding,
        "json_bytes": json_bytes,
        "brotli_bytes": compressed,
    }))
}

/// Returns median, minimum and maximum, to a hundredth of a microsecond; none without values.
fn spread(mut values: Vec<f64>) -> Option<[f64; 3]> {
    values.sort_by(f64::total_cmp);
    let chosen = [
        values.get(values.len() / 2)?,
        values.first()?,
        values.last()?,
    ];
    Some(chosen.map(|us| (us * 100.0).round() / 100.0))
}
