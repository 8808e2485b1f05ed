//! Health checks for orchestrators.

use axum::{extract::State, http::StatusCode, response::IntoResponse};

use crate::server::state::AppState;

/// Returns whether a path is that of a health check, below any base path.
pub fn is_check(path: &str) -> bool {
    path.ends_with("/health/live") || path.ends_with("/health/ready")
}

/// The process responds.
pub async fn live() -> &'static str {
    "live\n"
}

/// The process has data and accepts requests.
pub async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    match state.readiness() {
        Ok(snapshot) => (
            StatusCode::OK,
            format!("ready: data {}\n", snapshot.version),
        ),
        Err(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {reason}\n"),
        ),
    }
}
