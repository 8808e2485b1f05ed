//! Headers of every response, and the addresses that are refused.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use leptos::{context::use_context, nonce::use_nonce};
use leptos_axum::ResponseOptions;

use super::{csp_reports, limits::Limits};
use crate::base::Base;

/// The hash of an empty style attribute, which plotly.js sets to take styles away.
const EMPTY_STYLE: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// The hash of the style that plotly.js gives to text in `<b>`.
const BOLD_STYLE: &str = "sha256-wkY2X5hecQzbhnFCqvTpwrUJ1f4X8LH5WFjYUzv1wmU=";
/// Only what `src/trusted_types.js` allows may be made of text. Reported and not enforced: see decision 31.
const TRUSTED_TYPES: &str = "require-trusted-types-for 'script'; trusted-types default";
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// Sent unless the response has set its own.
const SECURITY: [(HeaderName, HeaderValue); 8] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
    // Pages have their own policy; nothing else may be executed or framed.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Sets the policies of a page while it renders. `reload_port`: see [`policy`].
pub fn content_security_policy(base: &Base, reload_port: Option<u32>) {
    let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    // Not in a header of the Reporting API, which browsers read over HTTPS only and then prefer.
    let reports = format!("report-uri {}", base.path(csp_reports::PATH));
    let policy = policy(&nonce.to_string(), reload_port);
    for (name, policy) in [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CONTENT_SECURITY_POLICY_REPORT_ONLY, TRUSTED_TYPES),
    ] {
        if let Ok(policy) = HeaderValue::try_from(format!("{policy}; {reports}")) {
            options.insert_header(name, policy);
        }
    }
}

/// The policy of pages: only scripts from this origin or with this response's nonce run. In development,
/// pages also connect to the `reload_port` of cargo-leptos, which tells them of changes.
fn policy(nonce: &str, reload_port: Option<u32>) -> String {
    let reload = reload_port.map_or_else(String::new, |port| {
        format!(" ws://localhost:{port} ws://127.0.0.1:{port}")
    });
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'unsafe-hashes' '{EMPTY_STYLE}' '{BOLD_STYLE}'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{reload}; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Adds the security headers.
pub fn secure(headers: &mut HeaderMap, https: bool) {
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
}

/// The caching rule of a response, decided by the path of its request.
#[derive(Clone, Copy)]
pub struct Caching {
    hashed: bool,
    file: bool,
}

impl Caching {
    pub fn of(path: &str) -> Self {
        Self {
            hashed: is_hashed(path),
            file: is_file(path),
        }
    }

    /// Files with a hash in their name never change; everything else is revalidated, which costs a 304.
    pub fn apply(self, status: StatusCode, headers: &mut HeaderMap) {
        let successful = status.is_success() || status == StatusCode::NOT_MODIFIED;
        let immutable = successful && self.hashed;
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(if immutable { IMMUTABLE } else { REVALIDATE });
        if self.file && !varies(headers) {
            let vary = HeaderValue::from_static("accept-encoding");
            headers.append(header::VARY, vary);
        }
    }
}

/// Refuses addresses that no link of the dashboard has, and longer headers than browsers send.
pub fn refusal(uri: &Uri, headers: &HeaderMap, limits: &Limits) -> Option<Response> {
    if !uri.path().starts_with('/') {
        let message = "The address of a request must begin with a slash.\n";
        return Some((StatusCode::BAD_REQUEST, message).into_response());
    }
    let address = uri.path().len() + uri.query().map_or(0, str::len);
    if address > limits.address {
        let message = format!("The address is longer than {} bytes.\n", limits.address);
        return Some((StatusCode::URI_TOO_LONG, message).into_response());
    }
    // Hyper limits the buffer that it reads into, which may hold more than the headers.
    let headers: usize = headers
        .iter()
        .map(|(name, value)| length(name, value))
        .sum();
    (address + headers > limits.header).then(|| {
        let message = format!("The headers are longer than {} bytes.\n", limits.header);
        (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message).into_response()
    })
}

/// The length of a header's line.
fn length(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + ": ".len() + value.len() + "\r\n".len()
}

fn is_hashed(path: &str) -> bool {
    let hashed_package = env!("HASH_FILES") == "true" && path.starts_with("/pkg/");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_while_developing_pages_connect_to_the_reload_port() {
        let served = policy("N", None);
        assert!(served.contains("connect-src 'self';"), "{served}");
        assert!(!served.contains("ws:"), "{served}");
        let developed = policy("N", Some(9001));
        let allowed = "connect-src 'self' ws://localhost:9001 ws://127.0.0.1:9001;";
        assert!(developed.contains(allowed), "{developed}");
        assert_eq!(
            developed.replace(allowed, "connect-src 'self';"),
            served,
            "nothing else differs"
        );
    }
}
