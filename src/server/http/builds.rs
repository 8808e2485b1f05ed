//! The builds of a selection: a page of them as JSON, and all of them as a file that is written while it is sent.

use std::io::{self, BufWriter, Write};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

use super::{
    api::{self, Refusal},
    encoding,
    queue::Turn,
};
use crate::{
    api::View,
    error::AppError,
    server::{
        compression::{Encoded, Level},
        export::Format,
        http::api::Parameters,
        state::AppState,
        views::{build, build_file, pipeline},
    },
};

/// The parameters of a list beside its selection.
pub const VIEW: [&str; 2] = ["cursor", "sort"];
/// The parameters of a list of pipelines beside its selection.
const PIPELINE_VIEW: [&str; 2] = ["cursor", "state"];
/// Bytes of a file that are written before they are sent.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for a slow client.
const WAITING: usize = 4;

/// `GET /api/builds?SELECTION&sort=…&cursor=…`
pub async fn builds(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let query = api::parameters(request.uri(), &VIEW)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let view = View::read(query.pairs(), &VIEW);
    let list = api::complete(permit, async move {
        let read = move || state.builds(&query.selection, &view);
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or(Err(AppError::Internal))
    });
    json(&list.await?, request.headers())
}

/// `GET /api/pipelines?SELECTION&state=…&cursor=…`
pub async fn pipelines(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let query = api::parameters(request.uri(), &PIPELINE_VIEW)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let view = View::read(query.pairs(), &PIPELINE_VIEW);
    let list = api::complete(permit, async move {
        let read = move || state.pipelines(&query.selection, &view);
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or(Err(AppError::Internal))
    });
    json(&list.await?, request.headers())
}

/// `GET /api/build?tag=…`, `GET /api/build?name=…&number=…`
pub async fn build(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let view = api::own_parameters(request.uri(), &build::PARAMETERS)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.build(&view).await };
    let details = api::complete(permit, read).await?;
    json(&*details, request.headers())
}

/// `GET /api/pipeline?name=…`
pub async fn pipeline(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let view = api::own_parameters(request.uri(), &pipeline::PARAMETERS)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.pipeline(&view).await };
    let details = api::complete(permit, read).await?;
    json(&details, request.headers())
}

/// JSON whose ETag is that of the data and of the program.
pub fn json<T: serde::Serialize>(value: &T, asked: &HeaderMap) -> Result<Response, Refusal> {
    let json = serde_json::to_vec(value).map_err(|error| {
        tracing::error!("cannot write JSON: {error}");
        AppError::Internal
    })?;
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, kind);
    let tag = api::content_tag(&json);
    let content = Encoded::new(json, tag, Level::Fast);
    Ok(encoding::respond(&content, headers, asked))
}

/// `GET /builds.csv?SELECTION`, `GET /builds.ndjson?SELECTION`
pub async fn file(
    state: AppState,
    turn: Turn,
    query: Parameters,
    format: Format,
) -> Result<Response, Refusal> {
    let snapshot = state.selected(&query.selection)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let name = build_file::name(&snapshot, &query.selection, format);
    tokio::task::spawn_blocking(move || {
        // Kept until the file is written. A client that leaves ends it.
        let _permit = permit;
        let mut out = BufWriter::with_capacity(CHUNK, Chunks(sender));
        let written = build_file::write(&snapshot, &query.selection, format, &mut out);
        if let Err(error) = written {
            tracing::debug!("a file of builds was not read to its end: {error:#}");
        }
    });
    let chunks = ReceiverStream::new(receiver).map(Ok::<_, io::Error>);
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Ndjson => "application/x-ndjson",
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// Sends what is written, a chunk at a time, as fast as the client reads it.
struct Chunks(mpsc::Sender<Bytes>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Bytes::copy_from_slice(bytes));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
