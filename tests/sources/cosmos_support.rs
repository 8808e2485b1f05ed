//! Helpers for the tests of Cosmos DB: an account on this machine, and stores to sync it into.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Once,
};

use jiff::Timestamp;
use rse_dashboard::server::{
    config::Config,
    config::cosmos::Branches,
    environment::Environment,
    export::{self, Format},
    model::Event,
    sample::{self, SampleOptions},
    sources::{Run, Source as _, SourceError, SyncReport, cosmos::Cosmos},
    store::Store,
};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

pub const CONTAINER: &str = "pipeline-metrics";
pub const REPORTS: &str = "cve-reports";
pub const DAY: i64 = 86_400;

/// The account; it stops when its standard input closes, so with the test that holds it.
pub struct StandIn {
    child: Child,
    _stdin: ChildStdin,
    pub endpoint: String,
    pub key: String,
    control: String,
}

/// The first line of its output.
#[derive(Deserialize)]
struct Ready {
    endpoint: String,
    control: String,
    key: String,
    environment: HashMap<String, String>,
}

/// A query that it received.
#[derive(Debug, Deserialize)]
pub struct Asked {
    pub database: String,
    pub query: String,
    pub from: i64,
    pub to: Option<i64>,
    pub continued: bool,
    pub fault: Option<String>,
    #[serde(default)]
    pub documents: u64,
}

impl StandIn {
    pub fn start() -> Self {
        Self::with_partitions(1)
    }

    pub fn with_partitions(count: usize) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end/stand-ins/cosmos.mjs");
        let child = Command::new("node")
            .arg(script)
            .args(["--child", "--partitions", &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("node starts: `make setup` says what is missing");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it was asked for");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("the stand-in speaks");
        let ready: Ready = serde_json::from_str(&line)
            .expect("the stand-in is ready: `make setup` installs what it needs");
        set_environment(&ready.environment);
        Self {
            _stdin: child.stdin.take().expect("it was asked for"),
            child,
            endpoint: ready.endpoint,
            key: ready.key,
            control: ready.control,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Vec<u8>) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.control));
        let answer = request.body(body).send().await.expect("it responds");
        assert!(
            answer.status().is_success(),
            "{path}: {:?}",
            answer.text().await
        );
        answer.json().await.expect("JSON")
    }

    /// Puts events into a database.
    pub async fn seed(&self, database: &str, events: &[Event]) {
        self.seed_text(database, ndjson(events)).await;
    }

    pub async fn seed_text(&self, database: &str, ndjson: Vec<u8>) {
        self.seed_container(database, CONTAINER, ndjson).await;
    }

    /// Puts documents into the container of reports of scans.
    pub async fn seed_reports(&self, database: &str, documents: &[Value]) {
        let lines = documents.iter().map(|document| format!("{document}\n"));
        let ndjson = lines.collect::<String>().into_bytes();
        self.seed_container(database, REPORTS, ndjson).await;
    }

    async fn seed_container(&self, database: &str, container: &str, ndjson: Vec<u8>) {
        let path = format!("/seed?database={database}&container={container}");
        self.ask("POST", &path, ndjson).await;
    }

    /// Limits the documents per page from now on.
    pub async fn limit_pages(&self, documents: usize) {
        self.ask("PUT", "/page", documents.to_string().into_bytes())
            .await;
    }

    pub async fn plan(&self, faults: Value) {
        self.ask("POST", "/faults", faults.to_string().into_bytes())
            .await;
    }

    pub async fn clear_faults(&self) {
        self.ask("DELETE", "/faults", Vec::new()).await;
    }

    /// The queries received since the last call.
    pub async fn asked(&self) -> Vec<Asked> {
        let log = self.ask("DELETE", "/log", Vec::new()).await;
        serde_json::from_value(log).expect("a log")
    }

    /// The variables for some of its databases.
    pub fn variables(&self, databases: &str) -> HashMap<String, String> {
        let variables = [
            ("COSMOS_ENDPOINT", self.endpoint.as_str()),
            ("COSMOS_KEY", &self.key),
            ("COSMOS_DATABASES", databases),
        ];
        let variables = variables.iter();
        variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    pub fn source(&self, databases: &str) -> Cosmos {
        source(&all_branches(), self.variables(databases))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The SDK reads its settings for a server on this machine from the process's environment.
fn set_environment(variables: &HashMap<String, String>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (name, value) in variables {
            // SAFETY: every other reader of the environment in this process is Rust's own library,
            // which reads and writes it under one lock.
            unsafe { std::env::set_var(name, value) };
        }
    });
}

pub fn all_branches() -> Config {
    let mut config = Config::built_in();
    config.sources.cosmos.branches = Branches::All;
    config
}

pub fn source(config: &Config, variables: HashMap<String, String>) -> Cosmos {
    let environment: Environment = variables.into_iter().collect();
    let source = Cosmos::configured(config, &environment);
    source.expect("it is configured").expect("by whole")
}

/// Events of the days before `now`.
pub fn events(days: u16, scale: f64) -> Vec<Event> {
    let options = SampleOptions {
        seed: 7,
        days,
        scale,
        as_of_ms: now().as_millisecond(),
    };
    sample::events(&options).collect()
}

pub fn now() -> Timestamp {
    "2026-11-20T09:30:00Z".parse().expect("an instant")
}

pub fn ndjson(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        export::write_event(&mut bytes, event).expect("memory can be written");
    }
    bytes
}

/// A store in its own directory.
pub struct Held {
    pub store: Store,
    _dir: TempDir,
}

impl Held {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(dir.path(), &all_branches()).await;
        Self {
            store: store.expect("the store opens"),
            _dir: dir,
        }
    }

    /// A store with these events, written without a source.
    pub async fn of(events: &[Event]) -> Self {
        let mut held = Self::new().await;
        let ingested = held.store.ingest(events).await;
        ingested.expect("the store takes them");
        held
    }

    /// A store with these events as sample data.
    pub async fn of_sample(events: &[Event]) -> Self {
        let Self { store, _dir } = Self::new().await;
        let mut store = store.for_sample();
        store.ingest(events).await.expect("the store takes them");
        store.close().await;
        let store = Store::open(_dir.path(), &all_branches()).await;
        Self {
            store: store.expect("the store opens"),
            _dir,
        }
    }

    pub async fn sync(&mut self, source: &Cosmos) -> Result<SyncReport, SourceError> {
        self.sync_at(source, now(), None).await
    }

    pub async fn sync_at(
        &mut self,
        source: &Cosmos,
        started: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<SyncReport, SourceError> {
        let run = Run {
            started_ms: started.as_millisecond(),
            since_ms: since.map(Timestamp::as_millisecond),
            progress: &|_, _, _| {},
        };
        source.sync(&mut self.store, &run).await
    }

    /// The exported builds and events.
    pub async fn content(&self) -> (String, String) {
        let (mut builds, mut events) = (Vec::new(), Vec::new());
        let exported = export::builds(
            &self.store,
            &Config::built_in(),
            Format::Ndjson,
            &mut builds,
        )
        .await;
        exported.expect("builds can be exported");
        let exported = export::events(&self.store, Format::Ndjson, &mut events).await;
        exported.expect("events can be exported");
        let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
        (text(builds), text(events))
    }

    /// Compares contents; a difference is shown by its first line instead of megabytes.
    pub async fn assert_same(&self, other: &Self, when: &str) {
        let (ours, theirs) = (self.content().await, other.content().await);
        for (ours, theirs) in [(ours.0, theirs.0), (ours.1, theirs.1)] {
            let differs = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
            assert_eq!(differs, None, "{when}");
            assert_eq!(ours.lines().count(), theirs.lines().count(), "{when}");
        }
    }

    /// The coverage of containers of events in the ledger: item, state, reason.
    pub async fn coverage(&self) -> Vec<(String, &'static str, String)> {
        self.covered(|container| container != REPORTS).await
    }

    /// The coverage of the containers of this name.
    pub async fn coverage_of(&self, name: &str) -> Vec<(String, &'static str, String)> {
        self.covered(|container| container == name).await
    }

    async fn covered(
        &self,
        is_meant: impl Fn(&str) -> bool,
    ) -> Vec<(String, &'static str, String)> {
        let ledger = self.store.ledger().await.expect("a ledger");
        let covered = ledger.coverage.into_iter().map(|covered| {
            let coverage = covered.coverage;
            let reason = coverage.reason.unwrap_or_default();
            (coverage.item, coverage.state.as_str(), reason)
        });
        let container = |item: &str| item.rsplit('/').next().unwrap_or_default().to_owned();
        covered
            .filter(|(item, ..)| is_meant(&container(item)))
            .collect()
    }
}
