//! Policies that browsers enforce, and the violations that they report.

use axum::{
    Router,
    body::Body,
    http::{HeaderName, Request, StatusCode, header},
};

use super::{TestResponse, ask, get, loaded};
use crate::server::{
    environment::Environment,
    http::{Settings, router},
    metrics::testing,
};

const PATH: &str = "/csp-reports";

async fn report(router: &Router, body: impl Into<Body>) -> TestResponse {
    let request = Request::post(PATH).header(header::CONTENT_TYPE, "application/csp-report");
    ask(router, request.body(body.into()).expect("a request")).await
}

#[tokio::test]
async fn violations_are_reported_below_the_base_path() {
    for (url, path) in [
        ("http://localhost:8050", "/csp-reports"),
        ("https://a.example/rse", "/rse/csp-reports"),
    ] {
        let variables = [("RSE_PUBLIC_URL".to_owned(), url.to_owned())];
        let environment: Environment = variables.into_iter().collect();
        let router = router(loaded(), Settings::of(&environment).expect("settings"));
        for page in ["/pipelines", "/sources", "/nowhere"] {
            let page = get(&router, page).await;
            for name in [
                header::CONTENT_SECURITY_POLICY,
                header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
            ] {
                let policy = page.header(name);
                assert!(
                    policy.ends_with(&format!("; report-uri {path}")),
                    "{policy}"
                );
            }
            let reported = page.header(header::CONTENT_SECURITY_POLICY_REPORT_ONLY);
            assert!(
                reported.contains("require-trusted-types-for 'script'; trusted-types default;")
            );
        }
    }
}

#[tokio::test]
async fn other_origins_can_neither_embed_responses_nor_be_embedded() {
    let router = router(loaded(), Settings::default());
    for path in [
        "/pipelines",
        "/nowhere",
        "/api/figures",
        "/api/figure?id=build_status",
        "/figures/build_status.csv",
        "/health/live",
        "/metrics",
    ] {
        let response = get(&router, path).await;
        for (name, value) in [
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            let name = HeaderName::from_static(name);
            assert_eq!(response.header(name), value, "{path}");
        }
    }
}

#[tokio::test]
async fn reports_are_counted_by_directive_and_bounded() {
    let router = router(loaded(), Settings::default());
    let body = r#"{"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://far.example"}}"#;
    for _ in 0..3 {
        assert_eq!(report(&router, body).await.status, StatusCode::NO_CONTENT);
    }
    for number in 0..50 {
        let body = format!(r#"{{"csp-report": {{"effective-directive": "made-up-{number}"}}}}"#);
        assert_eq!(report(&router, body).await.status, StatusCode::NO_CONTENT);
    }
    let refused = report(&router, "no report").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let refused = report(&router, " ".repeat(16 * 1024 + 1)).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let read = get(&router, PATH).await;
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);

    let metrics = get(&router, "/metrics").await;
    let series = testing::read(metrics.text());
    let counted = |directive: &str| {
        let name = format!("rse_dashboard_csp_reports_total{{directive=\"{directive}\"}}");
        series.get(&name).copied()
    };
    assert_eq!(counted("img-src"), Some(3.0));
    assert_eq!(counted("other"), Some(50.0));
    let labels = series
        .keys()
        .filter(|name| name.contains("csp_reports_total"));
    assert_eq!(labels.count(), 2);
    assert!(!metrics.text().contains("far.example"));
}
