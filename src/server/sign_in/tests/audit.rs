//! Lines of the audit log about requests. Those about sign-ins that succeed need a provider, so they are
//! tested in `end2end/tests/sign-in.spec.ts`.

use std::net::SocketAddr;

use axum::{
    extract::ConnectInfo,
    http::{Request, StatusCode, header, request::Builder},
};
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{ask, closed, cookie};
use crate::server::telemetry::testing::{Format, captured};

/// A request of a client.
fn of(client: &str, request: Builder) -> Builder {
    let client: SocketAddr = client.parse().expect("an address");
    request.extension(ConnectInfo(client))
}

/// The lines of the audit log that are written meanwhile, and the whole log.
pub(super) async fn lines(work: impl AsyncFnOnce()) -> (Vec<Value>, String) {
    let (lines, written) = captured(Format::Json, "trace");
    let subscriber = tracing_subscriber::registry().with(lines);
    let kept = tracing::subscriber::set_default(subscriber);
    work().await;
    drop(kept);
    let text = written.text();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let audit = lines.filter(|line: &Value| line["target"] == "audit");
    (audit.collect(), text)
}

/// The content of a line, in short.
fn short(line: &Value) -> String {
    let field = |name| line[name].as_str().unwrap_or("-").to_owned();
    ["action", "outcome", "reason", "who", "client"]
        .map(field)
        .join(" | ")
}

#[tokio::test]
async fn tokens_and_refusals_are_logged_once_for_each_client() {
    let (lines, log) = lines(async || {
        let (router, _) = closed();
        for client in ["192.0.2.1:1000", "192.0.2.2:1000"] {
            for _ in 0..300 {
                for (token, status) in [("secret", 200), ("Guessed", 401)] {
                    let request = of(client, Request::get("/api/figures"));
                    let token = format!("Bearer {token}");
                    let answer = ask(&router, request.header(header::AUTHORIZATION, token)).await;
                    assert_eq!(answer.status.as_u16(), status);
                }
                let answer = ask(&router, of(client, Request::get("/api/figures"))).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
                let page = ask(&router, of(client, Request::get("/pipelines"))).await;
                assert_eq!(page.status, StatusCode::SEE_OTHER, "which is no refusal");
            }
        }
    })
    .await;
    let (first, repeated): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line["repeated"].is_null());
    let said: Vec<String> = first.into_iter().map(short).collect();
    assert_eq!(
        said,
        [
            "token | done | - | token 1 | 192.0.2.1",
            "token | refused | unknown token | anonymous | 192.0.2.1",
            "request | refused | neither session nor token | anonymous | 192.0.2.1",
            "token | done | - | token 1 | 192.0.2.2",
            "token | refused | unknown token | anonymous | 192.0.2.2",
            "request | refused | neither session nor token | anonymous | 192.0.2.2",
        ]
    );
    // The rest is written when the server ends.
    assert_eq!(repeated.len(), 6);
    assert!(repeated.iter().all(|line| line["repeated"] == 299));
    for secret in ["secret", "Guessed", super::SECRET_HASH] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn sign_ins_and_sign_outs_are_logged() {
    let (lines, log) = lines(async || {
        let (router, cookies) = closed();
        let session = cookie(&cookies, 60);
        let client = "[2001:db8::1]:1000";
        let callback = of(
            client,
            Request::get("/sign-in/callback?code=hunter2&state=s"),
        );
        ask(&router, callback).await;
        for site in ["cross-site", "same-origin"] {
            let request = of(client, Request::post("/sign-out"));
            let request = request.header("sec-fetch-site", site);
            ask(&router, request.header(header::COOKIE, &session)).await;
        }
        let stranger = of(client, Request::post("/sign-out"));
        ask(&router, stranger.header("sec-fetch-site", "same-origin")).await;
    })
    .await;
    let said: Vec<String> = lines.iter().map(short).collect();
    assert_eq!(
        said,
        [
            "sign-in | refused | no sign-in is pending | anonymous | 2001:db8::1",
            "sign-out | refused | asked by another site | 7 | 2001:db8::1",
            "sign-out | done | - | 7 | 2001:db8::1",
        ]
    );
    assert!(!log.contains("hunter2"));
}
