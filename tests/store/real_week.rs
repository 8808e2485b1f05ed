//! The real week of 2019, if it is available, compared with a plain loop over its JSON.

use std::{
    collections::{BTreeMap, HashMap},
    env,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::support::{content, import, open, runtime};

const FILE: &str = "../shared/events/hmcts-2019-10-25.ndjson.gz";

fn real_week() -> Option<PathBuf> {
    let named = env::var_os("RSE_REAL_EVENTS").map(PathBuf::from);
    let path = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE));
    if path.is_file() {
        return Some(path);
    }
    eprintln!(
        "skipped: {} is missing; RSE_REAL_EVENTS can name it",
        path.display()
    );
    None
}

/// Counts builds by result, and sums the seconds between start and finish.
fn counted(path: &Path) -> (BTreeMap<String, u64>, i64) {
    let file = MultiGzDecoder::new(File::open(path).expect("a file"));
    let mut latest: HashMap<String, Value> = HashMap::new();
    for line in BufReader::new(file).lines() {
        let event: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let tag = event["build_tag"].as_str().expect("a tag").to_owned();
        let key = |event: &Value| {
            let text = |field: &str| event[field].as_str().map(str::to_owned);
            (text("stage_timestamp"), event["_ts"].as_i64(), text("id"))
        };
        let known = latest.entry(tag).or_insert_with(|| event.clone());
        if key(&event) > key(known) {
            *known = event;
        }
    }
    let mut results = BTreeMap::new();
    let mut seconds = 0;
    for event in latest.values() {
        let result = event["current_build_current_result"].as_str();
        *results
            .entry(result.unwrap_or("UNKNOWN").to_owned())
            .or_insert(0) += 1;
        seconds += between(event, "current_build_scheduled_time", "stage_timestamp");
    }
    (results, seconds)
}

fn between(row: &Value, start: &str, end: &str) -> i64 {
    let at = |field: &str| {
        let text = row[field].as_str().expect("an instant");
        text.parse::<jiff::Timestamp>()
            .expect("an instant")
            .as_second()
    };
    at(end) - at(start)
}

#[test]
fn the_real_week_gives_the_builds_of_a_plain_loop() {
    let Some(path) = real_week() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let (report, again, builds) = runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let report = import(&mut store, std::slice::from_ref(&path)).await;
        let again = import(&mut store, std::slice::from_ref(&path)).await;
        (report, again, content(&store).await.0)
    });
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.read, report.ingested.new), (10_489, 10_489));
    assert_eq!(again.ingested.unchanged, 10_489);

    let builds: Vec<Value> = builds
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(builds.len(), 1_276);
    let mut results = BTreeMap::new();
    let mut seconds = 0;
    for build in &builds {
        let result = build["result"].as_str().expect("a result").to_owned();
        *results.entry(result).or_insert(0) += 1;
        seconds += between(build, "started_at", "finished_at");
    }
    assert_eq!((results, seconds), counted(&path));
}
