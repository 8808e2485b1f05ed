//! Nothing is open that is not named here.

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

use super::{SignIn, cookies::Session, return_to::sign_in_address, tokens::Said};
use crate::error::AppError;

/// What orchestrators ask, and the door itself.
const OPEN: [&str; 6] = [
    "/health/live",
    "/health/ready",
    "/sign-in",
    "/sign-in/callback",
    "/sign-out",
    "/signed-out",
];
/// The client's files hold no data, and the pages of sign-in need some of them.
const FILES: [&str; 3] = ["/favicon.svg", "/logo.svg", "/robots.txt"];
const FOLDERS: [&str; 2] = ["/pkg/", "/plotly/"];

/// Lets through whoever signed in or has a token.
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
        // Where there is no such file, a page of the dashboard would say so.
        return match response.status() {
            StatusCode::NOT_FOUND => StatusCode::NOT_FOUND.into_response(),
            _ => response,
        };
    }
    let session = match sign_in.settings.tokens.judge(request.headers()) {
        Said::Known => None,
        Said::Unknown => return refuse(),
        Said::Nothing => match sign_in.settings.cookies.read::<Session>(request.headers()) {
            Some(session) => Some(session),
            None => return stranger(&request),
        },
    };
    if let Some(session) = &session {
        request.extensions_mut().insert(session.clone());
    }
    let mut response = next.run(request).await;
    keep_private(response.headers_mut());
    match session {
        Some(session) if is_stream(response.headers()) => ending(response, session.until),
        _ => response,
    }
}

/// Who looks at the page that is being rendered.
pub fn reader() -> Option<String> {
    reader_of(&use_context::<axum::http::request::Parts>()?.extensions)
}

/// Who asks; none where nobody has to sign in.
pub fn reader_of(request: &Extensions) -> Option<String> {
    let session = request.get::<Session>()?;
    Some(session.name.clone())
}

/// Only as written: a path that has to be resolved first may lead out of these folders.
fn is_file(path: &str) -> bool {
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let climbs = path.split('/').any(|part| part == "." || part == "..");
    let listed = FILES.contains(&path) || FOLDERS.iter().any(|folder| path.starts_with(folder));
    plain && !climbs && listed
}

/// A reader is led to the door; a program is told that there is one.
fn stranger(request: &Request) -> Response {
    let path = request.uri().path();
    let page = !path.starts_with("/api/") && !path.ends_with(".csv") && path != "/metrics";
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if !(page && reads) {
        return refuse();
    }
    let wanted = request
        .uri()
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (no_store, Redirect::to(&sign_in_address(wanted))).into_response()
}

fn refuse() -> Response {
    let headers = [
        (header::WWW_AUTHENTICATE, "Bearer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, AppError::SignInNeeded).into_response()
}

/// What one person may see is kept for nobody else; a page not even for the Back button of whoever
/// comes after them.
fn keep_private(headers: &mut HeaderMap) {
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

/// The stream of a session ends with it.
fn ending(response: Response, until: Timestamp) -> Response {
    let left = until.duration_since(Timestamp::now());
    let over = tokio::time::sleep(left.try_into().unwrap_or_default());
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_as_they_are_written_are_open() {
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
