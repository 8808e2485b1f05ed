//! Data about requests that operators see, and data that they must never see.

use std::sync::LazyLock;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use futures::StreamExt as _;
use proptest::prelude::*;
use tower::ServiceExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::server::{
    http::{
        Settings, router,
        tests::{TestResponse, ask, get, ledger, loaded, snapshot},
    },
    metrics::testing::{self, Series},
    sources::{SourceError, SyncReport},
    state::AppState,
    telemetry::testing::{Format, captured},
};

const FIGURE: &str = "/api/figure?id=build_status";

fn served(state: &AppState) -> Router {
    router(state.clone(), Settings::default())
}

async fn series(router: &Router) -> Series {
    let answer = get(router, "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    testing::read(answer.text())
}

fn value(series: &Series, name: &str) -> f64 {
    let name = format!("rse_dashboard_{name}");
    series.get(&name).copied().unwrap_or(0.0)
}

async fn with_header(router: &Router, name: &str, value: &str) -> TestResponse {
    let request = Request::get("/health/live").header(name, value);
    ask(router, request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn metrics_are_text_that_is_not_cached() {
    let router = served(&loaded());
    let answer = get(&router, "/metrics").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let kind = answer.header(header::CONTENT_TYPE);
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let series = testing::read(answer.text());
    assert_eq!(value(&series, "snapshot_builds"), 2.0);
    assert_eq!(value(&series, "snapshot_pipelines"), 1.0);
    assert_eq!(value(&series, "ready"), 1.0);
    assert!(value(&series, "snapshot_bytes") > 100.0);
    let as_of = "data_as_of_timestamp_seconds{kind=\"events\"}";
    assert_eq!(value(&series, as_of), 60.0);
    assert!(series["process_resident_memory_bytes"] > 1e6);
    assert!(series["process_start_time_seconds"] > 1.7e9);
    assert!(
        series
            .keys()
            .any(|name| name.starts_with("rse_dashboard_build_info{"))
    );
}

#[tokio::test]
async fn metrics_with_their_own_listener_are_served_only_there() {
    let mut settings = Settings::default();
    settings.metrics.addr = Some(([127, 0, 0, 1], 0).into());
    let state = loaded();
    let router = router(state.clone(), settings);
    assert_eq!(get(&router, "/metrics").await.status, StatusCode::NOT_FOUND);

    let listener = super::super::metrics::bind(([127, 0, 0, 1], 0).into());
    let listener = listener.await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let own = tokio::spawn(super::super::metrics::serve(listener, state));
    let answer = reqwest::get(format!("http://{address}/metrics"));
    let text = answer
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a text");
    assert_eq!(value(&testing::read(&text), "snapshot_builds"), 2.0);
    let other = reqwest::get(format!("http://{address}/pipelines"));
    assert_eq!(other.await.expect("an answer").status(), 404);
    own.abort();
}

#[tokio::test]
async fn every_request_is_counted_once_under_its_route() {
    let state = loaded();
    let router = served(&state);
    for uri in [
        FIGURE,
        FIGURE,
        "/api/figure?id=nothing",
        "/api/figure?id=build_status&days=2",
        "/pipelines",
        "/figures/heatmap",
        "/figures/heatmap.csv?days=28",
        "/api/elsewhere/and/further",
        "/nowhere",
        "/nowhere/else",
        "/pipelines/",
    ] {
        get(&router, uri).await;
    }
    let post = Request::post("/pipelines").body(Body::empty());
    ask(&router, post.expect("a request")).await;
    let made_up = Request::builder().method("BREW").uri("/pipelines");
    ask(&router, made_up.body(Body::empty()).expect("a request")).await;

    let series = series(&router).await;
    let mut counted = 0.0;
    for (method, route, status, times) in [
        ("GET", "/api/figure", 200, 2.0),
        ("GET", "/api/figure", 404, 1.0),
        ("GET", "/api/figure", 400, 1.0),
        ("GET", "/pipelines", 200, 1.0),
        ("GET", "/figures/{id}", 200, 1.0),
        ("GET", "/figures/{id}.csv", 200, 1.0),
        ("GET", "/api/{*rest}", 404, 1.0),
        ("GET", "unknown", 404, 2.0),
        ("GET", "unknown", 308, 1.0),
        ("POST", "/pipelines", 405, 1.0),
        ("other", "/pipelines", 405, 1.0),
    ] {
        let name = format!(
            "http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
        );
        assert_eq!(value(&series, &name), times, "{name}");
        counted += times;
    }
    let all = series
        .iter()
        .filter(|(name, _)| name.contains("_http_requests_total{"));
    assert_eq!(all.map(|(_, times)| times).sum::<f64>(), counted);
    let timed = value(
        &series,
        "http_request_duration_seconds_count{route=\"/api/figure\"}",
    );
    assert_eq!(timed, 4.0);
    // The request for the metrics themselves.
    assert_eq!(value(&series, "http_requests_in_flight"), 1.0);
    assert!(value(&series, "http_response_body_bytes_total") > 10_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_is_computed_once_and_then_a_hit() {
    let router = served(&loaded());
    let many = (0..20).map(|_| get(&router, FIGURE));
    futures::future::join_all(many).await;
    get(&router, "/api/figure?id=build_status&days=28").await;
    let series = series(&router).await;
    assert_eq!(
        value(&series, "figure_cache_requests_total{result=\"miss\"}"),
        2.0
    );
    assert_eq!(
        value(&series, "figure_cache_requests_total{result=\"hit\"}"),
        19.0
    );
    assert_eq!(value(&series, "figure_cache_entries"), 2.0);
    assert!(value(&series, "figure_cache_bytes") > 1000.0);
    let computed = "figure_computation_duration_seconds_count{figure=\"build_status\"}";
    assert_eq!(value(&series, computed), 2.0);
}

#[tokio::test]
async fn metrics_of_sources_come_from_the_ledger_and_this_process() {
    let state = AppState::new(&["cosmos", "github"]);
    state.swap_ledger(ledger(7));
    let syncs = &state.metrics().syncs;
    syncs.ended(
        "cosmos",
        &Ok(SyncReport {
            read: 40,
            requests_left: Some(4999),
            ..SyncReport::default()
        }),
    );
    syncs.ended(
        "github",
        &Err(SourceError::Unauthorized("a secret".to_owned())),
    );
    let series = series(&served(&state)).await;
    for (name, wanted) in [
        ("ready", 0.0),
        ("source_configured{source=\"cosmos\"}", 1.0),
        (
            "source_last_success_timestamp_seconds{source=\"github\"}",
            1.0,
        ),
        (
            "source_last_failure_timestamp_seconds{source=\"github\"}",
            60.0,
        ),
        ("source_failing{source=\"github\"}", 1.0),
        (
            "source_coverage_items{source=\"github\",state=\"no-access\"}",
            1.0,
        ),
        (
            "source_coverage_items{source=\"github\",state=\"failed\"}",
            0.0,
        ),
        ("source_rows_read_total{source=\"cosmos\"}", 40.0),
        ("source_requests_left{source=\"cosmos\"}", 4999.0),
        ("source_syncs_total{source=\"cosmos\"}", 1.0),
        (
            "source_sync_failures_total{source=\"github\",kind=\"unauthorized\"}",
            1.0,
        ),
    ] {
        assert!(
            series.contains_key(&format!("rse_dashboard_{name}")),
            "{name}"
        );
        assert_eq!(value(&series, name), wanted, "{name}");
    }
}

/// A panel whose metric does not exist stays empty without an error.
#[tokio::test]
async fn the_grafana_board_uses_metrics_that_exist() {
    let state = AppState::new(&["cosmos", "github"]);
    state.swap(snapshot("v1"));
    state.swap_ledger(ledger(7));
    let report = SyncReport {
        requests_left: Some(1),
        ..SyncReport::default()
    };
    state.metrics().syncs.ended("github", &Ok(report));
    let failed = SourceError::Unauthorized(String::new());
    state.metrics().syncs.ended("github", &Err(failed));
    let router = served(&state);
    get(&router, FIGURE).await;
    let series = series(&router).await;
    let board = include_str!("../../../../docs/grafana.json");
    let known = |name: &str| {
        let with_labels = format!("{name}{{");
        let mut series = series.keys();
        series.any(|written| written == name || written.starts_with(&with_labels))
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = board.split(|c| !word(c));
    let mut asked: Vec<&str> = names
        .filter(|name| name.starts_with("rse_dashboard_") || name.starts_with("process_"))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    assert!(asked.len() > 20, "{asked:?}");
    // The duration of the sync in the ledger is not known: it never ended.
    let unknown = "rse_dashboard_source_last_sync_duration_seconds";
    for name in asked {
        assert!(known(name) || name == unknown, "{name}");
    }
}

#[tokio::test]
async fn an_event_stream_is_counted_while_it_is_open() {
    let router = served(&loaded());
    let request = Request::get("/api/live")
        .header(header::HOST, "localhost")
        .body(Body::empty());
    let response = router.clone().oneshot(request.expect("a request"));
    let mut events = response
        .await
        .expect("an answer")
        .into_body()
        .into_data_stream();
    events
        .next()
        .await
        .expect("an event")
        .expect("a whole event");
    assert_eq!(value(&series(&router).await, "event_streams"), 1.0);
    drop(events);
    assert_eq!(value(&series(&router).await, "event_streams"), 0.0);
}

#[tokio::test]
async fn a_valid_request_id_is_kept_and_any_other_replaced() {
    let router = served(&loaded());
    let id = async |given: &str| {
        let answer = with_header(&router, "x-request-id", given).await;
        answer.header("x-request-id").to_owned()
    };
    for kept in ["7", "0f3a-11.b_C", &"a".repeat(72)] {
        assert_eq!(id(kept).await, kept);
    }
    for replaced in ["", "a b", "a;b", "ä", "{\"a\":1}", &"a".repeat(73)] {
        let generated = id(replaced).await;
        assert_eq!(generated.len(), 32, "{replaced} became {generated}");
        assert_ne!(generated, id(replaced).await);
    }
    let refused = get(&router, &format!("/pipelines?{}", "a".repeat(10_000))).await;
    assert_eq!(refused.status, StatusCode::URI_TOO_LONG);
    assert_eq!(refused.header("x-request-id").len(), 32);
}

const SECRET: &str = "hunter2-hunter2";

/// A request with a secret in every place that can hold one.
fn indiscreet(uri: &str) -> Request<Body> {
    Request::get(format!("{uri}{SECRET}"))
        .header(header::COOKIE, format!("session={SECRET}"))
        .header(header::AUTHORIZATION, format!("Bearer {SECRET}"))
        .header(
            header::REFERER,
            format!("https://elsewhere.example/?{SECRET}"),
        )
        .header(header::USER_AGENT, SECRET)
        .header("x-forwarded-for", "203.0.113.77")
        .header("x-request-id", format!("id {SECRET}"))
        .body(Body::empty())
        .expect("a request")
}

#[tokio::test]
async fn neither_logs_nor_metrics_hold_values_sent_by_clients() {
    for format in [Format::Text, Format::Json] {
        let (lines, written) = captured(format, "trace");
        let subscriber = tracing_subscriber::registry().with(lines);
        let _kept = tracing::subscriber::set_default(subscriber);
        let router = served(&loaded());
        for uri in [
            "/api/figure?id=",
            "/api/figure?id=build_status&project=",
            "/pipelines?days=",
            "/figures/",
            "/api/",
            "/pkg/",
            "/",
        ] {
            ask(&router, indiscreet(uri)).await;
        }
        let metrics = get(&router, "/metrics").await;
        let log = written.text();
        assert!(log.contains("answered"), "{log}");
        for text in [log.as_str(), metrics.text()] {
            assert!(!text.contains(SECRET), "{text}");
            assert!(!text.contains("203.0.113.77"), "{text}");
        }
    }
}

#[tokio::test]
async fn each_line_of_a_request_is_json_with_its_id_and_route() {
    let (lines, written) = captured(Format::Json, "debug");
    let subscriber = tracing_subscriber::registry().with(lines);
    let _kept = tracing::subscriber::set_default(subscriber);
    let router = served(&AppState::default());
    let request = Request::get(FIGURE).header("x-request-id", "of-this-test");
    ask(&router, request.body(Body::empty()).expect("a request")).await;
    let text = written.text();
    let line = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .find(|line| line["message"] == "answered")
        .expect("a line for the request");
    assert_eq!(line["request_id"], "of-this-test");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], "/api/figure");
    assert_eq!(line["status"], 503);
    // Errors of the server are logged even where little else is.
    assert_eq!(line["level"], "INFO");
    assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0));
    let timestamp = line["timestamp"].as_str().expect("an instant");
    assert!(timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
}

/// Requests add no series but those of known routes.
#[test]
fn addresses_and_methods_never_become_labels() {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime"));
    let router = served(&loaded());
    let path = "(/(api|figures|pkg|health|[a-z0-9%.-]{0,12})){1,4}(\\.csv)?";
    let method = "[A-Z]{1,8}";
    let asked = proptest::collection::vec((path, method, any::<bool>()), 1..8);
    let config = ProptestConfig::with_cases(64);
    proptest!(config, |(asked in asked)| {
        RUNTIME.block_on(async {
            for (path, method, get) in &asked {
                let method = if *get { Method::GET } else {
                    Method::from_bytes(method.as_bytes()).expect("a method")
                };
                let Ok(request) = Request::builder().method(method).uri(path).body(Body::empty())
                else { continue };
                ask(&router, request).await;
            }
        });
    });
    let series = RUNTIME.block_on(series(&router));
    let mut counted = 0;
    for written in series.keys() {
        let Some((name, route)) = written.split_once("route=\"") else {
            continue;
        };
        counted += usize::from(name.contains("http_requests_total"));
        let route = route.split('"').next().expect("a closed value");
        assert!(
            [
                "file",
                "unknown",
                "/",
                "/api",
                "/api/",
                "/api/figures",
                "/api/{*rest}",
                "/figures/{id}",
                "/figures/{id}.csv",
                "/figures/{id}.svg"
            ]
            .contains(&route),
            "{route}"
        );
    }
    assert!((1..60).contains(&counted), "{counted} series");
}
