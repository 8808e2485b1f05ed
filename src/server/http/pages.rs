//! What a page's address decides: redirects, statuses, and the CSV beside a figure's page.

use axum::{
    extract::{Query, Request, State},
    http::{StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
    routing::{MethodRouter, get},
};

use super::{
    ServerState,
    api::{self, Parameters},
};
use crate::{error::AppError, filter::Filter, server::figures};

/// The pages that filters belong to.
const FILTERED: [&str; 2] = ["/pipelines", "/security"];

pub async fn to_pipelines(uri: Uri) -> Redirect {
    Redirect::permanent(&with_query("/pipelines", &uri))
}

/// The page for addresses that lead nowhere, rendered by `render`.
pub fn missing<R, F>(render: R) -> MethodRouter
where
    R: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send,
{
    get(async move |request: Request| {
        let mut response = render(request).await;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}

/// `/pipelines/` is `/pipelines`.
pub async fn without_trailing_slash(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let shorter = path.trim_end_matches('/');
    if shorter.len() == path.len() || shorter.is_empty() || shorter == "/dash" {
        return next.run(request).await;
    }
    // A path that begins with two slashes, whichever way they lean, would lead to another host.
    let local = format!("/{}", shorter.trim_start_matches(['/', '\\']));
    Redirect::permanent(&with_query(&local, request.uri())).into_response()
}

/// `/figures/{id}.csv` is a figure's table; the rest of `/figures/` are pages.
pub async fn csv(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let id = path
        .strip_prefix("/figures/")
        .and_then(|name| name.strip_suffix(".csv"));
    let Some(id) = id else {
        return next.run(request).await;
    };
    if request.method() != axum::http::Method::GET && request.method() != axum::http::Method::HEAD {
        let allowed = [(header::ALLOW, "GET,HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
    }
    let query = api::parameters(Query::try_from_uri(request.uri()));
    let answer = async { api::csv(&state.app, id, &query?).await };
    answer.await.into_response()
}

/// A page renders what is wrong with its address; this gives the status that goes with it.
pub async fn status(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let wrong = problem(&state, request.uri());
    let mut response = next.run(request).await;
    if let Some(error) = wrong
        && response.status() == StatusCode::OK
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        *response.status_mut() = status;
    }
    response
}

fn problem(state: &ServerState, uri: &Uri) -> Option<AppError> {
    let path = uri.path();
    let figure = path
        .strip_prefix("/figures/")
        .filter(|name| !name.ends_with(".csv"));
    if !FILTERED.contains(&path) && figure.is_none() {
        return None;
    }
    if let Some(id) = figure
        && figures::find(id).is_none()
    {
        return Some(AppError::unknown_figure(id));
    }
    let query = parameters(uri);
    let filter = Filter::parse(
        query.project.as_deref(),
        query.r#type.as_deref(),
        query.days.as_deref(),
    );
    let checked = filter.and_then(|filter| state.app.snapshot()?.check(&filter));
    checked.err()
}

fn parameters(uri: &Uri) -> Parameters {
    Query::try_from_uri(uri).map_or_else(|_| Parameters::default(), |Query(query)| query)
}

fn with_query(path: &str, uri: &Uri) -> String {
    match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}
