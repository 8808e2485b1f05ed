//! HTTP: the router, and what holds for every answer.

mod api;
mod encoding;
mod headers;
mod health;
mod live;
pub mod metrics;
mod observe;
mod openapi;
mod pages;
mod settings;
#[cfg(test)]
mod tests;

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    http::StatusCode,
    middleware,
    routing::{any, get},
};
use leptos::{config::LeptosOptions, context::provide_context};
use leptos_axum::{
    LeptosRoutes as _, generate_route_list_with_exclusions, render_app_async_with_context,
};
use tokio::net::TcpListener;
use tower_http::{
    CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer,
    services::ServeDir, timeout::TimeoutLayer,
};

pub use settings::Settings;

use super::state::AppState;
use crate::app;

/// Nothing that is asked of this server has a body of more than this.
const LARGEST_BODY: usize = 16 * 1024;
/// Longer than any answer takes, and short enough that a stuck one is noticed.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// How long running answers may take once the server was asked to stop.
const LONGEST_STOP: Duration = Duration::from_secs(4);

/// Of pages, which are made for one request: a third smaller than the fastest, for ten milliseconds.
const PAGE_COMPRESSION: i32 = 4;

#[derive(Clone)]
struct ServerState {
    options: LeptosOptions,
    app: AppState,
    settings: Arc<Settings>,
}

impl FromRef<ServerState> for LeptosOptions {
    fn from_ref(state: &ServerState) -> Self {
        state.options.clone()
    }
}

impl FromRef<ServerState> for AppState {
    fn from_ref(state: &ServerState) -> Self {
        state.app.clone()
    }
}

/// Answers until `stop` resolves, then finishes what runs.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let app = state.clone();
    let stop = async move {
        stop.await;
        app.stop();
        // Nobody listens any more only when the server has failed already.
        let _ = stopping.send(());
    };
    let server = axum::serve(listener, router(state, settings)).with_graceful_shutdown(stop);
    let overdue = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(LONGEST_STOP).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = server => served.context("the HTTP server failed"),
        () = overdue => {
            tracing::warn!("some answers took too long; stopped without them");
            Ok(())
        }
    }
}

/// All routes, with their limits and headers.
pub fn router(state: AppState, settings: Settings) -> Router {
    let options = leptos_options();
    let state = ServerState {
        options: options.clone(),
        app: state,
        settings: settings.into(),
    };
    let shell = move || app::shell(options.clone());
    // These are answered with statuses and ETags of their own.
    let own = [
        "/api/figure",
        "/api/overview",
        "/api/headline",
        "/api/texts",
    ];
    let own = own.map(str::to_owned).to_vec();
    let routes = generate_route_list_with_exclusions(app::App, Some(own));
    let context = {
        let app = state.app.clone();
        move || {
            provide_context(app.clone());
            if let Some(site) = app.site() {
                provide_context(site);
            }
            headers::content_security_policy();
        }
    };
    // Leptos has a handler for files and missing pages in one. It runs the context of a file's answer
    // inside whatever page is being rendered on the same thread, which then loses its headers.
    let missing = pages::missing(render_app_async_with_context(
        context.clone(),
        shell.clone(),
    ));
    let files = ServeDir::new(&*state.options.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(missing);
    Router::new()
        .route("/", get(pages::to_pipelines))
        .route("/dash", get(pages::to_pipelines))
        .route("/dash/", get(pages::to_pipelines))
        .route("/api/figure", get(api::figure))
        .route("/api/figures", get(api::figures))
        .route("/api/overview", get(api::overview))
        .route("/api/headline", get(api::headline))
        .route("/api/freshness", get(api::freshness))
        .route("/api/coverage", get(api::coverage))
        .route("/api/texts", get(api::texts))
        .route("/api/live", get(live::live))
        .route("/api/openapi.json", get(openapi::openapi))
        .route("/api", any(api::unknown))
        .route("/api/", any(api::unknown))
        .route("/api/{*rest}", any(api::unknown))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(metrics::route(&state.settings.metrics))
        .leptos_routes_with_context(&state, routes, context, shell)
        .fallback_service(files)
        .layer(middleware::from_fn_with_state(state.clone(), pages::csv))
        .layer(middleware::from_fn_with_state(state.clone(), pages::status))
        .layer(middleware::from_fn(pages::without_trailing_slash))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(PAGE_COMPRESSION)))
        .layer(middleware::from_fn(headers::caching))
        .layer(middleware::from_fn(headers::limits))
        .layer(middleware::from_fn(headers::security))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST_ANSWER,
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            observe::observe,
        ))
        .with_state(state)
}

/// Where the client's files are and how they are named. Whether their names carry a hash is known
/// when the program is built: a program that is moved or started by hand must not guess it.
fn leptos_options() -> LeptosOptions {
    let site_root = std::env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|program| Some(program.parent()?.join("site")))
            .filter(|site| site.is_dir());
        let site = beside.unwrap_or_else(|| PathBuf::from("target/site"));
        site.display().to_string()
    });
    let reload_port = std::env::var("LEPTOS_RELOAD_PORT")
        .ok()
        .and_then(|port| port.parse().ok());
    LeptosOptions::builder()
        .output_name(env!("CARGO_PKG_NAME"))
        .site_root(site_root)
        .site_pkg_dir("pkg")
        .hash_files(env!("HASH_FILES") == "true")
        .reload_port(reload_port.unwrap_or(8051))
        .build()
}
