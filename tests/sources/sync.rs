//! Syncing with sources made for the test: a failure of one affects neither the others nor the readers.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rse_dashboard::server::{
    config::Config,
    http,
    model::{BuildResult, Checkpoint, Codebase, Event, System, Toolchain},
    reload,
    sources::{CheckResult, Run, Source, SourceError, SyncReport},
    state::AppState,
    store::{Ledger, Store},
    sync::{self, Syncer},
};
use tokio::{net::TcpListener, sync::oneshot};

/// A source that does what the test says on each call.
struct Made {
    name: &'static str,
    act: fn(i64) -> Result<Vec<Event>, SourceError>,
    calls: AtomicI64,
    is_reference: bool,
}

impl Made {
    fn source(
        name: &'static str,
        act: fn(i64) -> Result<Vec<Event>, SourceError>,
    ) -> Arc<dyn Source> {
        Arc::new(Self {
            name,
            act,
            calls: AtomicI64::new(0),
            is_reference: false,
        })
    }

    /// A source of reference data that cannot be reached.
    fn unreachable_reference() -> Arc<dyn Source> {
        Arc::new(Self {
            name: "eol",
            act: |_| Err(anyhow::anyhow!("endoflife.date cannot be reached").into()),
            calls: AtomicI64::new(0),
            is_reference: true,
        })
    }
}

#[async_trait]
impl Source for Made {
    fn name(&self) -> &'static str {
        self.name
    }

    fn every(&self) -> Duration {
        Duration::from_millis(50)
    }

    fn is_reference(&self) -> bool {
        self.is_reference
    }

    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError> {
        let events = (self.act)(self.calls.fetch_add(1, Ordering::Relaxed))?;
        let checkpoint = Checkpoint {
            source: self.name,
            feed: "made",
            state: None,
            coverage: None,
            as_of_ms: Some(run.started_ms),
        };
        Ok(SyncReport {
            read: events.len() as u64,
            ingested: store.ingest_from(&events, &checkpoint).await?,
            requests_left: None,
        })
    }

    async fn check(&self) -> Vec<CheckResult> {
        Vec::new()
    }
}

fn events(call: i64) -> Result<Vec<Event>, SourceError> {
    let event = |number: i64| Event {
        id: Some(format!("{call}-{number}")),
        build_tag: Some(format!("jenkins-{call}-{number}")),
        job_name: "HMCTS_CMC/claim-store/master".to_owned(),
        build_id: Some(number.to_string()),
        result: BuildResult::Success,
        stage_ms: 1_571_961_600_000 + number,
        received_s: None,
        scheduled_ms: None,
        duration_ms: Some(1000),
        step: None,
        branch: None,
        build_url: None,
        system: System::default(),
        step_duration_ms: None,
        git_commit: None,
        node_name: None,
        correlation_id: None,
        codebase: Codebase::default(),
        toolchain: Toolchain::default(),
    };
    Ok((0..50).map(event).collect())
}

fn syncer(data: &Path) -> Syncer {
    Syncer {
        location: data.into(),
        config: Arc::new(Config::built_in()),
    }
}

/// Waits until the ledger meets a condition.
async fn until(store: &Store, wanted: impl Fn(&Ledger) -> bool) -> Ledger {
    let watch = async {
        loop {
            let ledger = store.ledger().await.expect("a ledger");
            if wanted(&ledger) {
                return ledger;
            }
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, watch).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_or_panics_does_not_stop_others() {
    let dir = tempfile::tempdir().expect("a directory");
    let syncer = syncer(dir.path());
    let sources = [
        Made::source("cosmos", events),
        Made::source("github", |_| {
            Err(SourceError::Unauthorized(
                "GITHUB_TOKEN is not valid".to_owned(),
            ))
        }),
        Made::source("panicking", |_| panic!("at the source")),
    ];
    let background = sync::schedule(&syncer, &sources, &Arc::default());
    let config = Config::built_in();
    let store = Store::open(dir.path(), &config).await.expect("a store");
    let ledger = until(&store, |ledger| {
        let ended = |name: &str| {
            let sync = ledger.syncs.iter().find(|known| known.source == name);
            sync.is_some_and(|sync| sync.succeeded_ms.or(sync.failed_ms).is_some())
        };
        ["cosmos", "github", "panicking"]
            .iter()
            .all(|name| ended(name))
    })
    .await;
    drop(background);
    let failures: Vec<Option<&str>> = ledger
        .syncs
        .iter()
        .map(|sync| sync.failure.as_deref())
        .collect();
    let broke = Some("the sync crashed; see the log");
    assert_eq!(failures, [None, Some("GITHUB_TOKEN is not valid"), broke]);
    let snapshot = store.load(Arc::new(config)).await.expect("a snapshot");
    assert!(snapshot.builds.len() >= 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn reference_data_that_cannot_be_reached_is_no_failure_of_the_dashboard() {
    let dir = tempfile::tempdir().expect("a directory");
    let syncer = syncer(dir.path());
    let config = Arc::clone(&syncer.config);
    let store = Store::open(dir.path(), &config).await.expect("a store");
    let state = AppState::new(&["github"]);
    reload::load(&store, &config, &state).await.expect("loaded");
    let sources = [
        Made::unreachable_reference(),
        Made::source("github", |_| {
            Err(anyhow::anyhow!("GitHub cannot be reached").into())
        }),
    ];
    let background = sync::schedule(&syncer, &sources, state.metrics());
    let failed = |ledger: &Ledger, name: &str| {
        let sync = ledger.syncs.iter().find(|known| known.source == name);
        sync.is_some_and(|sync| sync.failed_ms.is_some())
    };
    until(&store, |ledger| {
        failed(ledger, "eol") && failed(ledger, "github")
    })
    .await;
    // Only the ledger is sure to be written; the counters follow.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = http::serve(
        listener,
        state.clone(),
        http::Settings::default(),
        std::future::pending(),
    );
    let server = tokio::spawn(served);
    let metrics = loop {
        let answer = reqwest::get(format!("http://{address}/metrics")).await;
        let text = answer.expect("an answer").text().await.expect("text");
        if text.contains("source_sync_failures_total{source=\"github\"") {
            break text;
        }
        tokio::task::yield_now().await;
    };
    assert!(
        !metrics.contains("source_sync_failures_total{source=\"eol\""),
        "{metrics}"
    );
    let data = state.data_state().expect("a state");
    let mut shown = data.kinds.iter().flat_map(|kind| &kind.sources);
    assert!(shown.all(|source| source.name != "eol"));
    drop(background);
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_the_last_good_data_is_kept_with_a_warning() {
    let dir = tempfile::tempdir().expect("a directory");
    let syncer = syncer(dir.path());
    let source = Made::source("cosmos", |call| match call {
        0 => events(0),
        _ => Err(anyhow::anyhow!("COSMOS_ENDPOINT cannot be reached").into()),
    });
    let quiet = |_: u64, _: Option<u64>, _: &str| ();
    let report = syncer.sync(&*source, None, &quiet).await;
    assert_eq!(report.expect("report").ingested.new, 50);
    let failed = syncer.sync(&*source, None, &quiet).await;
    failed.expect_err("the second fails");

    let config = Arc::clone(&syncer.config);
    let store = Store::open(dir.path(), &config).await.expect("a store");
    let state = AppState::new(&["cosmos"]);
    reload::load(&store, &config, &state).await.expect("loaded");
    let data = state.data_state().expect("a state");
    let source = &data.kinds[0].sources[0];
    assert_eq!(
        data.kinds[0].rests_on,
        "50 builds of 1 pipeline; 1 of 1 pipeline does not say when a build ends"
    );
    assert!(source.failing && source.last_success.is_some());
    let failure = source.last_failure.as_ref().expect("a failure");
    assert_eq!(failure.reason, "COSMOS_ENDPOINT cannot be reached");
}

/// As many clients as fifty open pages.
const CLIENTS: usize = 50;
const SWAPS: u64 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn syncs_drop_no_request() {
    let dir = tempfile::tempdir().expect("a directory");
    let syncer = syncer(dir.path());
    let config = Arc::clone(&syncer.config);
    let store = Store::open(dir.path(), &config).await.expect("a store");
    let state = AppState::new(&["cosmos"]);
    reload::load(&store, &config, &state).await.expect("loaded");
    let sources = [Made::source("cosmos", events)];
    let mut background = sync::schedule(&syncer, &sources, state.metrics());
    let swapped = Arc::new(AtomicU64::new(0));
    // Reloads more often than the server does, so that many swaps happen within a few seconds.
    let (counted, followed) = (Arc::clone(&swapped), state.clone());
    background.spawn(async move {
        loop {
            reload::load(&store, &config, &followed)
                .await
                .expect("loaded");
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(http::serve(
        listener,
        state,
        http::Settings::default(),
        async {
            let _ = stopped.await;
        },
    ));
    let http = reqwest::Client::new();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (http, swapped) = (http.clone(), Arc::clone(&swapped));
        clients.spawn(async move {
            let paths = ["pipelines", "api/figure?id=build_status", "api/freshness"];
            let mut asked = 0;
            while swapped.load(Ordering::Relaxed) < SWAPS || asked < 3 {
                let path = paths[(client + asked) % paths.len()];
                let answer = http.get(format!("http://{address}/{path}")).send().await;
                let answer = answer.expect("no request is dropped");
                assert_eq!(answer.status(), 200, "{path}");
                answer.bytes().await.expect("a whole answer");
                asked += 1;
            }
            asked
        });
    }
    let asked: usize = clients.join_all().await.into_iter().sum();
    assert!(asked >= 3 * CLIENTS, "{asked} requests");
    background.shutdown().await;
    stop.send(()).expect("the server runs");
    server.await.expect("no panic");
}
