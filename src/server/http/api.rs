//! The JSON endpoints and the CSV of a figure.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::TableRows,
    error::AppError,
    filter::FilterQuery,
    server::{
        cache::CachedHeadline,
        export::{self, Format},
        http::{
            encoding,
            queue::{self, Turn},
        },
        state::{AppState, figure_infos},
        tasks,
    },
};

/// Headers to make room for in a response.
const MAX_HEADERS: usize = 16;

/// The parameters of the filters.
pub const FILTERS: [&str; 3] = ["project", "type", "days"];

/// The query of any endpoint.
#[derive(Default)]
pub struct Parameters {
    id: Option<String>,
    page: Option<String>,
    of: Option<String>,
    project: Option<String>,
    r#type: Option<String>,
    days: Option<String>,
    rows: Option<String>,
}

impl Parameters {
    pub fn filter(&self) -> FilterQuery<'_> {
        FilterQuery::new(&self.project, &self.r#type, &self.days)
    }

    fn of_name(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "id" => &mut self.id,
            "page" => &mut self.page,
            "of" => &mut self.of,
            "project" => &mut self.project,
            "type" => &mut self.r#type,
            "days" => &mut self.days,
            "rows" => &mut self.rows,
            _ => return None,
        })
    }
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

/// `GET /api/figure?id=…&project=…&type=…&days=…&rows=…`
pub async fn figure(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let query = parameters(request.uri(), &["id", "project", "type", "days", "rows"])?;
    let rows = TableRows::parse(query.rows.as_deref())?;
    let id = query.id.as_deref().unwrap_or_default();
    let figure = match state.cached_figure(id, query.filter()).await? {
        Some(figure) => figure,
        None => {
            let permit = turn.wait().await.ok_or(Refusal::Busy)?;
            let id = id.to_owned();
            let read = async move { state.figure(&id, query.filter()).await };
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

/// `GET /api/overview?page=…&project=…&type=…&days=…`
pub async fn overview(State(state): State<AppState>, uri: Uri) -> Result<Response, AppError> {
    let query = parameters(&uri, &["page", "project", "type", "days"])?;
    let page = query.page.as_deref().unwrap_or_default();
    let overview = state.overview(page, query.filter())?;
    Ok(Json(overview).into_response())
}

/// `GET /api/headline?project=…&type=…&days=…`
pub async fn headline(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = parameters(&uri, &FILTERS)?;
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

/// `GET /api/fragments?of=…&project=…&type=…&days=…`
pub async fn fragments(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = parameters(&uri, &["of", "project", "type", "days"])?;
    let of = query.of.as_deref().unwrap_or_default();
    if of == "headline" {
        let headline = read_headline(state, turn, query).await?;
        return Ok(Json(&headline.fragments).into_response());
    }
    let _permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let fragments = state.fragments(of, query.filter()).await?;
    Ok(Json(fragments).into_response())
}

async fn read_headline(
    state: AppState,
    turn: Turn,
    query: Parameters,
) -> Result<Arc<CachedHeadline>, Refusal> {
    if let Some(headline) = state.cached_headline(query.filter()).await? {
        return Ok(headline);
    }
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.headline(query.filter()).await };
    Ok(complete(permit, read).await?)
}

/// Any other path under `/api/`.
pub async fn unknown() -> Response {
    let message = "No such endpoint. /api/openapi.json describes those that exist.";
    let body = serde_json::json!({"error": "unknown_endpoint", "message": message});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// `GET /figures/{id}.csv?project=…&type=…&days=…`
pub async fn csv(
    state: AppState,
    turn: Turn,
    id: String,
    query: Parameters,
) -> Result<Response, Refusal> {
    let permit = Arc::new(turn.wait().await.ok_or(Refusal::Busy)?);
    let read = async move { state.figure(&id, query.filter()).await };
    let figure = complete(Arc::clone(&permit), read).await?;
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
            format!("attachment; filename=\"{}.csv\"", figure.data.id),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// Does the work even if the client leaves, and keeps its permit until then.
async fn complete<T: Send + 'static>(
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

/// Parses the query of a request.
///
/// # Errors
/// [`AppError::UnknownParameter`] for one that is not `known`, [`AppError::UnknownValue`] for a repeated one.
pub fn parameters(uri: &Uri, known: &[&str]) -> Result<Parameters, AppError> {
    let malformed = || AppError::unknown_value("query", "", Vec::new());
    let query = uri.query().unwrap_or_default();
    let pairs: Vec<(Cow<'_, str>, String)> =
        serde_urlencoded::from_str(query).map_err(|_| malformed())?;
    let mut parameters = Parameters::default();
    for (name, value) in pairs {
        let parameter = parameters
            .of_name(&name)
            .filter(|_| known.contains(&&*name))
            .ok_or_else(|| AppError::unknown_parameter(&name, known))?;
        if parameter.replace(value).is_some() {
            return Err(malformed());
        }
    }
    Ok(parameters)
}

/// Refuses any parameter.
///
/// # Errors
/// [`AppError::UnknownParameter`].
pub fn no_parameters(uri: &Uri) -> Result<(), AppError> {
    parameters(uri, &[]).map(drop)
}
