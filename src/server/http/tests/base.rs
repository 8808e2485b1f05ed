//! The dashboard under a path of another server.

use axum::http::{StatusCode, header};

use super::{get, loaded, router};
use crate::server::{environment::Environment, http::Settings};

fn below_rse() -> axum::Router {
    let variables = [(
        "RSE_PUBLIC_URL".to_owned(),
        "https://example.org/rse/".to_owned(),
    )];
    let environment: Environment = variables.into_iter().collect();
    router(loaded(), Settings::of(&environment).expect("an address"))
}

#[tokio::test]
async fn everything_is_served_under_the_base_path() {
    let router = below_rse();
    for path in [
        "/rse",
        "/rse/",
        "/rse/wall",
        "/rse/pipelines",
        "/rse/api/figures",
        "/rse/figures/build_status.csv",
        "/rse/health/live",
    ] {
        assert_eq!(get(&router, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(get(&router, "/rsevp").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_proxy_may_strip_the_base_path() {
    let router = below_rse();
    let (whole, taken) = (
        get(&router, "/rse/disclaimer").await,
        get(&router, "/disclaimer").await,
    );
    assert_eq!(
        (whole.status, taken.status),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(get(&router, "/health/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn redirects_stay_under_the_base_path() {
    let router = below_rse();
    // Browsers keep a permanent redirect.
    let (moved, other) = (
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    );
    for (path, to, status) in [
        ("/rse/problems", "/rse/", moved),
        ("/rse/dash/?days=7", "/rse/pipelines?days=7", moved),
        ("/rse/security/", "/rse/security", other),
        ("/rse/security?x=1", "/rse/security", other),
        ("/rse//example.org/", "/rse/example.org", other),
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header(header::LOCATION), to, "{path}");
    }
}

/// Checks every address in a page that the browser requests.
#[tokio::test]
async fn pages_link_only_under_the_base_path() {
    let router = below_rse();
    for path in [
        "/rse/pipelines",
        "/rse/security",
        "/rse/sources",
        "/rse/disclaimer",
        "/rse/figures/build_status",
        "/rse/nothing",
    ] {
        let page = get(&router, path).await;
        let addresses = ["href=\"", "src=\"", "action=\""]
            .into_iter()
            .flat_map(|attribute| {
                let parts = page.text().split(attribute).skip(1);
                parts.filter_map(|rest| rest.split('"').next())
            });
        let local: Vec<&str> = addresses
            .filter(|address| address.starts_with('/'))
            .collect();
        assert!(local.len() > 5, "{path}: {local:?}");
        for address in local {
            assert!(address.starts_with("/rse/"), "{path}: {address}");
        }
        assert!(
            page.text().contains("import(\"/rse/pkg/") || page.text().contains("\"/rse\""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn browsers_are_asked_to_stay_with_https() {
    let answer = get(&below_rse(), "/rse/disclaimer").await;
    assert!(
        answer
            .header(header::STRICT_TRANSPORT_SECURITY)
            .starts_with("max-age=")
    );
    let plain = router(loaded(), Settings::default());
    let answer = get(&plain, "/disclaimer").await;
    assert!(
        !answer
            .headers
            .contains_key(header::STRICT_TRANSPORT_SECURITY)
    );
}
