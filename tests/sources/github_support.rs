//! What the tests of the GitHub source share: its stand-in, and what a sync left in the store.

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

/// What no error, finding or debug output may hold.
pub const TOKEN: &str = "planted-t0ken-of-the-stand-in";
/// The moment of the first sync of a test; the next ones are a minute later each.
pub const STARTED_MS: i64 = 1_572_023_700_000;

/// The stand-in, as a process that ends with the test.
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
        let answer = reqwest::Client::new().post(url).json(&change).send().await;
        let answer = answer.expect("the stand-in answers");
        assert!(answer.status().is_success(), "{change}");
    }

    /// What was asked since the last look.
    pub async fn log(&self) -> Vec<Value> {
        let url = format!("{}/_stand-in/log", self.address);
        let answer = reqwest::get(url).await.expect("the stand-in answers");
        answer.json().await.expect("a list")
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

/// As patient as a test can be.
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

/// A store of its own, and the syncs of it.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub store: Store,
    /// Everything is read again.
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

    /// Syncs a minute after the sync before.
    pub async fn sync(&mut self, source: &Github) -> Result<SyncReport, SourceError> {
        let at_ms = STARTED_MS + self.syncs * 60_000;
        self.syncs += 1;
        self.sync_at(source, at_ms).await.0
    }

    /// Syncs, and says what the progress was.
    pub async fn sync_at(
        &mut self,
        source: &Github,
        started_ms: i64,
    ) -> (Result<SyncReport, SourceError>, Vec<(u64, Option<u64>)>) {
        let told = Mutex::new(Vec::new());
        let progress = |done, total, what: &str| {
            assert!(what.eq_ignore_ascii_case("repositories of hmcts"), "{what}");
            told.lock().expect("not poisoned").push((done, total));
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
        (report, told.into_inner().expect("not poisoned"))
    }

    pub async fn snapshot(&self) -> Snapshot {
        let loaded = self.store.load(Arc::new(Config::built_in())).await;
        loaded.expect("the store can be read")
    }

    pub async fn facts(&self) -> Vec<RepositoryFacts> {
        self.snapshot().await.security.repositories
    }

    pub async fn facts_of(&self, name: &str) -> RepositoryFacts {
        let facts = self.facts().await.into_iter();
        let mut facts = facts.filter(|facts| facts.repository == name);
        facts.next().expect(name)
    }

    /// What became of each repository: its name, the state and the reason.
    pub async fn coverage(&self) -> Vec<(String, CoverageState, Option<String>)> {
        let ledger = self.store.ledger().await.expect("the store can be read");
        let covered = ledger.coverage.into_iter().map(|covered| {
            assert_eq!(covered.source, "github");
            let coverage = covered.coverage;
            no_secret(&format!("{coverage:?}"));
            (coverage.item, coverage.state, coverage.reason)
        });
        covered.collect()
    }

    /// The repositories that are in a state, and the reasons.
    pub async fn in_state(&self, state: CoverageState) -> Vec<(String, String)> {
        let coverage = self.coverage().await.into_iter();
        let of_state = coverage.filter(|covered| covered.1 == state);
        let named = of_state.map(|(name, _, reason)| (name, reason.unwrap_or_default()));
        named.collect()
    }

    /// Everything that a sync leaves behind, but for when it was.
    pub async fn content(&self) -> String {
        format!("{:#?}\n{:#?}", self.facts().await, self.coverage().await)
    }

    /// How many rows a table has.
    pub async fn rows(&self, table: &str) -> i64 {
        let options =
            SqliteConnectOptions::new().filename(self.dir.path().join("dashboard.sqlite"));
        let connection = SqliteConnection::connect_with(&options).await;
        let mut connection = connection.expect("a store");
        let count = format!("SELECT COUNT(*) FROM {table}");
        let count = sqlx::query_scalar(&count);
        let counted = count.fetch_one(&mut connection).await;
        counted.expect("counted")
    }
}

/// The token must not be in anything that a person or a log can see.
pub fn no_secret(text: &str) {
    assert!(!text.contains("t0ken"), "a secret: {text}");
}

/// What a clean sync of the stand-in leaves behind.
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

/// What a fault does to a store.
pub struct Outcome {
    pub bench: Bench,
    pub result: Result<u64, SourceError>,
    pub log: Vec<Value>,
    pub took: Duration,
}

/// Reads with the fault, in a store that knows everything already and in an empty one; `check` looks
/// at the former. Once the fault is over, both must be as if it had never been.
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
