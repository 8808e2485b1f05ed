//! Traces and log lines as their collectors receive them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Request, header},
    routing::post,
};
use tokio::{net::TcpListener, runtime::Handle, sync::mpsc};
use tower::ServiceExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{log::Format, testing::captured, traces::Traces};
use crate::server::{
    config::Config, environment::Environment, http, reload, state::AppState, store::Store,
};

fn environment(name: &str, value: &str) -> Environment {
    [(name.to_owned(), value.to_owned())].into_iter().collect()
}

#[test]
fn a_wrong_format_is_reported_with_its_variable() {
    let format = |value| Format::of(&environment("RSE_LOG_FORMAT", value));
    assert_eq!(format("").expect("the default"), Format::Text);
    assert_eq!(format("json").expect("JSON"), Format::Json);
    let error = format("yaml").expect_err("a wrong value").to_string();
    assert!(
        error.contains("RSE_LOG_FORMAT") && error.contains("yaml"),
        "{error}"
    );
}

#[test]
fn a_line_contains_the_fields_of_its_spans_and_its_own() {
    let (lines, written) = captured(Format::Json, "debug");
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
        let outer = tracing::info_span!("outer", request_id = "1", late = tracing::field::Empty);
        outer.record("late", 2_u64);
        let _outer = outer.entered();
        let _inner = tracing::info_span!("inner", figure = "heatmap").entered();
        tracing::warn!(failures = 3, "it “fails”\n{:?}", "\"");
    });
    let text = written.text();
    assert_eq!(text.lines().count(), 1, "one line per event: {text}");
    let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(line["request_id"], "1");
    assert_eq!(line["late"], 2);
    assert_eq!(line["span"], "inner");
    assert_eq!(line["figure"], "heatmap");
    assert_eq!(line["failures"], 3);
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["message"], "it “fails”\n\"\\\"\"");
}

#[test]
fn no_text_adds_a_line_or_commands_a_terminal() {
    let hostile = "a\r\n2026-01-01 INFO forged\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{7f}";
    for format in [Format::Text, Format::Json] {
        let (lines, written) = captured(format, "debug");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let _span = tracing::info_span!("outer", id = hostile, path = %hostile).entered();
            tracing::warn!(reason = hostile, error = %hostile, "failed: {hostile}");
        });
        let text = written.text();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        let line = text.trim_end_matches('\n');
        assert!(!line.contains(char::is_control), "{line:?}");
        assert_eq!(line.matches("forged").count(), 5, "{line}");
        if matches!(format, Format::Json) {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(line["error"], hostile);
        }
    }
}

#[test]
fn a_file_does_not_send_headers_of_the_environment_elsewhere() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let traces = |headers: &str, from_file: &[&str]| {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
            (headers, "authorization=x"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment: Environment = variables.into_iter().collect();
        let from_file = from_file.iter().map(|&name| name.to_owned()).collect();
        Traces::of(&environment.with_file(from_file), runtime.handle())
    };
    for headers in [
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ] {
        let refused = traces(headers, &["OTEL_EXPORTER_OTLP_ENDPOINT"]).err();
        let refused = refused.expect("refused").to_string();
        assert!(refused.contains(headers), "{refused}");
        traces(headers, &[]).expect("the environment's own collector");
        traces(headers, &["OTEL_EXPORTER_OTLP_ENDPOINT", headers]).expect("both are of the file");
    }
}

type Batches = mpsc::UnboundedSender<(HeaderMap, Bytes)>;

/// A collector that passes on what it receives, and its address.
async fn collector() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    async fn take(State(batches): State<Batches>, headers: HeaderMap, body: Bytes) {
        batches.send((headers, body)).expect("the test listens");
    }
    let (sender, batches) = mpsc::unbounded_channel();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), batches)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_spans_of_requests_figures_and_loading() {
    let (address, mut batches) = collector().await;
    let environment = environment("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
    let traces = Traces::of(&environment, &Handle::current()).expect("a right address");
    let traces = traces.expect("traces are on");
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    let kept = tracing::subscriber::set_default(subscriber);

    let dir = tempfile::tempdir().expect("a directory");
    let config = Arc::new(Config::built_in());
    let store = Store::open(dir.path(), &config).await.expect("a store");
    let state = AppState::default();
    reload::load(&store, &config, &state).await.expect("loaded");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/api/figure?id=build_status&project=all")
        .header("cookie", "session=hunter2")
        .header("host", "localhost")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .body(Body::empty())
        .expect("a request");
    let router = http::router(state, http::Settings::default());
    let response = router.oneshot(request).await.expect("an answer");
    axum::body::to_bytes(response.into_body(), 1_000_000)
        .await
        .expect("a body");
    drop(kept);
    tokio::task::spawn_blocking(|| traces.end())
        .await
        .expect("ended");

    let (headers, bytes) = batches.recv().await.expect("a batch");
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-protobuf");
    for wanted in [
        "GET /api/figure",
        "compute a figure",
        "load a snapshot",
        "http.response.status_code",
        "rse-dashboard",
    ] {
        assert!(holds(&bytes, wanted.as_bytes()), "{wanted}");
    }
    let trace: u128 = u128::from_str_radix(trace, 16).expect("hexadecimal");
    assert!(
        holds(&bytes, &trace.to_be_bytes()),
        "the caller's trace is continued"
    );
    assert!(!holds(&bytes, b"hunter2"), "addresses are not exported");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_collector_delays_nothing() {
    let away = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = away.local_addr().expect("an address");
    drop(away);
    let environment = environment(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        &format!("http://{address}/elsewhere"),
    );
    let traces = Traces::of(&environment, &Handle::current()).expect("a right address");
    let traces = traces.expect("traces are on");
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    tracing::subscriber::with_default(subscriber, || tracing::info_span!("alone").in_scope(|| ()));
    let ended = tokio::task::spawn_blocking(|| traces.end());
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, ended)
        .await
        .expect("in time")
        .expect("ended");
}

#[tokio::test]
async fn without_a_collector_there_are_no_traces_and_a_wrong_address_is_reported() {
    let runtime = Handle::current();
    let none = Traces::of(&Environment::default(), &runtime);
    assert!(none.expect("nothing is wrong").is_none());
    for name in [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ] {
        let wrong = Traces::of(&environment(name, "localhost:4318"), &runtime);
        let error = wrong.err().expect("a wrong value").to_string();
        assert!(error.starts_with(name), "{error}");
    }
}
