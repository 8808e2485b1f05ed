//! HTTP: the router and the layers that apply to every response.

mod access;
mod api;
mod assets;
mod base;
mod builds;
mod canonical;
mod client;
mod client_quota;
mod comparisons;
mod connections;
mod csp_reports;
mod descriptors;
mod encoding;
mod fair_queue;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod headers;
mod health;
mod host;
mod limits;
mod live;
pub mod metrics;
mod middleware;
mod monotonic_reads;
mod observe;
mod openapi;
mod pages;
mod queue;
mod rendering;
mod security_txt;
mod settings;
mod shared_service;
mod style_page;
#[cfg(test)]
mod tests;
mod theme;
mod trusted_proxies;

use std::{
    future::{Future, pending},
    sync::Arc,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get, post},
};
use leptos::{config::LeptosOptions, context::provide_context};
use leptos_axum::{LeptosRoutes as _, render_app_async_with_context};
use tokio::net::TcpListener;
use tower::layer::layer_fn;
use tower_http::{CompressionLevel, compression::CompressionLayer, services::ServeDir};

pub use assets::check as check_assets;
pub use descriptors::raise_limit;
pub use limits::Limits;
pub use settings::Settings;

use client_quota::ClientQuota;
use middleware::Middleware;
use rendering::PageCache;
use shared_service::SharedService;

use super::{
    sign_in::{self, SignIn},
    state::AppState,
};
use crate::{
    api::Dashboard,
    app::{self, EscapeTitle, ThemeStylesheet},
    base::Base,
};

/// The brotli level for small, dynamic responses: lists and errors.
const COMPRESSION: i32 = 4;

#[derive(Clone)]
struct ServerState {
    options: Arc<LeptosOptions>,
    app: AppState,
    settings: Arc<Settings>,
    event_streams: ClientQuota,
}

impl FromRef<ServerState> for LeptosOptions {
    fn from_ref(state: &ServerState) -> Self {
        Self::clone(&state.options)
    }
}

impl FromRef<ServerState> for Arc<Settings> {
    fn from_ref(state: &ServerState) -> Self {
        Self::clone(&state.settings)
    }
}

impl FromRef<ServerState> for ClientQuota {
    fn from_ref(state: &ServerState) -> Self {
        state.event_streams.clone()
    }
}

impl FromRef<ServerState> for AppState {
    fn from_ref(state: &ServerState) -> Self {
        state.app.clone()
    }
}

/// Serves until `stop` resolves, then finishes open requests.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    settings: Settings,
    stop: impl Future<Output = ()>,
) {
    let app = state.clone();
    let stop = async move {
        stop.await;
        app.stop();
    };
    let (router, background) = routes(state, settings.clone());
    tokio::spawn(background);
    connections::serve(listener, router, &settings, stop).await;
}

/// All routes, with their limits and headers.
pub fn router(state: AppState, settings: Settings) -> Router {
    routes(state, settings).0
}

/// All routes, and what goes on in the background while the server runs: cached pages are rendered again,
/// and repeated events of the audit log written.
fn routes(state: AppState, settings: Settings) -> (Router, impl Future<Output = ()>) {
    let options = assets::options();
    let base = Base::new(settings.base_path());
    let state = ServerState {
        options: options.clone().into(),
        app: state.served(base.clone(), settings.open, settings.sign_in.is_some()),
        event_streams: ClientQuota::new(settings.limits.event_streams),
        settings: settings.into(),
    };
    let sign_in = state.settings.sign_in.clone();
    let theme = state.settings.theme.as_deref();
    let theme_address = theme.map(|css| base.path(&theme::address(css)));
    let sign_in = sign_in.map(|settings| {
        let (app, options) = (state.app.clone(), options.clone());
        SignIn::new(settings, app, options, theme_address.clone())
    });
    let audited = sign_in.clone();
    let style_page = style_page::route(
        state.settings.style_page,
        &options,
        &base,
        theme_address.as_deref(),
    );
    let theme = theme::route(theme);
    let shell = move || app::shell(options.clone());
    let listed = pages::routes();
    let reload_port = assets::reload_port();
    let context = {
        let app = state.app.clone();
        let dashboard: Arc<dyn Dashboard> = Arc::new(app.clone());
        move || {
            provide_context(ThemeStylesheet(theme_address.clone()));
            provide_context(Arc::clone(&dashboard));
            provide_context(EscapeTitle(|text| maud::html! { (text) }.into_string()));
            provide_context(pages::overviews(app.clone()));
            provide_context(base.clone());
            pages::provide_request_url(&base);
            if let Some(mut site) = app.site() {
                site.reader = sign_in::reader();
                provide_context(site);
            }
            headers::content_security_policy(&base, reload_port);
        }
    };
    let page_cache = PageCache::new();
    let cached = (state.app.clone(), page_cache.clone());
    // Leptos handles files and missing pages in one handler. It runs the context of a file's response
    // inside whatever page is being rendered on the same thread, which then loses its headers.
    let missing = pages::missing(render_app_async_with_context(
        context.clone(),
        shell.clone(),
    ))
    .layer(from_fn_with_state(cached.clone(), rendering::serve_missing));
    let pages = Router::new()
        .leptos_routes_with_context(&state, listed, context, shell)
        .route_layer(from_fn_with_state(state.clone(), pages::status))
        .route_layer(from_fn_with_state(cached, rendering::serve_cached));
    let renewal =
        page_cache.render_again(pages.clone().with_state(state.clone()), state.app.live());
    let files = ServeDir::new(&*state.options.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(missing);
    let settings = Arc::clone(&state.settings);
    let mut data = Router::new()
        .route("/api/figures", get(api::figures))
        .route("/api/overview", get(api::overview))
        .route("/api/freshness", get(api::freshness))
        .route("/api/coverage", get(api::coverage))
        .route_layer(from_fn(queue::process_in_turn))
        // These wait for their turn only if they compute something.
        .route("/api/headline", get(api::headline))
        .route("/api/fragments", get(api::fragments))
        .route("/api/builds", get(builds::builds))
        .route("/api/build", get(builds::build))
        .route("/api/compare", get(comparisons::compare))
        .route("/api/difference", get(comparisons::difference))
        .route("/api/pipeline", get(builds::pipeline))
        .route("/api/pipelines", get(builds::pipelines))
        .route("/api/problems", get(builds::problems))
        .route("/api/today", get(builds::today))
        .route("/api/incidents", get(builds::incidents))
        .route("/api/insight/{kind}", get(builds::insight))
        .route("/api/repository", get(builds::repository))
        .route("/api/search", get(builds::search))
        .route("/api/security", get(builds::security))
        .route("/api/week", get(builds::week))
        .route("/api/live", get(live::live))
        .merge(pages);
    let mut figure = Router::new().route("/api/figure", get(api::figure));
    if state.settings.shared_store {
        let watchers = monotonic_reads::Watchers::new(&state.settings.limits);
        let watched = (state.clone(), watchers);
        let enforce = || from_fn_with_state(watched.clone(), monotonic_reads::enforce);
        data = data.route_layer(enforce());
        figure = figure.route_layer(enforce());
    }
    let router = Router::new()
        .route("/problems", get(pages::to_today))
        .route("/repositories", get(pages::to_security))
        .route("/dash", get(pages::to_pipelines))
        .route("/dash/", get(pages::to_pipelines))
        .merge(data)
        .merge(
            Router::new()
                .route("/api/openapi.json", get(openapi::openapi))
                .route_layer(from_fn(queue::process_in_turn)),
        )
        .route("/api", any(api::unknown))
        .route("/api/", any(api::unknown))
        .route("/api/{*rest}", any(api::unknown))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route(csp_reports::PATH, post(csp_reports::count))
        .route(security_txt::PATH, get(security_txt::security_txt))
        .merge(style_page)
        .merge(theme)
        .merge(sign_in::routes(sign_in.as_ref()))
        .merge(metrics::route(&state.settings.metrics))
        .fallback_service(files)
        .layer(from_fn_with_state(state.clone(), pages::handle_unrouted))
        .layer(layer_fn(SharedService::new))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(COMPRESSION)))
        .layer(DefaultBodyLimit::max(state.settings.limits.body))
        .layer(layer_fn(SharedService::new))
        // The most requested route, compressed already: it skips the layers above.
        .merge(figure);
    let router = match sign_in {
        Some(sign_in) => router
            .layer(from_fn_with_state(sign_in, sign_in::guard))
            .layer(layer_fn(SharedService::new)),
        None => router,
    };
    let router = router
        .layer(from_fn_with_state(
            Middleware::new(Arc::clone(&state.settings)),
            middleware::handle,
        ))
        .layer(layer_fn(SharedService::new))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .with_state(state);
    let background = async move {
        let audit_log = async {
            match audited {
                Some(sign_in) => sign_in.keep_audit_log().await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = renewal => {}
            () = audit_log => {}
        }
    };
    (base::mount(router, &settings), background)
}
