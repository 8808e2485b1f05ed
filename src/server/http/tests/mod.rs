//! Tests of the router.

mod base;
mod bounds;
mod build;
mod connections;
mod escaping;
mod open;
mod policies;
mod rendering;
mod replicas;
mod style;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
};
use futures::StreamExt as _;
use tower::ServiceExt as _;

use super::{Settings, router, routes};
use crate::server::model::{BuildResult, Coverage, CoverageState};
use crate::{
    api::{CoverageItem, DataState, FigureData, Live},
    server::{
        config::Config,
        insight,
        snapshot::{BuildRecord, Snapshot, SnapshotBuilder, security::Security},
        state::AppState,
        store::{Covered, Ledger, SyncRecord},
    },
};

pub(super) struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl TestResponse {
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header is there");
        value.to_str().expect("the header is text")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

pub(super) fn loaded() -> AppState {
    let state = AppState::default();
    state.swap(snapshot("v1"));
    state
}

pub(super) fn snapshot(version: &str) -> Snapshot {
    let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    for (build_id, result) in [("1", BuildResult::Success), ("2", BuildResult::Failure)] {
        builder.push_record(&BuildRecord {
            job_name: "HMCTS_CMC/claim-store/master",
            build_id,
            branch: Some("master"),
            result,
            nightly: false,
            started_ms: 1_000,
            finished_ms: 60_000,
            duration_ms: None,
            failing_step: None,
            functional_test_ms: None,
            details: crate::server::snapshot::BuildDetails::default(),
        });
    }
    insight::filled(builder.finish(version.to_owned(), Some(60_000), Security::default()))
}

/// A ledger of GitHub: one sync that read it in part, and a later one that failed.
pub(super) fn ledger(version: i64) -> Ledger {
    let covered = |item: &str, state, reason: Option<&str>| Covered {
        source: "github".to_owned(),
        coverage: Coverage {
            item: item.to_owned(),
            state,
            reason: reason.map(str::to_owned),
        },
        tried_ms: 1_000,
        read_ms: reason.is_none().then_some(1_000),
    };
    Ledger {
        version,
        syncs: vec![SyncRecord {
            source: "github".to_owned(),
            succeeded_ms: Some(1_000),
            failed_ms: Some(60_000),
            failure: Some("the token is not valid".to_owned()),
            ..SyncRecord::default()
        }],
        coverage: vec![
            covered("cmc/one", CoverageState::Read, None),
            covered("cmc/two", CoverageState::NoAccess, Some("<b>no</b>")),
        ],
        snoozes: Vec::new(),
    }
}

/// Makes the folder of the client's files where there is none: without it no path leads out of it.
pub(super) fn site() {
    std::fs::create_dir_all("target/site/pkg").expect("a folder");
    let outside = std::path::Path::new("target/site/pkg/../../../Cargo.toml");
    assert!(outside.is_file(), "it lies outside of the site");
}

/// The response to a request, for this machine unless it names a host.
pub(super) async fn ask(router: &Router, mut request: Request<Body>) -> TestResponse {
    let host = request.headers_mut().entry(header::HOST);
    host.or_insert(HeaderValue::from_static("localhost"));
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000_000).await.expect("a whole body");
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        body: body.to_vec(),
    }
}

pub(super) async fn get(router: &Router, uri: &str) -> TestResponse {
    let request = Request::get(uri).body(Body::empty()).expect("a request");
    ask(router, request).await
}

#[tokio::test]
async fn a_figure_is_sent_once_and_then_not_modified() {
    let router = router(loaded(), Settings::default());
    let uri = "/api/figure?id=build_status&project=cmc";
    let plain = get(&router, uri).await;
    assert_eq!(plain.status, StatusCode::OK);
    assert_eq!(plain.header(header::CACHE_CONTROL), "no-cache");
    assert_eq!(plain.header(header::VARY), "accept-encoding");
    let figure: FigureData = serde_json::from_slice(&plain.body).expect("a figure");
    assert_eq!((figure.builds, figure.version.as_str()), (2, "v1"));

    let again = Request::get(uri)
        .header(header::IF_NONE_MATCH, plain.header(header::ETAG))
        .body(Body::empty())
        .expect("a request");
    let again = ask(&router, again).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(again.body.is_empty());
}

#[tokio::test]
async fn encodings_hold_the_same_figure() {
    let router = router(loaded(), Settings::default());
    let uri = "/api/figure?id=build_status";
    let plain = get(&router, uri).await.body;
    for encoding in ["br", "gzip"] {
        let request = Request::get(uri)
            .header(header::ACCEPT_ENCODING, encoding)
            .body(Body::empty())
            .expect("a request");
        let answer = ask(&router, request).await;
        assert_eq!(answer.header(header::CONTENT_ENCODING), encoding);
        let mut bytes = Vec::new();
        if encoding == "br" {
            brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut bytes).expect("brotli");
        } else {
            let mut decoder = flate2::read::GzDecoder::new(answer.body.as_slice());
            std::io::Read::read_to_end(&mut decoder, &mut bytes).expect("gzip");
        }
        assert_eq!(bytes, plain);
    }
}

#[tokio::test]
async fn wrong_values_are_reported_with_a_status() {
    let router = router(loaded(), Settings::default());
    for (uri, status, word) in [
        ("/api/figure?id=nothing", 404, "nothing"),
        ("/api/figure", 404, "no figure"),
        (
            "/api/figure?id=build_status&project=nowhere",
            400,
            "fees-and-pay",
        ),
        (
            "/api/figure?id=build_status&type=Nightly",
            400,
            "non-nightly",
        ),
        ("/api/figure?id=build_status&days=2", 400, "180"),
        ("/api/figure?id=build_status&days=%FF%FE", 400, "days"),
        ("/api/overview?page=elsewhere", 404, "elsewhere"),
        ("/api/elsewhere", 404, "endpoint"),
        ("/figures/nothing.csv", 404, "nothing"),
        ("/figures/build_status.csv?days=1&days=7", 400, "days"),
        ("/api/headline?id=heatmap", 400, "project, q, repository"),
        ("/api/figures?days=7", 400, "none"),
        ("/figures/build_status.csv?id=heatmap", 400, "id"),
        ("/api", 404, "endpoint"),
    ] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
        assert!(answer.text().contains(word), "{uri}: {}", answer.text());
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            "application/json",
            "{uri}"
        );
    }
}

#[tokio::test]
async fn pages_have_the_status_that_fits_their_address() {
    let router = router(loaded(), Settings::default());
    for (uri, status) in [
        ("/pipelines", 200),
        ("/security", 200),
        ("/sources", 200),
        ("/disclaimer", 200),
        ("/figures/build_status", 200),
        ("/pipelines?project=nowhere", 400),
        ("/pipelines?days=%3Cscript%3E", 400),
        ("/security?type=%27", 400),
        ("/figures/nothing", 404),
        ("/elsewhere", 404),
    ] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
        assert!(answer.text().contains("</html>"), "{uri}");
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("'self' 'sha256-"), "{uri}: {policy}");
        assert!(!policy.contains("nonce"), "{uri}: {policy}");
        assert!(policy.contains("connect-src 'self';"), "{uri}: {policy}");
    }
}

#[tokio::test]
async fn old_and_untidy_addresses_redirect_to_the_page() {
    let router = router(loaded(), Settings::default());
    for (uri, target) in [
        ("/problems?project=cmc", "/?project=cmc"),
        ("/?days=7&x=1", "/?days=7"),
        ("/dash/", "/pipelines"),
        ("/repositories", "/security"),
        ("/repositories?team=cmc", "/security?team=cmc"),
        ("/dash?days=28", "/pipelines?days=28"),
        ("/pipelines/?project=cmc", "/pipelines?project=cmc"),
        ("//elsewhere.example/", "/elsewhere.example"),
    ] {
        let answer = get(&router, uri).await;
        assert!(answer.status.is_redirection(), "{uri}: {}", answer.status);
        assert_eq!(answer.header(header::LOCATION), target, "{uri}");
    }
}

#[tokio::test]
async fn requests_that_no_link_makes_are_refused() {
    let router = router(loaded(), Settings::default());
    let long = format!("/pipelines?project={}", "a".repeat(10_000));
    assert_eq!(get(&router, &long).await.status, StatusCode::URI_TOO_LONG);
    for uri in [
        "/api/figure?id=build_status",
        "/pipelines",
        "/figures/build_status.csv",
    ] {
        let request = Request::post(uri).body(Body::empty()).expect("a request");
        let answer = ask(&router, request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{uri}");
    }
    site();
    for uri in [
        "/../../Cargo.toml",
        "/pkg/../../../Cargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg/%2e%2e%2f%2e%2e%2f%2e%2e%2fCargo.toml",
    ] {
        let answer = get(&router, uri).await;
        assert_ne!(answer.status, StatusCode::OK, "{uri}");
        assert!(!answer.text().contains("[dependencies]"), "{uri}");
    }
}

#[tokio::test]
async fn without_data_the_server_is_live_but_not_ready() {
    let router = router(AppState::default(), Settings::default());
    assert_eq!(get(&router, "/health/live").await.status, StatusCode::OK);
    for uri in ["/health/ready", "/api/figure?id=build_status", "/pipelines"] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{uri}");
    }
}

#[tokio::test]
async fn the_server_is_ready_from_the_first_data_until_it_stops_and_gives_the_reason_otherwise() {
    let state = AppState::default();
    let router = router(state.clone(), Settings::default());
    let expect_ready = async |status: u16, text: &str| {
        let answer = get(&router, "/health/ready").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, text));
    };
    expect_ready(503, "not ready: loading\n").await;
    state.set_store_unusable();
    // Host, user and database are for the log only.
    expect_ready(503, "not ready: store\n").await;
    state.swap(Snapshot::empty(Arc::new(Config::built_in())));
    expect_ready(503, "not ready: the store holds no data\n").await;
    state.swap(snapshot("v1"));
    expect_ready(200, "ready: data v1\n").await;
    state.stop();
    expect_ready(503, "not ready: stopping\n").await;
    assert_eq!(get(&router, "/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn csv_contains_the_rows() {
    let router = router(loaded(), Settings::default());
    let answer = get(&router, "/figures/build_status.csv?days=1").await;
    assert_eq!(answer.status, StatusCode::OK);
    let name = r#"attachment; filename="build_status-days_1-1970-01-01.csv""#;
    assert_eq!(answer.header(header::CONTENT_DISPOSITION), name);
    let mut lines = answer.text().lines();
    assert_eq!(lines.next(), Some(r#""result","builds","percent""#));
    assert_eq!(
        lines
            .next()
            .map(|line| line.starts_with(r#""SUCCESS",1,50"#)),
        Some(true)
    );
}

#[tokio::test]
async fn freshness_and_coverage_report_the_state_of_sources() {
    let state = loaded();
    state.swap_ledger(ledger(7));
    let router = router(state, Settings::default());
    let answer = get(&router, "/api/freshness").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache");
    let state: DataState = serde_json::from_slice(&answer.body).expect("a state");
    assert_eq!(state.live, live("v1", 7));
    assert!(!state.sample);
    let [events, security] = &state.kinds[..] else {
        panic!("two kinds: {state:?}");
    };
    let rests_on = "2 builds of 1 pipeline; 1 of 1 pipeline does not say when a build ends";
    assert_eq!(events.rests_on, rests_on);
    assert!(events.as_of.is_some() && events.sources.is_empty());
    let github = &security.sources[0];
    assert!(github.failing);
    let failure = github.last_failure.as_ref().expect("a failure");
    assert_eq!(failure.reason, "the token is not valid");
    let counts = github.coverage.as_ref().expect("counts");
    assert_eq!(counts.text, "1 of 2 repositories read, 1 no access");

    let answer = get(&router, "/api/coverage").await;
    assert_eq!(answer.status, StatusCode::OK);
    let items: Vec<CoverageItem> = serde_json::from_slice(&answer.body).expect("items");
    let states: Vec<&str> = items.iter().map(|item| item.state.as_str()).collect();
    assert_eq!(states, ["no-access", "read"]);
}

#[tokio::test]
async fn pages_report_the_state_of_sources() {
    let state = loaded();
    state.swap_ledger(ledger(7));
    let router = router(state, Settings::default());
    for uri in ["/pipelines", "/security", "/figures/heatmap", "/sources"] {
        let answer = get(&router, uri).await;
        for words in ["the token is not valid", "1 of 2 repositories read"] {
            assert!(answer.text().contains(words), "{uri} says {words}");
        }
    }
    let answer = get(&router, "/sources").await;
    for words in [
        "cmc/one",
        "cmc/two",
        "&lt;b&gt;no&lt;/b&gt;",
        "No source is configured for this data",
    ] {
        assert!(answer.text().contains(words), "{words}");
    }
    assert!(!answer.text().contains("<b>no</b>"));
}

#[tokio::test]
async fn without_data_the_state_of_sources_is_unavailable() {
    let router = router(AppState::default(), Settings::default());
    for uri in ["/api/freshness", "/api/coverage"] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{uri}");
    }
}

/// The live state with a ledger whose store can be reached.
fn live(version: &str, ledger: i64) -> Live {
    Live {
        version: version.to_owned(),
        ledger: ledger * 2,
    }
}

/// The state in the next event; `None` when the stream ended.
async fn next_event(events: &mut BodyDataStream) -> Option<Live> {
    let next = tokio::time::timeout(Duration::from_secs(5), events.next());
    let bytes = next.await.expect("an event soon")?.expect("a whole event");
    let text = std::str::from_utf8(&bytes).expect("the event is text");
    let data = text
        .strip_prefix("event: live\ndata: ")
        .and_then(|rest| rest.strip_suffix("\n\n"))
        .unwrap_or_else(|| panic!("an event named live: {text}"));
    Some(serde_json::from_str(data).expect("a state"))
}

#[tokio::test]
async fn open_pages_get_the_state_at_once_and_after_each_change_until_the_server_stops() {
    let state = loaded();
    let router = router(state.clone(), Settings::default());
    let request = Request::get("/api/live")
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_ENCODING, "gzip, br")
        .body(Body::empty())
        .expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    // A compressed event would wait for the next ones.
    assert!(!headers.contains_key(header::CONTENT_ENCODING));

    let mut events = response.into_body().into_data_stream();
    assert_eq!(next_event(&mut events).await, Some(live("v1", 0)));
    state.swap(snapshot("v2"));
    assert_eq!(next_event(&mut events).await, Some(live("v2", 0)));
    state.swap_ledger(ledger(3));
    assert_eq!(next_event(&mut events).await, Some(live("v2", 3)));
    assert!(state.store_lost());
    assert_ne!(next_event(&mut events).await, Some(live("v2", 3)));
    assert!(
        get(&router, "/api/freshness")
            .await
            .text()
            .contains("store_lost\":{")
    );
    assert!(!state.store_lost(), "it is known already");
    assert!(state.record_store_check(tokio::time::Instant::now()));
    assert_eq!(next_event(&mut events).await, Some(live("v2", 3)));
    state.stop();
    assert_eq!(next_event(&mut events).await, None);
}

#[tokio::test]
async fn a_figure_whose_client_leaves_early_is_still_computed() {
    let router = router(loaded(), Settings::default());
    let figure = "/api/figure?id=build_status";
    let computed = async |times: u32| {
        let count = "figure_computation_duration_seconds_count{figure=\"build_status\"}";
        let metrics = get(&router, "/metrics").await;
        metrics.text().contains(&format!("{count} {times}\n"))
    };
    let mut first = Box::pin(get(&router, figure));
    assert!(futures::poll!(&mut first).is_pending());
    drop(first);
    while !computed(1).await {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&router, figure).await.status, StatusCode::OK);
    assert!(computed(1).await, "it was cached");
}
