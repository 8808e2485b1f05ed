//! Serving under a base path, part of a larger server: `https://example.org/rse`.
//!
//! All other code sees paths without the base path.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Uri, header, uri::PathAndQuery},
    middleware::{self, Next},
    response::Response,
};

use super::Settings;

/// Serves the routes under the base path and at the root as well: a proxy may have stripped the base
/// path, and an orchestrator does not know it.
pub fn mount(router: Router, settings: &Arc<Settings>) -> Router {
    if settings.base_path().is_empty() {
        return router;
    }
    // A router chooses a route before its layers run, so the path is changed by a router outside it.
    Router::new()
        .fallback_service(router)
        .layer(middleware::from_fn_with_state(
            Arc::clone(settings),
            strip_base_path,
        ))
}

async fn strip_base_path(
    State(settings): State<Arc<Settings>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(uri) = without_base(request.uri(), settings.base_path()) {
        *request.uri_mut() = uri;
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let location = headers.get(header::LOCATION);
    let location = location.and_then(|location| with_base(location, settings.base_path()));
    if let Some(location) = location {
        headers.insert(header::LOCATION, location);
    }
    response
}

pub(super) fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let rest = path_and_query.strip_prefix(base)?;
    let rest: PathAndQuery = match rest.chars().next() {
        Some('/') => rest.parse().ok()?,
        None | Some('?') => format!("/{rest}").parse().ok()?,
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest);
    Uri::from_parts(parts).ok()
}

/// Leaves the addresses of other servers unchanged.
pub(super) fn with_base(location: &HeaderValue, base: &str) -> Option<HeaderValue> {
    let path = location.to_str().ok()?;
    let local = path.starts_with('/') && !path.starts_with("//");
    local
        .then(|| HeaderValue::try_from(format!("{base}{path}")).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_ends_at_a_segment() {
        let without_base = |uri: &str| {
            let uri: Uri = uri.parse().expect("an address");
            without_base(&uri, "/rse").map(|uri| uri.to_string())
        };
        assert_eq!(
            without_base("/rse/pipelines?days=7").as_deref(),
            Some("/pipelines?days=7")
        );
        assert_eq!(without_base("/rse").as_deref(), Some("/"));
        assert_eq!(without_base("/rse?days=7").as_deref(), Some("/?days=7"));
        assert_eq!(without_base("/rsevp"), None);
        assert_eq!(without_base("/health/live"), None);
    }

    #[test]
    fn only_local_redirects_are_rewritten() {
        let with_base = |location| with_base(&HeaderValue::from_static(location), "/rse");
        assert_eq!(with_base("/pipelines").expect("local"), "/rse/pipelines");
        assert_eq!(with_base("https://example.org/"), None);
        assert_eq!(with_base("//example.org/"), None);
    }
}
