//! A closed dashboard, for strangers and for readers who signed in. The provider here never responds:
//! tests that need one run against a real one in `end2end/tests/sign-in.spec.ts`.

mod audit;
mod snoozes;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
    response::IntoResponse as _,
};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt as _;

use super::cookies::{CookieValue, Cookies, Pending, Session};
use crate::server::{
    config::Config,
    environment::Environment,
    http::{self, router},
    snapshot::{SnapshotBuilder, security::Security},
    state::AppState,
};

const SECRET_HASH: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
const KEY: &str =
    "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==";
/// An address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Every address that shows data.
const CLOSED: [&str; 28] = [
    "/",
    "/dash",
    "/dash/",
    "/pipelines",
    "/pipelines/",
    "/pipelines?project=cmc",
    "/security",
    "/problems",
    "/wall",
    "/api/problems",
    "/api/today",
    "/sources",
    "/disclaimer",
    "/figures/heatmap",
    "/figures/heatmap.csv",
    "/nowhere",
    "/api/figure?id=heatmap",
    "/api/figures",
    "/api/overview?page=pipelines",
    "/api/headline",
    "/api/freshness",
    "/api/coverage",
    "/api/fragments?of=freshness",
    "/api/live",
    "/api/nothing",
    "/metrics",
    "/health/other",
    "/sign-in/../pipelines",
];

struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl TestResponse {
    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(&name);
        value.map_or("", |value| value.to_str().expect("text"))
    }
}

fn settings(public_url: &str) -> http::Settings {
    let variables = [
        ("RSE_PUBLIC_URL", public_url),
        ("RSE_OIDC_ISSUER", NOWHERE),
        ("RSE_OIDC_CLIENT_ID", "dashboard"),
        ("RSE_OIDC_ALLOWED_DOMAINS", "example.org"),
        ("RSE_SESSION_KEY", KEY),
        ("RSE_API_TOKENS", SECRET_HASH),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment: Environment = variables.into_iter().collect();
    http::Settings::of(&environment).expect("a whole configuration")
}

/// A closed dashboard, and the key of its cookies.
fn closed() -> (Router, Cookies) {
    let state = AppState::default();
    let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    state.swap(builder.finish("v1".to_owned(), Some(60_000), Security::default()));
    let settings = settings("https://dashboard.example");
    let sign_in = settings.sign_in.clone().expect("sign-in is on");
    (router(state, settings), sign_in.cookies)
}

fn cookie(cookies: &Cookies, seconds: i64) -> String {
    kept(cookies, &session(seconds))
}

fn session(seconds: i64) -> Session {
    let sign_in = settings("https://dashboard.example").sign_in;
    let sessions = sign_in.expect("sign-in is on").sessions;
    Session {
        until: Timestamp::now() + SignedDuration::from_secs(seconds),
        ..sessions.begin("Ada <Lovelace>".to_owned(), "7".to_owned())
    }
}

fn kept<T: CookieValue>(cookies: &Cookies, kept: &T) -> String {
    let response = cookies.changes().set(kept).into_jar().into_response();
    let set = response.headers()[header::SET_COOKIE]
        .to_str()
        .expect("text");
    set.split(';').next().expect("a pair").to_owned()
}

async fn ask(router: &Router, request: Builder) -> TestResponse {
    let request = request.header(header::HOST, "localhost");
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000_000).await.expect("a whole body");
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(body.to_vec()).expect("text"),
    }
}

#[tokio::test]
async fn every_address_with_data_is_closed_to_strangers() {
    let (router, cookies) = closed();
    let overdue = cookie(&cookies, -1);
    let tampered = cookie(&cookies, 60).replace("session=", "session=A");
    let elsewhere = Session {
        audience: "another dashboard".to_owned(),
        ..session(60)
    };
    let elsewhere = kept(&cookies, &elsewhere);
    for uri in CLOSED {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            for sent in [
                "",
                &overdue,
                &tampered,
                &elsewhere,
                "__Host-rse-session=Ada",
            ] {
                let request = Request::builder().method(method).uri(uri);
                let answer = ask(&router, request.header(header::COOKIE, sent)).await;
                let what = format!("{method} {uri} {sent}: {}", answer.status);
                match answer.status {
                    StatusCode::SEE_OTHER => {
                        let to = answer.header(header::LOCATION);
                        assert!(to.starts_with("/sign-in?to=%2F"), "{what}: {to}");
                        assert!(method == "GET" || method == "HEAD", "{what}");
                    }
                    StatusCode::UNAUTHORIZED => {
                        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer", "{what}");
                        assert!(
                            method == "HEAD" || answer.text.contains("sign_in_needed"),
                            "{what}"
                        );
                    }
                    _ => panic!("{what}"),
                }
                assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn programs_get_401_and_readers_are_redirected_to_sign_in() {
    let (router, _) = closed();
    for uri in CLOSED {
        let answer = ask(&router, Request::get(uri)).await;
        let program = uri.starts_with("/api/") || uri.contains(".csv") || uri == "/metrics";
        let wanted = if program {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::SEE_OTHER
        };
        assert_eq!(answer.status, wanted, "{uri}");
    }
    let answer = ask(&router, Request::get("/pipelines?project=cmc&days=28")).await;
    assert_eq!(
        answer.header(header::LOCATION),
        "/sign-in?to=%2Fpipelines%3Fproject%3Dcmc%26days%3D28"
    );
    let answer = ask(&router, Request::get("//elsewhere.example/")).await;
    assert_eq!(answer.header(header::LOCATION), "/sign-in?to=%2F");
}

#[tokio::test]
async fn health_security_txt_and_the_clients_files_stay_open() {
    let (router, _) = closed();
    // It is not configured: strangers are told so instead of sent to sign in.
    let contact = ask(&router, Request::get("/.well-known/security.txt")).await;
    assert_eq!(contact.status, StatusCode::NOT_FOUND);
    let other = ask(&router, Request::get("/.well-known/other")).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER);
    let live = ask(&router, Request::get("/health/live")).await;
    assert_eq!(live.status, StatusCode::OK);
    let ready = ask(&router, Request::get("/health/ready")).await;
    assert!(
        ready.text.starts_with("not ready: the store holds no data"),
        "{}",
        ready.text
    );
    // These files do not exist in a test; the page that would say so stays closed.
    for uri in ["/pkg/nothing.js", "/plotly/nothing.js"] {
        let answer = ask(&router, Request::get(uri)).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::NOT_FOUND, ""),
            "{uri}"
        );
    }
    for uri in [
        "/pkg/../pipelines",
        "/pkg/%2e%2e/pipelines",
        "/pkg/..%2fapi/figures",
        "/pkg/../api/figures",
    ] {
        let answer = ask(&router, Request::get(uri)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{uri}");
    }
}

#[tokio::test]
async fn a_reader_who_signed_in_gets_private_pages() {
    let (router, cookies) = closed();
    let session = cookie(&cookies, 60);
    let page = ask(
        &router,
        Request::get("/pipelines").header(header::COOKIE, &session),
    )
    .await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header(header::CACHE_CONTROL), "private, no-store");
    assert!(page.text.contains("Ada &lt;Lovelace&gt;") && page.text.contains("Sign out"));
    for uri in [
        "/api/figure?id=heatmap",
        "/figures/heatmap.csv",
        "/api/freshness",
    ] {
        let answer = ask(&router, Request::get(uri).header(header::COOKIE, &session)).await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}");
        assert_eq!(
            answer.header(header::CACHE_CONTROL),
            "private, no-cache",
            "{uri}"
        );
    }
}

#[tokio::test]
async fn a_valid_token_opens_everything_and_an_invalid_one_nothing() {
    let (router, cookies) = closed();
    for uri in ["/api/figures", "/figures/heatmap.csv", "/pipelines"] {
        let right = Request::get(uri).header(header::AUTHORIZATION, "Bearer secret");
        let answer = ask(&router, right).await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}");
        assert!(!answer.text.contains("Sign out"), "{uri}");
        let wrong = Request::get(uri).header(header::AUTHORIZATION, "Bearer Secret");
        // Not even with a valid session: a mistake in a script must be noticed.
        let wrong = wrong.header(header::COOKIE, cookie(&cookies, 60));
        assert_eq!(
            ask(&router, wrong).await.status,
            StatusCode::UNAUTHORIZED,
            "{uri}"
        );
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let (router, cookies) = closed();
    let request = Request::get("/api/live").header(header::HOST, "localhost");
    let request = request.header(header::COOKIE, cookie(&cookies, 1));
    let request = request.body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let events = response.into_body().into_data_stream().count();
    let events = tokio::time::timeout(Duration::from_secs(5), events).await;
    assert!(events.expect("the stream ends") >= 1);
}

#[tokio::test]
async fn an_outage_of_the_provider_affects_only_people_who_sign_in() {
    let (router, cookies) = closed();
    let answer = ask(&router, Request::get("/sign-in?to=/security")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("does not respond"), "{}", answer.text);
    assert!(
        answer
            .text
            .contains(r#"content="15; url=/sign-in?to=%2Fsecurity""#),
        "{}",
        answer.text
    );
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    assert!(!answer.text.contains(NOWHERE), "{}", answer.text);
    let session = cookie(&cookies, 60);
    let page = ask(
        &router,
        Request::get("/pipelines").header(header::COOKIE, session),
    )
    .await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reader_who_signed_in_is_redirected_within_the_dashboard() {
    let (router, cookies) = closed();
    let session = cookie(&cookies, 60);
    for (to, led) in [
        ("%2Fsecurity%3Fdays%3D28", "/security?days=28"),
        ("%2F%2Felsewhere.example", "/"),
        ("https%3A%2F%2Felsewhere.example", "/"),
        ("%2F%5Celsewhere.example", "/"),
        ("%2F%09%2Felsewhere.example", "/"),
        ("%0d%0aset-cookie%3Aa%3Db", "/"),
    ] {
        let request = Request::get(format!("/sign-in?to={to}"));
        let answer = ask(&router, request.header(header::COOKIE, &session)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{to}");
        assert_eq!(answer.header(header::LOCATION), led, "{to}");
    }
}

#[tokio::test]
async fn a_callback_without_a_pending_sign_in_is_refused() {
    let (router, cookies) = closed();
    for uri in [
        "/sign-in/callback",
        "/sign-in/callback?code=a&state=",
        "/sign-in/callback?code=a&state=b",
        "/sign-in/callback?error=access_denied&state=b",
        "/sign-in/callback?code=%FF&state=%FE",
    ] {
        // A session is not a pending sign-in.
        let request = Request::get(uri).header(header::COOKIE, cookie(&cookies, 60));
        let answer = ask(&router, request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        let set = answer.header(header::SET_COOKIE);
        assert!(
            set.starts_with("__Host-rse-sign-in=") && set.contains("Max-Age=0"),
            "{set}"
        );
        assert!(
            answer
                .header(header::CONTENT_SECURITY_POLICY)
                .contains("default-src 'none'")
        );
    }
}

#[tokio::test]
async fn a_pending_sign_in_accepts_only_its_provider_and_only_in_time() {
    let (_, cookies) = closed();
    let pending = |seconds| {
        let pending = Pending {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".repeat(43),
            to: "/security".to_owned(),
            until: Timestamp::now() + SignedDuration::from_secs(seconds),
        };
        kept(&cookies, &pending)
    };
    for (uri, seconds, status) in [
        // The provider would be asked about the code, but does not respond.
        (
            "/sign-in/callback?code=c&state=s",
            60,
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        (
            "/sign-in/callback?code=c&state=s&iss=http://127.0.0.1:1",
            60,
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        (
            "/sign-in/callback?code=c&state=s&iss=https://elsewhere.example",
            60,
            StatusCode::FORBIDDEN,
        ),
        (
            "/sign-in/callback?error=access_denied&state=s",
            60,
            StatusCode::FORBIDDEN,
        ),
        (
            "/sign-in/callback?code=c&state=S",
            60,
            StatusCode::BAD_REQUEST,
        ),
        (
            "/sign-in/callback?code=c&state=s",
            -1,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let request = || Request::get(uri).header(header::COOKIE, pending(seconds));
        // Another process: this one accepts a state once.
        let (router, _) = closed();
        let answer = ask(&router, request()).await;
        assert_eq!(answer.status, status, "{uri} {seconds}");
        let set = answer.header(header::SET_COOKIE);
        assert!(
            set.contains("rse-sign-in=") && set.contains("Max-Age=0"),
            "{uri}: {set}"
        );
        let again = ask(&router, request()).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "{uri} {seconds}");
    }
}

#[tokio::test]
async fn only_the_dashboard_itself_signs_readers_out() {
    let (router, _) = closed();
    let post = || Request::post("/sign-out");
    for foreign in [
        post(),
        post()
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://dashboard.example"),
        post().header("sec-fetch-site", "same-site"),
        post().header("origin", "https://elsewhere.example"),
        post().header("origin", "null"),
        post().header("origin", "https://dashboard.example.evil.example"),
    ] {
        let answer = ask(&router, foreign).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    for own in [
        post().header("sec-fetch-site", "same-origin"),
        post().header("origin", "https://dashboard.example"),
    ] {
        let answer = ask(&router, own).await;
        // The provider does not respond, so the browser is not sent there.
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header(header::LOCATION), "/signed-out");
        let set = answer.header(header::SET_COOKIE);
        assert!(
            set.starts_with("__Host-rse-session=") && set.contains("Max-Age=0"),
            "{set}"
        );
    }
    let answer = ask(&router, Request::get("/sign-out")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        ask(&router, Request::get("/signed-out")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn sign_in_pages_use_the_base_path() {
    let router = router(
        AppState::default(),
        settings("https://dashboard.example/rse"),
    );
    let answer = ask(&router, Request::get("/signed-out")).await;
    for address in [
        r#"href="/rse/sign-in?to=%2F""#,
        r#"href="/rse/pkg/"#,
        r#"src="/rse/logo.svg""#,
    ] {
        assert!(answer.text.contains(address), "{address}: {}", answer.text);
    }
}

#[tokio::test]
async fn without_sign_in_its_routes_do_not_exist() {
    let router = router(AppState::default(), http::Settings::default());
    for uri in ["/sign-in", "/sign-in/callback", "/signed-out"] {
        assert_eq!(
            ask(&router, Request::get(uri)).await.status,
            StatusCode::NOT_FOUND,
            "{uri}"
        );
    }
    assert_eq!(
        ask(&router, Request::get("/disclaimer")).await.status,
        StatusCode::OK
    );
}
