//! The JSON endpoints and the CSV of a figure.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::{
    api::{TableRows, View},
    error::AppError,
    selection::{self, Selection},
    server::{
        cache::CachedHeadline,
        export::{self, Format},
        http::{
            encoding,
            queue::{self, Turn},
        },
        state::{AppState, figure_infos},
        tasks,
        views::{build_file, build_list, pipeline_list},
    },
};

/// Headers to make room for in a response.
const MAX_HEADERS: usize = 16;

/// The parameters of fragments beside a selection.
const FRAGMENTS: [&str; 16] = [
    "of",
    "a",
    "b",
    "column",
    "columns",
    "cursor",
    "difference",
    "figure",
    "name",
    "number",
    "page",
    "row",
    "sort",
    "state",
    "tag",
    "week",
];

/// The query of an endpoint.
#[derive(Default)]
pub struct Parameters {
    pub selection: Selection,
    /// The parameters of the endpoint itself.
    pub own: View,
}

/// An error of a request or of the server, as a code for programs and as a message for people.
#[derive(Serialize, ToSchema)]
pub struct QueryError {
    #[serde(flatten)]
    error: AppError,
    message: String,
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let passing = self == Self::NotReady;
        let body = QueryError {
            message: self.to_string(),
            error: self,
        };
        let mut response = (status, Json(body)).into_response();
        if passing {
            let soon = HeaderValue::from_static("2");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}

/// The reason why a figure is not sent.
pub enum Refusal {
    Busy,
    Error(AppError),
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self::Error(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Busy => queue::busy(),
            Self::Error(error) => error.into_response(),
        }
    }
}

/// `GET /api/figure?id=…&SELECTION&rows=…`
pub async fn figure(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let query = parameters(request.uri(), &["id", "rows"])?;
    let rows = TableRows::parse(query.own.get("rows"))?;
    let id = query.own.get("id").unwrap_or_default();
    let figure = match state.cached_figure(id, &query.selection).await? {
        Some(figure) => figure,
        None => {
            let permit = turn.wait().await.ok_or(Refusal::Busy)?;
            let id = id.to_owned();
            let read = async move { state.figure(&id, &query.selection).await };
            complete(permit, read).await?
        }
    };
    let mut headers = HeaderMap::with_capacity(MAX_HEADERS);
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    Ok(encoding::respond(
        figure.json(rows),
        headers,
        request.headers(),
    ))
}

/// `GET /api/figures`: the figures that exist, with columns and help.
pub async fn figures(State(state): State<AppState>, uri: Uri) -> Result<Response, AppError> {
    no_parameters(&uri)?;
    let snapshot = state.snapshot()?;
    Ok(Json(figure_infos(&snapshot, None)).into_response())
}

/// `GET /api/overview?page=…&SELECTION`
pub async fn overview(State(state): State<AppState>, uri: Uri) -> Result<Response, AppError> {
    let query = parameters(&uri, &["page"])?;
    let page = query.own.get("page").unwrap_or_default();
    let overview = state.overview(page, &query.selection)?;
    Ok(Json(overview).into_response())
}

/// `GET /api/headline?SELECTION`
pub async fn headline(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = parameters(&uri, &[])?;
    let headline = read_headline(state, turn, query).await?;
    Ok(Json(&headline.headline).into_response())
}

/// `GET /api/freshness`
pub async fn freshness(State(state): State<AppState>, uri: Uri) -> Result<Response, AppError> {
    no_parameters(&uri)?;
    Ok(Json(state.data_state()?).into_response())
}

/// `GET /api/coverage`
pub async fn coverage(State(state): State<AppState>, uri: Uri) -> Result<Response, AppError> {
    no_parameters(&uri)?;
    Ok(Json(state.coverage()?).into_response())
}

/// `GET /api/fragments?of=…&SELECTION`
pub async fn fragments(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = parameters(&uri, &FRAGMENTS)?;
    let of = query.own.get("of").unwrap_or_default();
    if of == "headline" {
        let headline = read_headline(state, turn, query).await?;
        return Ok(Json(&headline.fragments).into_response());
    }
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let mut view = query.own.with("of", "");
    if ["build", "pipeline"].contains(&of) {
        let system = query.selection.value("system").unwrap_or_default();
        view = view.with("system", system);
    }
    if of == "repository" {
        let as_of = query.selection.value("as_of").unwrap_or_default();
        view = view.with("as_of", as_of);
    }
    if of == "search" {
        view = view.with("q", query.selection.value("q").unwrap_or_default());
    }
    // The order of another list is none of this one.
    let sort = query.own.get("sort").unwrap_or_default();
    let (builds, pipelines) = (build_list::SORTS, pipeline_list::SORTS);
    let is_of_others = match of {
        "pipelines" => builds.contains(&sort) && !pipelines.contains(&sort),
        _ => pipelines.contains(&sort) && !builds.contains(&sort),
    };
    if is_of_others {
        view = view.with("sort", "");
    }
    let of = of.to_owned();
    let read = async move { state.fragments(&of, &query.selection, &view).await };
    Ok(Json(complete(permit, read).await?).into_response())
}

async fn read_headline(
    state: AppState,
    turn: Turn,
    query: Parameters,
) -> Result<Arc<CachedHeadline>, Refusal> {
    if let Some(headline) = state.cached_headline(&query.selection).await? {
        return Ok(headline);
    }
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.headline(&query.selection).await };
    Ok(complete(permit, read).await?)
}

/// Any other path under `/api/`.
pub async fn unknown() -> Response {
    let message = "No such endpoint. /api/openapi.json describes those that exist.";
    let body = serde_json::json!({"error": "unknown_endpoint", "message": message});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// `GET /figures/{id}.csv?SELECTION`
pub async fn csv(
    state: AppState,
    turn: Turn,
    id: String,
    query: Parameters,
) -> Result<Response, Refusal> {
    let permit = Arc::new(turn.wait().await.ok_or(Refusal::Busy)?);
    let selection = query.selection.clone();
    let read = async move { state.figure(&id, &query.selection).await };
    let figure = complete(Arc::clone(&permit), read).await?;
    let name = build_file::file_name(&figure.data.id, &selection, &figure.data.as_of, "csv");
    let mut bytes = Vec::new();
    export::rows(
        &figure.data.columns,
        &figure.data.rows,
        Format::Csv,
        &mut bytes,
    )
    .map_err(|error| {
        tracing::error!(figure = figure.data.id, "cannot write the CSV: {error:#}");
        AppError::Internal
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /figures/{id}.svg?SELECTION`
pub async fn svg(
    state: AppState,
    turn: Turn,
    id: String,
    query: Parameters,
) -> Result<Response, Refusal> {
    let permit = Arc::new(turn.wait().await.ok_or(Refusal::Busy)?);
    let draw = async move { state.picture(&id, &query.selection).await };
    let picture = complete(Arc::clone(&permit), draw).await?;
    let headers = [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")];
    Ok((headers, picture.to_string()).into_response())
}

/// The ETag of a response that is not cached.
pub fn content_tag(content: &[u8]) -> String {
    BASE64_STANDARD.encode(&Sha256::digest(content)[..15])
}

/// Does the work even if the client leaves, and keeps its permit until then.
pub async fn complete<T: Send + 'static>(
    permit: impl Send + 'static,
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    let completed = tasks::run_to_completion(async move {
        let _permit = permit;
        work.await
    });
    // The log has the panic.
    completed.await.unwrap_or(Err(AppError::Internal))
}

/// Parses the query of a request: parameters of its own, and the keys of a selection.
///
/// # Errors
/// [`AppError::UnknownParameter`], or [`AppError::UnknownValue`] for a repeated one and for those of the selection.
pub fn parameters(uri: &Uri, own: &[&'static str]) -> Result<Parameters, AppError> {
    let mut rest = Vec::new();
    let own = read_own(uri, own, |name, value| {
        if selection::find(&name).is_none() {
            let keys = selection::KEYS.iter().map(|key| key.id);
            let known: Vec<&str> = own.iter().copied().chain(keys).collect();
            return Err(AppError::unknown_parameter(&name, &known));
        }
        rest.push((name, value));
        Ok(())
    })?;
    let selection = Selection::from_pairs(rest)?;
    Ok(Parameters { selection, own })
}

/// Parses the query of a request that has parameters of its own only.
///
/// # Errors
/// [`AppError::UnknownParameter`], or [`AppError::UnknownValue`] for a repeated one.
pub fn own_parameters(uri: &Uri, own: &[&'static str]) -> Result<View, AppError> {
    read_own(uri, own, |name, _| {
        Err(AppError::unknown_parameter(&name, own))
    })
}

/// Refuses any parameter.
///
/// # Errors
/// [`AppError::UnknownParameter`].
pub fn no_parameters(uri: &Uri) -> Result<(), AppError> {
    own_parameters(uri, &[]).map(drop)
}

/// Reads a request's own parameters, each given at most once, and passes the others on.
fn read_own<'a>(
    uri: &'a Uri,
    own: &[&'static str],
    mut other: impl FnMut(Cow<'a, str>, Cow<'a, str>) -> Result<(), AppError>,
) -> Result<View, AppError> {
    let mut known: Vec<(&str, String)> = Vec::new();
    for (name, value) in selection::pairs(uri.query().unwrap_or_default()) {
        let Some(name) = own.iter().find(|known| **known == name) else {
            other(name, value)?;
            continue;
        };
        if known.iter().any(|(known, _)| known == name) {
            return Err(AppError::unknown_value(name, &value, Vec::new()));
        }
        known.push((name, value.into_owned()));
    }
    Ok(View::read(known, own))
}
