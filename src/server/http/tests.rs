//! The router as its clients meet it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use tower::ServiceExt as _;

use super::router;
use crate::{
    api::FigureData,
    server::{
        config::Config,
        snapshot::{BuildRecord, BuildResult, SnapshotBuilder, security::Security},
        state::AppState,
    },
};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header is there");
        value.to_str().expect("the header is text")
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

fn loaded() -> AppState {
    let state = AppState::default();
    let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    for (build_id, result) in [("1", BuildResult::Success), ("2", BuildResult::Failure)] {
        builder.push(&BuildRecord {
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
        });
    }
    state.swap(builder.finish("v1".to_owned(), Some(60_000), Security::default()));
    state
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000_000).await.expect("a whole body");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.to_vec(),
    }
}

async fn get(router: &Router, uri: &str) -> Answer {
    let request = Request::get(uri).body(Body::empty()).expect("a request");
    ask(router, request).await
}

#[tokio::test]
async fn a_figure_is_sent_once_and_then_known() {
    let router = router(loaded());
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
    let router = router(loaded());
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
async fn wrong_values_are_named_with_a_status() {
    let router = router(loaded());
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
async fn pages_have_the_status_of_their_address() {
    let router = router(loaded());
    for (uri, status) in [
        ("/pipelines", 200),
        ("/security", 200),
        ("/disclaimer", 200),
        ("/figures/build_status", 200),
        ("/pipelines?project=nowhere", 400),
        ("/pipelines?days=<script>", 400),
        ("/security?type=%27", 400),
        ("/figures/nothing", 404),
        ("/elsewhere", 404),
    ] {
        let uri = uri.replace('<', "%3C").replace('>', "%3E");
        let answer = get(&router, &uri).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}");
        assert!(answer.text().contains("</html>"), "{uri}");
        assert!(!answer.text().contains("<script>alert"), "{uri}");
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("'nonce-"), "{uri}: {policy}");
    }
}

#[tokio::test]
async fn old_and_sloppy_addresses_lead_to_the_page() {
    let router = router(loaded());
    for (uri, target) in [
        ("/", "/pipelines"),
        ("/dash/", "/pipelines"),
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
async fn what_no_link_asks_for_is_refused() {
    let router = router(loaded());
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
    for uri in [
        "/../Cargo.toml",
        "/pkg/../../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/pkg/%2e%2e%2f%2e%2e%2fCargo.toml",
    ] {
        let answer = get(&router, uri).await;
        assert_ne!(answer.status, StatusCode::OK, "{uri}");
        assert!(!answer.text().contains("[dependencies]"), "{uri}");
    }
}

#[tokio::test]
async fn without_data_it_is_live_but_not_ready() {
    let router = router(AppState::default());
    assert_eq!(get(&router, "/health/live").await.status, StatusCode::OK);
    for uri in ["/health/ready", "/api/figure?id=build_status", "/pipelines"] {
        let answer = get(&router, uri).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{uri}");
    }
}

#[tokio::test]
async fn csv_holds_the_rows() {
    let router = router(loaded());
    let answer = get(&router, "/figures/build_status.csv?days=1").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .header(header::CONTENT_DISPOSITION)
            .contains("build_status.csv")
    );
    let mut lines = answer.text().lines();
    assert_eq!(lines.next(), Some("result,builds,percent"));
    assert_eq!(
        lines.next().map(|line| line.starts_with("SUCCESS,1,50")),
        Some(true)
    );
}
