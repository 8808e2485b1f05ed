//! Helpers for the tests of the store. They run on SQLite, or on PostgreSQL if
//! `RSE_TEST_DATABASE_URL` names a server: there each directory of a test is a schema.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use jiff::Timestamp;
use rse_dashboard::server::{
    config::Config,
    export::{self, Format},
    insight,
    model::{BuildResult, Codebase, Event, System, Toolchain},
    snapshot::Snapshot,
    sources::file::{self, Report},
    store::{Location, Store},
};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Returns an instant after all events of the tests.
pub fn now() -> Timestamp {
    "2019-11-02T00:00:00Z".parse().expect("an instant")
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// Returns the PostgreSQL server of the tests, if they run on one.
pub fn server() -> Option<String> {
    std::env::var("RSE_TEST_DATABASE_URL").ok()
}

/// Returns the URL of a directory's database, with its own schema.
pub async fn database_url(dir: &Path) -> Option<String> {
    let server = server()?;
    let mut hash = DefaultHasher::new();
    dir.hash(&mut hash);
    let schema = format!("of_{:016x}", hash.finish());
    let mut connection = PgConnection::connect(&server).await.expect("a server");
    let create = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
    // If several create it at once, all but one may fail.
    let _ = connection.execute(&*create).await;
    connection.close().await.expect("closed");
    Some(format!("{server}?options=-csearch_path%3D{schema}"))
}

pub async fn location(dir: &Path) -> Location {
    let url = database_url(dir).await;
    let database = url.map(|url| url.parse().expect("an address"));
    Location::new(dir.to_owned(), database, None)
}

/// Returns a command that runs the program on the store of a directory.
pub fn program(data: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rse-dashboard"));
    program.arg("--data").arg(data).env_remove("DATABASE_URL");
    if let Some(url) = runtime().block_on(database_url(data)) {
        program.env("DATABASE_URL", url);
    }
    program
}

pub async fn open(dir: &Path) -> Store {
    open_by(dir, &Config::built_in()).await
}

pub async fn open_by(dir: &Path, config: &Config) -> Store {
    let store = Store::open(location(dir).await, config).await;
    store.expect("the store opens")
}

pub async fn load(store: &Store) -> Snapshot {
    let snapshot = insight::load(store, Arc::new(Config::built_in())).await;
    snapshot.expect("a readable store")
}

/// Returns the whole content of a store as exports: its builds with their steps, and its events.
pub async fn content(store: &Store) -> (String, String) {
    let (mut builds, mut events) = (Vec::new(), Vec::new());
    let config = Config::built_in();
    let exported = export::builds(store, &config, Format::Ndjson, &mut builds).await;
    exported.expect("builds can be exported");
    let exported = export::steps(store, Format::Ndjson, &mut builds).await;
    exported.expect("steps can be exported");
    let exported = export::events(store, Format::Ndjson, &mut events).await;
    exported.expect("events can be exported");
    let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
    (text(builds), text(events))
}

pub async fn import(store: &mut Store, files: &[PathBuf]) -> Report {
    let report = file::import_events(store, files, |_| System::default(), now()).await;
    report.expect("the import succeeds")
}

/// Imports a file into a new store; returns the report and the store's content.
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

/// Returns an event of a job's build; positions are a minute apart.
pub fn event(job: usize, build: usize, position: usize) -> Event {
    let minute = (job * 7 + build * 20 + position) as i64;
    Event {
        id: Some(format!("{job:04}-{build:04}-{position:04}")),
        build_tag: Some(format!("jenkins-HMCTS_CMC-job{job}-master-{build}")),
        job_name: format!("HMCTS_CMC/job{job}/master"),
        build_id: Some(build.to_string()),
        result: [BuildResult::Success, BuildResult::Failure][(job + build + position) % 2],
        stage_ms: 1_571_961_600_000 + minute * 60_000,
        received_s: Some(1_571_961_600 + minute * 60),
        scheduled_ms: Some(1_571_961_600_000),
        duration_ms: Some(minute * 1000),
        step: Some(format!("step {position}")),
        branch: Some("master".to_owned()),
        build_url: None,
        system: System::default(),
        step_duration_ms: None,
        git_commit: None,
        node_name: None,
        correlation_id: None,
        codebase: Codebase::default(),
        toolchain: Toolchain::default(),
    }
}

pub fn ndjson(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        export::write_event(&mut bytes, event).expect("memory can be written");
    }
    bytes
}
