//! The builds of a selection: a page of them as JSON, and all of them as a file that is written while it is sent.

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use tokio::{runtime::Handle, sync::mpsc, time::Instant};

use super::{
    api::{self, Refusal},
    encoding,
    queue::Turn,
};
use crate::{
    error::AppError,
    server::{
        compression::{Encoded, Level},
        export::Format,
        fragments,
        http::api::Parameters,
        state::AppState,
        views::{build, build_file, insight_table, pipeline, repository},
    },
};

/// The parameters of a list beside its selection.
const VIEW: [&str; 2] = ["cursor", "sort"];
/// The parameters of a list of pipelines beside its selection.
const PIPELINE_VIEW: [&str; 3] = ["page", "sort", "state"];
/// Bytes of a file that are written before they are sent.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for a slow client.
const WAITING: usize = 4;
/// The time in which a file must be read: until then, its builds stay in memory.
const MAX_TIME: Duration = Duration::from_secs(600);

/// `GET /api/builds?SELECTION&sort=…&cursor=…`
pub async fn builds(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &VIEW, move |query| {
        state.builds(&query.selection, &query.own)
    })
    .await
}

/// `GET /api/pipelines?SELECTION&state=…&sort=…&page=…`
pub async fn pipelines(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &PIPELINE_VIEW, move |query| {
        state.pipelines(&query.selection, &query.own)
    })
    .await
}

/// `GET /api/incidents?SELECTION&page=…`
pub async fn incidents(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &["page"], move |query| {
        state.incidents(&query.selection, &query.own)
    })
    .await
}

/// `GET /api/insight/{kind}?SELECTION&page=…`
pub async fn insight(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    Path(kind): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    if !insight_table::KINDS.contains(&&*kind) {
        return Ok(api::unknown().await);
    }
    list(turn, request, &["page"], move |query| {
        let table = state.insight(&kind, &query.selection, &query.own)?;
        table.ok_or(AppError::Internal)
    })
    .await
}

/// `GET /api/security?SELECTION`
pub async fn security(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &[], move |query| {
        state.security(&query.selection)
    })
    .await
}

/// `GET /api/search?q=…`
pub async fn search(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let view = api::own_parameters(request.uri(), &["q"])?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let found = api::complete(permit, async move {
        let find = tokio::task::spawn_blocking(move || state.search(&view)).await;
        find.unwrap_or(Err(AppError::Internal))
    });
    json(&found.await?, request.headers())
}

/// `GET /api/week?SELECTION&week=…`
pub async fn week(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &["week"], move |query| {
        state.week(&query.selection, &query.own)
    })
    .await
}

/// `GET /week.md?SELECTION&week=…`
pub async fn week_file(
    state: AppState,
    turn: Turn,
    query: Parameters,
) -> Result<Response, Refusal> {
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let week = api::complete(permit, async move {
        let read = move || state.week(&query.selection, &query.own);
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or(Err(AppError::Internal))
    });
    let week = week.await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/markdown; charset=utf-8".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"week-{}.md\"", week.week),
        ),
    ];
    Ok((headers, fragments::week_markdown(&week)).into_response())
}

/// `GET /api/today?SELECTION`
pub async fn today(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &[], move |query| {
        state.today(&query.selection)
    })
    .await
}

/// `GET /api/problems?SELECTION`
pub async fn problems(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    list(turn, request, &[], move |query| {
        state.problems(&query.selection)
    })
    .await
}

/// Computes a list in turn, on a thread of its own.
async fn list<T: serde::Serialize + Send + 'static>(
    turn: Turn,
    request: Request,
    own: &[&'static str],
    read: impl FnOnce(Parameters) -> Result<T, AppError> + Send + 'static,
) -> Result<Response, Refusal> {
    let query = api::parameters(request.uri(), own)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let list = api::complete(permit, async move {
        let read = tokio::task::spawn_blocking(move || read(query)).await;
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

/// `GET /api/repository?name=…&as_of=…`
pub async fn repository(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let view = api::own_parameters(request.uri(), &repository::PARAMETERS)?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.repository(&view).await };
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
    let deadline = Instant::now() + MAX_TIME;
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        // A slow client must not keep others waiting: the work between two chunks is short.
        drop(permit);
        let chunks = Chunks {
            sender,
            deadline,
            runtime,
        };
        let mut out = BufWriter::with_capacity(CHUNK, chunks);
        let written = build_file::write(&snapshot, &query.selection, format, &mut out);
        let ended = written.and_then(|()| Ok(out.get_mut().send(None)?));
        if let Err(error) = ended {
            tracing::debug!("a file of builds was not sent to its end: {error:#}");
        }
    });
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
    Ok((headers, Body::from_stream(whole(receiver))).into_response())
}

/// The chunks of a file up to its end. Without its end, the response breaks off, so that nobody takes a part for the
/// whole.
fn whole(chunks: mpsc::Receiver<Chunk>) -> impl Stream<Item = io::Result<Bytes>> {
    let parts = stream::unfold(chunks, async |mut chunks| match chunks.recv().await {
        Some(Some(bytes)) => Some((Ok(bytes), chunks)),
        Some(None) => None,
        None => Some((Err(io::ErrorKind::UnexpectedEof.into()), chunks)),
    });
    // What compresses a response asks again after its end.
    parts.fuse()
}

/// A part of a file; none is its end.
type Chunk = Option<Bytes>;

/// Sends what is written, a chunk at a time, as fast as the client reads it, until a deadline.
struct Chunks {
    sender: mpsc::Sender<Chunk>,
    deadline: Instant,
    runtime: Handle,
}

impl Chunks {
    fn send(&self, chunk: Chunk) -> io::Result<()> {
        let sent = tokio::time::timeout_at(self.deadline, self.sender.send(chunk));
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(Some(Bytes::copy_from_slice(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_can_be_asked_for_more_after_its_end() {
        let (sender, receiver) = mpsc::channel(WAITING);
        sender.send(None).await.expect("room");
        let mut chunks = std::pin::pin!(whole(receiver));
        for _ in 0..3 {
            assert!(chunks.next().await.is_none());
        }
    }

    #[tokio::test]
    async fn a_file_without_its_end_breaks_off() {
        for (ends, is_whole) in [(true, true), (false, false)] {
            let (sender, receiver) = mpsc::channel(WAITING);
            let bytes = Bytes::from_static(b"a");
            sender.send(Some(bytes.clone())).await.expect("room");
            if ends {
                sender.send(None).await.expect("room");
            }
            drop(sender);
            let read = axum::body::to_bytes(Body::from_stream(whole(receiver)), 10).await;
            assert_eq!(read.is_ok(), is_whole);
        }
    }

    #[tokio::test]
    async fn a_client_that_reads_too_slowly_gets_no_more() {
        let (sender, _receiver) = mpsc::channel(1);
        let chunks = Chunks {
            sender,
            deadline: Instant::now(),
            runtime: Handle::current(),
        };
        let write = tokio::task::spawn_blocking(move || {
            let first = chunks.send(Some(Bytes::from_static(b"a")));
            (first, chunks.send(None))
        });
        let (first, second) = write.await.expect("no panic");
        assert!(first.is_ok());
        assert_eq!(second.expect_err("full").kind(), io::ErrorKind::TimedOut);
    }
}
