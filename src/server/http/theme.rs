//! `/theme.css`: the organisation's colours, which follow the style of the pages.

use axum::{Router, http::header, routing::get};
use sha2::{Digest as _, Sha256};

use super::ServerState;

const PATH: &str = "/theme.css";

/// No route without a style sheet.
pub fn route(stylesheet: Option<&str>) -> Router<ServerState> {
    let Some(css) = stylesheet.map(str::to_owned) else {
        return Router::new();
    };
    // Its address changes with it.
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Router::new().route(PATH, get(move || async move { (headers, css) }))
}

/// The address of a style sheet, which browsers keep.
pub fn address(stylesheet: &str) -> String {
    let hash = Sha256::digest(stylesheet);
    let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PATH}?{hash}")
}
