//! What an orchestrator asks.

use axum::{extract::State, http::StatusCode, response::IntoResponse};

use crate::server::state::AppState;

/// The process answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// The process has data to answer with, and is to be asked for them.
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
