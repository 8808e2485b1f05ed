//! Observability of every request: a span for its log lines and its trace, an id that its response
//! names, and its metrics.
//!
//! Addresses and headers may hold anything, secrets and names of people included: only the matched route
//! is recorded, never the address, and an id only if it has the form of one.

mod counted_body;
pub(super) mod request_id;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use hyper::body::Body as _;
use tracing::{Instrument as _, field::display};

use counted_body::CountedBody;

use crate::server::{state::AppState, telemetry};

/// The routes of requests that match no route of the router.
const FILE: &str = "file";
const UNKNOWN: &str = "unknown";

pub async fn observe(
    State(state): State<AppState>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let metrics = Arc::clone(state.metrics());
    let began = Instant::now();
    let in_flight = metrics.requests.begin();
    let method = method_name(request.method());
    let id = request_id::of(&request);
    let route = route(&request, matched.as_ref());
    // A span even at the level of errors, for their lines. Its fields are written as they are for every
    // request: checking what must be quoted would take longer than all the rest.
    let span = tracing::error_span!(
        "request",
        request_id = %id.to_str().unwrap_or_default(),
        %method,
        route = route.map(display),
    );
    telemetry::continue_trace(&span, request.headers());
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);

    let (status, took) = (response.status(), began.elapsed());
    let route = route.unwrap_or_else(|| {
        let route = unmatched_route(status);
        span.record("route", display(route));
        route
    });
    let status_code = status.as_u16();
    metrics.requests.answered(method, route, status_code, took);
    telemetry::answered(&span, status_code);
    // A field of the line and not of the span, which is formatted even for requests without a line.
    let duration_ms = took.as_secs_f64() * 1000.0;
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::info!(status = status_code, duration_ms, "answered");
        } else {
            tracing::debug!(status = status_code, duration_ms, "answered");
        }
    });
    response.headers_mut().insert(request_id::HEADER, id);
    if method == "HEAD" {
        return response;
    }
    // A body of known length is sent at once; a stream is counted as it is sent.
    match response.body().size_hint().exact() {
        Some(bytes) => {
            metrics.requests.sent(bytes);
            response
        }
        None => response.map(|body| {
            Body::new(CountedBody {
                body,
                metrics,
                span,
            })
        }),
    }
}

/// The method if HTTP defines it: a client may send any word.
fn method_name(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 9] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::CONNECT, "CONNECT"),
        (Method::TRACE, "TRACE"),
    ];
    let known = KNOWN.iter().find(|(known, _)| known == method);
    known.map_or("other", |(_, name)| name)
}

/// The route of the request; `None` when only the response shows it.
fn route<'a>(request: &Request, matched: Option<&'a MatchedPath>) -> Option<&'a str> {
    let matched = matched?.as_str();
    if !matched.ends_with("/figures/{id}") {
        return Some(matched);
    }
    Some(match request.uri().path().rsplit_once('.') {
        Some((_, "csv")) => "/figures/{id}.csv",
        Some((_, "svg")) => "/figures/{id}.svg",
        _ => matched,
    })
}

/// The label of a request that matched no route.
fn unmatched_route(status: StatusCode) -> &'static str {
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        FILE
    } else {
        UNKNOWN
    }
}
