//! `GET /metrics`, on the main listener or on a separate one for operators.

use std::{future::pending, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::{FromRef, State},
    http::header,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{
    connections,
    limits::Limits,
    middleware::{self, Middleware},
};
use crate::server::{environment::Environment, metrics, state::AppState};

const ADDR: &str = "RSE_METRICS_ADDR";
const PATH: &str = "/metrics";
/// Connections of the separate listener, far more than collectors need.
pub const MAX_CONNECTIONS: usize = 32;

#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The address of a separate listener; none for the main one.
    pub addr: Option<SocketAddr>,
}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// An invalid address; the message names the variable.
    pub fn of(environment: &Environment) -> Result<Self> {
        let addr = environment.text(&[ADDR]).map(|text| {
            text.parse().with_context(|| {
                format!(
                    "{ADDR}: “{text}” is not an address with a port, for example 127.0.0.1:9090"
                )
            })
        });
        Ok(Self {
            addr: addr.transpose()?,
        })
    }
}

/// The route on the main listener, unless metrics have a separate one.
pub fn route<S>(settings: &Settings) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    AppState: FromRef<S>,
{
    match settings.addr {
        None => Router::new().route(PATH, get(metrics)),
        Some(_) => Router::new(),
    }
}

/// Binds the separate listener.
///
/// # Errors
/// An address that is in use or not local; the message names the variable.
pub async fn bind(addr: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| {
        format!("{ADDR}: cannot listen on {addr}; choose a free port on this machine")
    })
}

/// Serves metrics, and nothing else, until dropped. Limited like the main listener: it takes descriptors
/// from it.
pub async fn serve(listener: TcpListener, state: AppState) {
    let settings = super::Settings {
        limits: Limits::default().with_connections(MAX_CONNECTIONS),
        ..super::Settings::default()
    };
    let limited = Middleware::new(Arc::new(settings.clone()));
    let router = Router::new()
        .route(PATH, get(metrics))
        .layer(from_fn_with_state(limited, middleware::handle))
        .with_state(state);
    connections::serve(listener, router, &settings, pending()).await;
}

async fn metrics(State(state): State<AppState>) -> Response {
    let text = state.metrics().text(&state.scrape().await);
    let headers = [
        (header::CONTENT_TYPE, metrics::CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_address_is_reported_with_its_variable() {
        let settings = |value: &str| {
            let variables = [(ADDR.to_owned(), value.to_owned())];
            Settings::of(&variables.into_iter().collect())
        };
        let right = settings("127.0.0.1:9090").expect("an address");
        assert_eq!(right.addr.map(|addr| addr.port()), Some(9090));
        let error = settings("9090").expect_err("a port alone");
        assert!(error.to_string().starts_with(ADDR), "{error}");
    }
}
