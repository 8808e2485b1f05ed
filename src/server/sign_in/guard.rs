//! The guard of all routes: everything is closed unless it is named here.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use futures::StreamExt as _;
use jiff::Timestamp;
use leptos::context::use_context;

use super::{
    SignIn, client_address, cookies::Session, return_to::sign_in_address, tokens::TokenCheck,
};
use crate::{
    error::AppError,
    server::telemetry::audit::{ANONYMOUS, Action, Outcome},
};

/// Health checks, whom to tell about vulnerabilities, and sign-in itself.
const OPEN: [&str; 7] = [
    "/health/live",
    "/health/ready",
    "/.well-known/security.txt",
    "/sign-in",
    "/sign-in/callback",
    "/sign-out",
    "/signed-out",
];
/// The client's files hold no data, and the sign-in pages need some of them.
const FILES: [&str; 5] = [
    "/favicon.svg",
    "/favicon-red.svg",
    "/logo.svg",
    "/robots.txt",
    "/theme.css",
];
const FOLDERS: [&str; 2] = ["/pkg/", "/plotly/"];

/// Admits readers who signed in and requests with a token.
pub async fn guard(
    State(sign_in): State<Arc<SignIn>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if OPEN.contains(&path) {
        return next.run(request).await;
    }
    if is_file(path) {
        let response = next.run(request).await;
        // A missing file would be answered by a page of the dashboard.
        return match response.status() {
            StatusCode::NOT_FOUND => StatusCode::NOT_FOUND.into_response(),
            _ => response,
        };
    }
    let client = client_address(request.extensions());
    let refused = |action, reason| {
        sign_in.record(ANONYMOUS, action, client, Outcome::Refused { reason });
        refuse()
    };
    let session = match sign_in.settings.tokens.check(request.headers()) {
        TokenCheck::Valid(token) => {
            sign_in.record(token, Action::Token, client, Outcome::Done);
            None
        }
        TokenCheck::Invalid => {
            return refused(Action::Token, "unknown token");
        }
        TokenCheck::Missing => match sign_in.settings.session(request.headers()) {
            Some(session) => Some(session),
            None => {
                if let Some(redirect) = to_sign_in(&request) {
                    return redirect;
                }
                return refused(Action::Request, "neither session nor token");
            }
        },
    };
    if let Some(session) = &session {
        request.extensions_mut().insert(session.clone());
    }
    let mut response = next.run(request).await;
    make_private(response.headers_mut());
    match session {
        Some(session) if is_stream(response.headers()) => ending(response, session.until),
        _ => response,
    }
}

/// The reader of the page that is being rendered.
pub fn reader() -> Option<String> {
    reader_of(&use_context::<axum::http::request::Parts>()?.extensions)
}

/// The reader of a request; `None` when sign-in is off.
pub fn reader_of(request: &Extensions) -> Option<String> {
    let session = request.get::<Session>()?;
    Some(session.name.clone())
}

/// Accepts only plain paths: one that has to be resolved first may lead outside these folders.
fn is_file(path: &str) -> bool {
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let climbs = path.split('/').any(|part| part == "." || part == "..");
    let listed = FILES.contains(&path) || FOLDERS.iter().any(|folder| path.starts_with(folder));
    plain && !climbs && listed
}

/// Redirects readers to sign-in; `None` for programs.
fn to_sign_in(request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let page = !path.starts_with("/api/") && !path.ends_with(".csv") && path != "/metrics";
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if !(page && reads) {
        return None;
    }
    let wanted = request
        .uri()
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Some((no_store, Redirect::to(&sign_in_address(wanted))).into_response())
}

fn refuse() -> Response {
    let headers = [
        (header::WWW_AUTHENTICATE, "Bearer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, AppError::SignInNeeded).into_response()
}

/// Keeps a reader's responses out of shared caches, and pages out of the browser's cache as well: the
/// Back button of the next reader must not show them.
fn make_private(headers: &mut HeaderMap) {
    let of = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let page = of(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
    let no_store = page || of(header::CACHE_CONTROL).is_some_and(|said| said.contains("no-store"));
    let value = if no_store {
        "private, no-store"
    } else {
        "private, no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Ends a stream when its session expires.
fn ending(response: Response, until: Timestamp) -> Response {
    let left = until.duration_since(Timestamp::now());
    let over = tokio::time::sleep(left.try_into().unwrap_or_default());
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_plain_paths_are_open() {
        for open in [
            "/pkg/rse-dashboard.js",
            "/pkg/snippets/a-1/src/live.js",
            "/plotly/plotly-1a.js",
            "/logo.svg",
        ] {
            assert!(is_file(open), "{open}");
        }
        for closed in [
            "/pkg",
            "/pkg/../pipelines",
            "/pkg/./../pipelines",
            "/pkg/%2e%2e/pipelines",
            "/pkg/..%2fpipelines",
            "/pkg/..\\pipelines",
            "/pkg/a;b",
            "/Pkg/a.js",
            "//pkg/a.js",
            "/api/figure",
            "/logo.svg/",
            "/",
        ] {
            assert!(!is_file(closed), "{closed}");
        }
    }
}
