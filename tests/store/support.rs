//! What the tests of the store share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use rse_dashboard::server::{
    config::Config,
    export::{self, Format},
    snapshot::{BuildResult, Snapshot},
    sources::{
        Event,
        file::{self, Report},
    },
    store::Store,
};

/// After all events of the tests.
pub fn now() -> Timestamp {
    "2019-11-02T00:00:00Z".parse().expect("an instant")
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

pub async fn open(dir: &Path) -> Store {
    let store = Store::open(dir, &Config::built_in()).await;
    store.expect("the store opens")
}

pub async fn load(store: &Store) -> Snapshot {
    let snapshot = store.load(Arc::new(Config::built_in())).await;
    snapshot.expect("the store can be read")
}

/// Everything that a store holds, as an export: its builds and its events.
pub async fn content(store: &Store) -> (String, String) {
    let (mut builds, mut events) = (Vec::new(), Vec::new());
    let exported = export::builds(store, Format::Ndjson, &mut builds).await;
    exported.expect("builds can be exported");
    let exported = export::events(store, Format::Ndjson, &mut events).await;
    exported.expect("events can be exported");
    let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
    (text(builds), text(events))
}

pub async fn import(store: &mut Store, files: &[PathBuf]) -> Report {
    let report = file::import_events(store, files, now()).await;
    report.expect("the import succeeds")
}

/// Writes a file and imports it into a new store; the store's content comes back, too.
pub fn import_bytes(bytes: &[u8]) -> (Report, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("events");
    fs::write(&path, bytes).expect("a file");
    runtime().block_on(async {
        let mut store = open(&dir.path().join("data")).await;
        let mut report = import(&mut store, std::slice::from_ref(&path)).await;
        for fault in &mut report.faults {
            assert_eq!(fault.file, path.display().to_string());
            fault.file = "events".to_owned();
        }
        (report, content(&store).await.1)
    })
}

/// An event of a job's build, one minute after another.
pub fn event(job: usize, build: usize, position: usize) -> Event {
    let minute = (job * 7 + build * 20 + position) as i64;
    Event {
        id: Some(format!("{job:04}-{build:04}-{position:04}")),
        build_tag: Some(format!("jenkins-HMCTS_CMC-job{job}-master-{build}")),
        job_name: format!("HMCTS_CMC/job{job}/master"),
        build_id: Some(build.to_string()),
        result: [BuildResult::Success, BuildResult::Failure][(job + build + position) % 2],
        stage_ms: 1_571_961_600_000 + minute * 60_000,
        ts: Some(1_571_961_600 + minute * 60),
        scheduled_ms: Some(1_571_961_600_000),
        duration_ms: Some(minute * 1000),
        step: Some(format!("step {position}")),
        branch: Some("master".to_owned()),
        build_url: None,
    }
}

pub fn ndjson(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        export::write_event(&mut bytes, event).expect("memory can be written");
    }
    bytes
}
