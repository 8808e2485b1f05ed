//! Headers that every answer carries, and limits on what is asked.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use leptos::{context::use_context, nonce::use_nonce};
use leptos_axum::ResponseOptions;

use super::{Settings, client::Client};

/// The hash of an empty style attribute, which plotly.js sets to take styles away.
const EMPTY_STYLE: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// The hash of the style that plotly.js gives to what stands in `<b>`.
const BOLD_STYLE: &str = "sha256-wkY2X5hecQzbhnFCqvTpwrUJ1f4X8LH5WFjYUzv1wmU=";
const A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const A_YEAR_OF_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Of pages: only scripts of this origin, or with this answer's nonce, run. Called while a page renders.
pub fn content_security_policy() {
    let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'unsafe-hashes' '{EMPTY_STYLE}' '{BOLD_STYLE}'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Headers that cost nothing and close doors.
pub async fn security(request: Request, next: Next) -> Response {
    let https = request
        .extensions()
        .get::<Client>()
        .is_some_and(|client| client.https);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, A_YEAR_OF_HTTPS);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    // Pages have a policy of their own; nothing else is to be run or framed at all.
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    response
}

/// Files with a hash in their name never change; everything else is asked for again, at the price of a 304.
pub async fn caching(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let good = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    let lasting = good && is_hashed(&path);
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(if lasting { A_YEAR } else { REVALIDATE });
    if is_file(&path) && !varies(headers) {
        let vary = HeaderValue::from_static("accept-encoding");
        headers.append(header::VARY, vary);
    }
    response
}

/// Refuses addresses that no link of the dashboard has.
pub async fn limits(
    State(settings): State<Arc<Settings>>,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri();
    if !uri.path().starts_with('/') {
        let message = "The address of a request begins with a slash.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let length = uri.path().len() + uri.query().map_or(0, str::len);
    let longest = settings.limits.address;
    if length > longest {
        let message = format!("The address is longer than {longest} bytes.\n");
        return (StatusCode::URI_TOO_LONG, message).into_response();
    }
    next.run(request).await
}

fn is_hashed(path: &str) -> bool {
    let hashed_package = env!("HASH_FILES") == "true"
        && path.starts_with("/pkg/")
        && !path.starts_with("/pkg/snippets/");
    hashed_package || path.starts_with("/plotly/plotly-")
}

fn is_file(path: &str) -> bool {
    path.starts_with("/pkg/") || path.starts_with("/plotly/")
}

fn varies(headers: &HeaderMap) -> bool {
    headers.get_all(header::VARY).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.to_ascii_lowercase().contains("accept-encoding")
    })
}
