//! Helpers for the tests of the GitHub source: its stand-in, and the store after a sync.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rse_dashboard::server::{
    config::{Config, github::Settings},
    model::{CoverageState, RepositoryFacts},
    snapshot::Snapshot,
    sources::{
        Run, Source as _, SourceError, SyncReport,
        github::{Github, RetryPolicy},
    },
    store::Store,
};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A secret that no error, check result or debug output may contain.
pub const TOKEN: &str = "planted-t0ken-of-the-stand-in";
/// The instant of the first sync of a test; each later one is a minute after the previous.
pub const STARTED_MS: i64 = 1_572_023_700_000;

/// The stand-in, a process that ends with the test.
pub struct StandIn {
    child: Child,
    _input: ChildStdin,
    pub address: String,
}

impl StandIn {
    pub fn start(arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new("node")
            .arg(root.join("end2end/stand-ins/github.mjs"))
            .args(["--child", "--token", TOKEN])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts; make setup installs what it needs");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let ready = output.lines().map_while(Result::ok).find_map(|line| {
            let ready: Value = serde_json::from_str(&line).ok()?;
            Some(ready["ready"].as_str()?.to_owned())
        });
        Self {
            child,
            _input: input,
            address: ready.expect("the stand-in gets ready"),
        }
    }

    pub async fn control(&self, change: Value) {
        let url = format!("{}/_stand-in/control", self.address);
        let response = reqwest::Client::new().post(url).json(&change).send().await;
        let response = response.expect("the stand-in responds");
        assert!(response.status().is_success(), "{change}");
    }

    /// Returns the requests since the last call.
    pub async fn log(&self) -> Vec<Value> {
        let url = format!("{}/_stand-in/log", self.address);
        let response = reqwest::get(url).await.expect("the stand-in responds");
        response.json().await.expect("a list")
    }

    pub fn source(&self, graphql: bool) -> Github {
        self.source_with(TOKEN, |settings| settings.graphql = graphql)
    }

    pub fn source_with(&self, token: &str, change: impl FnOnce(&mut Settings)) -> Github {
        let mut settings = Config::built_in().sources.github;
        change(&mut settings);
        let token = token.to_owned().into();
        Github::new(settings, &self.address, token, retry_policy()).expect("a source")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a retry policy with short waits.
pub fn retry_policy() -> RetryPolicy {
    RetryPolicy {
        attempts: 3,
        pause: Duration::from_millis(2),
        limit_pause: Duration::from_millis(20),
        max_wait: Duration::from_secs(4),
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(10),
    }
}

/// A store of its own, and its syncs.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub store: Store,
    /// If set, everything is read again.
    pub since_ms: Option<i64>,
    syncs: i64,
}

impl Bench {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(dir.path(), &Config::built_in()).await;
        Self {
            dir,
            store: store.expect("the store opens"),
            since_ms: None,
            syncs: 0,
        }
    }

    /// Syncs a minute after the previous sync.
    pub async fn sync(&mut self, source: &Github) -> Result<SyncReport, SourceError> {
        let at_ms = STARTED_MS + self.syncs * 60_000;
        self.syncs += 1;
        self.sync_at(source, at_ms).await.0
    }

    /// Syncs, and returns the reported progress as well.
    pub async fn sync_at(
        &mut self,
        source: &Github,
        started_ms: i64,
    ) -> (Result<SyncReport, SourceError>, Vec<(u64, Option<u64>)>) {
        let reported = Mutex::new(Vec::new());
        let progress = |done, total, what: &str| {
            assert!(what.eq_ignore_ascii_case("repositories of hmcts"), "{what}");
            reported.lock().expect("not poisoned").push((done, total));
        };
        let run = Run {
            started_ms,
            since_ms: self.since_ms,
            progress: &progress,
        };
        let report = source.sync(&mut self.store, &run).await;
        if let Err(error) = &report {
            no_secret(&format!("{error} {error:?}"));
        }
        (report, reported.into_inner().expect("not poisoned"))
    }

    pub async fn snapshot(&self) -> Snapshot {
        let loaded = self.store.load(Arc::new(Config::built_in())).await;
        loaded.expect("a readable store")
    }

    /// Returns the newest stored facts of the repositories that still exist. Snapshots hold a part of them.
    pub async fn facts(&self) -> Vec<RepositoryFacts> {
        let newest = "SELECT facts, MAX(collected_at_ms) FROM security_facts GROUP BY repository \
                      ORDER BY repository";
        let rows: Vec<(String, i64)> = sqlx::query_as(newest)
            .fetch_all(&mut self.connection().await)
            .await
            .expect("rows");
        let texts = rows.iter().filter(|(text, _)| text != "null");
        let facts = texts.map(|(text, _)| serde_json::from_str(text).expect("facts"));
        facts.collect()
    }

    pub async fn facts_of(&self, name: &str) -> RepositoryFacts {
        let facts = self.facts().await.into_iter();
        let mut facts = facts.filter(|facts| facts.repository == name);
        facts.next().expect(name)
    }

    /// Returns the coverage of each repository: its name, state and reason.
    pub async fn coverage(&self) -> Vec<(String, CoverageState, Option<String>)> {
        self.coverage_of("github").await
    }

    /// Returns the coverage of the items of a source.
    pub async fn coverage_of(&self, source: &str) -> Vec<(String, CoverageState, Option<String>)> {
        let ledger = self.store.ledger().await.expect("a readable store");
        let of_source = ledger.coverage.into_iter();
        let of_source = of_source.filter(|covered| covered.source == source);
        let covered = of_source.map(|covered| {
            let coverage = covered.coverage;
            no_secret(&format!("{coverage:?}"));
            (coverage.item, coverage.state, coverage.reason)
        });
        covered.collect()
    }

    /// Returns the repositories in a state, with the reasons.
    pub async fn in_state(&self, state: CoverageState) -> Vec<(String, String)> {
        let coverage = self.coverage().await.into_iter();
        let of_state = coverage.filter(|covered| covered.1 == state);
        let named = of_state.map(|(name, _, reason)| (name, reason.unwrap_or_default()));
        named.collect()
    }

    /// Returns everything that a sync leaves behind, except when it was.
    pub async fn content(&self) -> String {
        format!("{:#?}\n{:#?}", self.facts().await, self.coverage().await)
    }

    /// Returns the stored reports as `repository scanner: findings`, in the order of their time.
    pub async fn reports(&self) -> Vec<String> {
        let sql = "SELECT repository || ' ' || scanner || ': ' || body FROM scan_reports \
                   JOIN documents ON documents.name = findings AND documents.at_ms = 0 \
                   WHERE complete = 1 ORDER BY scan_reports.at_ms, scanner, repository";
        let rows: Vec<(String,)> = sqlx::query_as(sql)
            .fetch_all(&mut self.connection().await)
            .await
            .expect("rows");
        rows.into_iter().map(|(row,)| row).collect()
    }

    async fn connection(&self) -> SqliteConnection {
        let options =
            SqliteConnectOptions::new().filename(self.dir.path().join("dashboard.sqlite"));
        let connection = SqliteConnection::connect_with(&options).await;
        connection.expect("a store")
    }

    /// Returns the number of rows of a table.
    pub async fn rows(&self, table: &str) -> i64 {
        let mut connection = self.connection().await;
        let count = format!("SELECT COUNT(*) FROM {table}");
        let count = sqlx::query_scalar(&count);
        let counted = count.fetch_one(&mut connection).await;
        counted.expect("counted")
    }
}

/// Asserts that a text which people or logs may see does not contain the token.
pub fn no_secret(text: &str) {
    assert!(!text.contains("t0ken"), "a secret: {text}");
}

/// Returns the content of a store after a sync without faults.
pub async fn clean_content(stand_in: &StandIn, graphql: bool) -> String {
    stand_in
        .control(json!({ "reset": true, "state": "head" }))
        .await;
    let mut bench = Bench::new().await;
    bench
        .sync(&stand_in.source(graphql))
        .await
        .expect("a clean sync");
    stand_in.log().await;
    bench.content().await
}

/// The effect of a fault on a store.
pub struct Outcome {
    pub bench: Bench,
    pub result: Result<u64, SourceError>,
    pub log: Vec<Value>,
    pub took: Duration,
}

/// Syncs during a fault, into a store with all data and into an empty one; `check` inspects the
/// former. After the fault, both must be as if it had never happened.
pub async fn with_fault(
    stand_in: &StandIn,
    graphql: bool,
    fault: Value,
    check: impl AsyncFn(&Outcome),
) {
    let clean = clean_content(stand_in, graphql).await;
    let source = stand_in.source(graphql);
    for known_before in [true, false] {
        let mut bench = Bench::new().await;
        if known_before {
            bench.sync(&source).await.expect("a clean sync");
        }
        stand_in.control(fault.clone()).await;
        stand_in.log().await;
        let began = Instant::now();
        let result = bench.sync(&source).await.map(|report| report.read);
        let mut outcome = Outcome {
            result,
            took: began.elapsed(),
            log: stand_in.log().await,
            bench,
        };
        if known_before {
            let facts = outcome.bench.facts().await.len();
            assert_eq!(facts, 13, "what was known is kept: {:?}", outcome.result);
            check(&outcome).await;
        }
        stand_in
            .control(json!({ "reset": true, "state": "head" }))
            .await;
        let again = outcome.bench.sync(&source).await;
        again.expect("the fault is over");
        assert_eq!(outcome.bench.content().await, clean);
    }
}

pub fn failure(outcome: &Outcome) -> String {
    let error = outcome.result.as_ref().expect_err("a failure");
    error.to_string()
}
