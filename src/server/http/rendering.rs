//! Rendering and caching of pages. A page is rendered to completion even if its client leaves, cached
//! until the data changes, and then rendered again in advance.
//!
//! Values that a page reads belong to its rendering: were it dropped half way, its tasks would find them
//! gone and panic. So each rendering runs on a thread of its own.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, response::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::{runtime::Builder, sync::watch};
use tower::ServiceExt as _;
use tracing::{Instrument as _, instrument::WithSubscriber as _};

use super::{
    encoding,
    queue::{self, Turn},
};
use crate::{
    api::Live,
    server::{
        compression::{Encoded, Level},
        sign_in,
        state::AppState,
    },
};

/// A few dozen pages.
const MAX_BYTES: u64 = 24 * 1024 * 1024;
/// Limits how long a page with an unnoticed error is shown.
const MAX_AGE: Duration = Duration::from_secs(60);
/// Pages that are rendered again when the data changes.
const MAX_RENDERED_AGAIN: usize = 12;
/// The address of the page for unknown addresses, which are too many to have a page each.
const MISSING: &str = "/not-found";

/// Everything that a page depends on.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    /// Path and query.
    address: String,
    live: Live,
    reader: Option<String>,
}

struct RenderedPage {
    status: StatusCode,
    headers: HeaderMap,
    html: Encoded,
    /// Requested by a client since it was rendered.
    asked: AtomicBool,
}

/// Marks a request of the server itself.
#[derive(Clone)]
struct RenderAgain;

/// The cache of rendered pages.
#[derive(Clone)]
pub struct PageCache(Cache<Key, Arc<RenderedPage>>);

impl PageCache {
    pub fn new() -> Self {
        let size = |_: &Key, page: &Arc<RenderedPage>| {
            u32::try_from(page.html.bytes()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(size)
            .time_to_live(MAX_AGE);
        Self(cache.build())
    }

    /// Renders the requested pages again, one after the other, as soon as the data changes, until the server
    /// stops. `routes` are those of the pages.
    pub async fn render_again(self, routes: Router, mut live: watch::Receiver<Option<Live>>) {
        while live.changed().await.is_ok() && live.borrow_and_update().is_some() {
            for address in self.asked() {
                let request = Request::get(address).extension(RenderAgain);
                if let Ok(request) = request.body(Body::empty()) {
                    // The next client of the page gets the error.
                    let _ = routes.clone().oneshot(request).await;
                }
            }
        }
    }

    /// Responds with the page from the cache, or renders it and caches it if it has this status.
    async fn serve(
        self,
        state: &AppState,
        status: StatusCode,
        request: Request,
        next: Next,
    ) -> Response {
        let from_outside = request.extensions().get::<RenderAgain>().is_none();
        let asked = request.headers().clone();
        let respond = |page: Arc<RenderedPage>| {
            page.asked.fetch_or(from_outside, Ordering::Relaxed);
            page.respond(&asked)
        };
        let key = key(state, &request);
        if let Some(key) = &key
            && let Some(page) = self.0.get(key).await
        {
            return respond(page);
        }
        // A rendering of the server itself has no turn.
        let permit = match Turn::of(&request) {
            Some(turn) => match turn.wait().await {
                Some(permit) => Some(permit),
                None => return queue::busy(),
            },
            None => None,
        };
        let page = run_to_completion(async move {
            // Kept until the page is rendered, even if the client has left.
            let _permit = permit;
            let Some(key) = key else {
                return render(request, next).await.ok().map(Arc::new);
            };
            // To the cache, a page with another status is an error.
            let render = async {
                let page = Arc::new(render(request, next).await.map_err(|_| None)?);
                if page.status == status {
                    Ok(page)
                } else {
                    Err(Some(page))
                }
            };
            match self.0.entry(key).or_try_insert_with(render).await {
                Ok(entry) => Some(entry.into_value()),
                Err(error) => Option::clone(&error),
            }
        });
        page.await.map_or_else(internal_error, respond)
    }

    /// The addresses that anonymous clients requested in the last minute.
    fn asked(&self) -> HashSet<String> {
        let pages = self.0.iter();
        let asked = pages
            .filter(|(key, page)| {
                let rendered_again = key.reader.is_none() && page.status == StatusCode::OK;
                rendered_again && page.asked.load(Ordering::Relaxed)
            })
            .map(|(key, _)| key.address.clone());
        asked.take(MAX_RENDERED_AGAIN).collect()
    }
}

/// Responds with a cached page or renders it, once for all concurrent requests. The addresses of pages are
/// canonical.
pub async fn serve_cached(
    State((state, pages)): State<(AppState, PageCache)>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return next.run(request).await;
    }
    pages.serve(&state, StatusCode::OK, request, next).await
}

/// Responds to all unknown addresses with the same page.
pub async fn serve_missing(
    State((state, pages)): State<(AppState, PageCache)>,
    mut request: Request,
    next: Next,
) -> Response {
    *request.uri_mut() = Uri::from_static(MISSING);
    let status = StatusCode::NOT_FOUND;
    pages.serve(&state, status, request, next).await
}

fn internal_error() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// `None` once the server stops.
fn key(state: &AppState, request: &Request) -> Option<Key> {
    Some(Key {
        address: request.uri().path_and_query()?.as_str().to_owned(),
        live: state.current_live()?,
        reader: sign_in::reader_of(request.extensions()),
    })
}

/// Runs to completion on a thread of its own, together with the tasks that Leptos starts for it: where they
/// run beside it, a part of the page sometimes finds its values gone. Other requests share no thread with
/// it, and do not wait for it. A panic is passed on to the request.
async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = Option<T>> + Send + 'static,
) -> Option<T> {
    let work = work.in_current_span().with_current_subscriber();
    let completed = tokio::task::spawn_blocking(move || {
        // Renderings wait for computations and time, and never for a socket.
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.inspect_err(|error| tracing::error!("cannot render a page: {error}"));
        runtime.ok()?.block_on(work)
    });
    match completed.await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn render(mut request: Request, next: Next) -> Result<RenderedPage> {
    *request.method_mut() = Method::GET;
    let (parts, body) = next.run(request).await.into_parts();
    let html = to_bytes(body, usize::MAX).await;
    let page = async {
        let html = html.context("the page ended early")?;
        RenderedPage::new(parts, &html)
    };
    page.await
        .inspect_err(|error| tracing::error!("cannot render a page: {error:#}"))
}

impl RenderedPage {
    fn new(parts: Parts, html: &[u8]) -> Result<Self> {
        let mut headers = parts.headers;
        let mut html = String::from_utf8(html.to_vec()).context("a page is not UTF-8")?;
        let policy = headers.get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.and_then(|policy| policy.to_str().ok());
        if let Some((nonce, policy)) = policy.and_then(|policy| hash_scripts(policy, &html)) {
            html = html.replace(&nonce, "");
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        let tag = BASE64_STANDARD.encode(&Sha256::digest(&html)[..15]);
        let html = Encoded::new(html.into_bytes(), tag, Level::Small);
        // Compressed here for nearly every browser, off the threads that handle requests.
        html.brotli();
        Ok(Self {
            status: parts.status,
            headers,
            html,
            asked: AtomicBool::default(),
        })
    }

    /// An error is always sent in full.
    fn respond(&self, asked: &HeaderMap) -> Response {
        let headers = self.headers.clone();
        if self.status == StatusCode::OK {
            return encoding::respond(&self.html, headers, asked);
        }
        let mut asked = asked.clone();
        asked.remove(header::IF_NONE_MATCH);
        let mut response = encoding::respond(&self.html, headers, &asked);
        *response.status_mut() = self.status;
        response
    }
}

/// The nonce of a policy, and the policy with the hashes of the nonce's scripts instead: a page that is
/// sent more than once must not reveal a value that lets other scripts run.
fn hash_scripts(policy: &str, html: &str) -> Option<(String, HeaderValue)> {
    let (before, rest) = policy.split_once("'nonce-")?;
    let (nonce, after) = rest.split_once('\'')?;
    let hashes: Vec<String> = html
        .split(&format!(" nonce=\"{nonce}\""))
        .skip(1)
        .filter_map(|tag| tag.split_once('>')?.1.split_once("</script>"))
        .filter(|(script, _)| !script.is_empty())
        .map(|(script, _)| {
            let hash = BASE64_STANDARD.encode(Sha256::digest(script));
            format!("'sha256-{hash}'")
        })
        .collect();
    let policy = format!("{before}{}{after}", hashes.join(" "));
    Some((nonce.to_owned(), HeaderValue::try_from(policy).ok()?))
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, thread};

    use axum::middleware::from_fn_with_state;

    use super::*;
    use crate::server::{config::Config, snapshot::Snapshot};

    #[tokio::test]
    async fn the_page_for_unknown_addresses_is_rendered_once_until_the_data_changes() {
        let state = AppState::default();
        let rendered = Arc::<AtomicUsize>::default();
        let render = {
            let rendered = Arc::clone(&rendered);
            async move |uri: Uri| {
                rendered.fetch_add(1, Ordering::Relaxed);
                (StatusCode::NOT_FOUND, uri.to_string())
            }
        };
        let cached = (state.clone(), PageCache::new());
        let router = Router::new()
            .fallback(render)
            .layer(from_fn_with_state(cached, serve_missing));
        let ask = async |uri: &str| {
            let request = Request::get(uri).header(header::IF_NONE_MATCH, "*");
            let request = request.body(Body::empty()).expect("a request");
            let response = router.clone().oneshot(request).await.expect("an answer");
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
            let body = to_bytes(response.into_body(), 1000).await;
            assert_eq!(body.expect("a whole body"), MISSING, "{uri}");
        };
        for uri in ["/a", "/b", "/a?x=1", "/pkg/a.js"] {
            ask(uri).await;
            assert_eq!(rendered.load(Ordering::Relaxed), 1, "{uri}");
        }
        state.store_lost();
        state.swap(Snapshot::empty(Arc::new(Config::built_in())));
        ask("/a").await;
        assert_eq!(rendered.load(Ordering::Relaxed), 2, "for other data");
    }

    #[tokio::test]
    async fn a_page_and_its_tasks_are_rendered_on_a_thread_of_their_own() {
        let requests = thread::current().id();
        let render = async move || {
            let page = thread::current().id();
            let task = tokio::spawn(async { thread::current().id() }).await;
            (
                StatusCode::NOT_FOUND,
                format!("{} {}", page != requests, task.ok() == Some(page)),
            )
        };
        let cached = (AppState::default(), PageCache::new());
        let router = Router::new()
            .fallback(render)
            .layer(from_fn_with_state(cached, serve_missing));
        let request = Request::get("/").body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("an answer");
        let body = to_bytes(response.into_body(), 1000).await;
        assert_eq!(body.expect("a whole body"), "true true");
    }

    #[test]
    fn only_scripts_with_the_nonce_are_allowed_by_hash() {
        let html = "<script nonce=\"N\">one</script><p>x</p><script type=\"module\" nonce=\"N\">two\
                    </script><script>three</script><script nonce=\"M\">four</script>";
        let (nonce, policy) = hash_scripts("script-src 'self' 'nonce-N'; style-src 'self'", html)
            .expect("a policy with a nonce");
        assert_eq!(nonce, "N");
        let hash = |script: &str| BASE64_STANDARD.encode(Sha256::digest(script));
        assert_eq!(
            policy.to_str().expect("text"),
            format!(
                "script-src 'self' 'sha256-{}' 'sha256-{}'; style-src 'self'",
                hash("one"),
                hash("two")
            )
        );
    }
}
