//! The outer middleware that every request and response passes: one layer, since each layer has a cost.
//!
//! Requests wait in a bounded queue; a timeout and a panic still produce a response.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;

use super::{
    Settings, client,
    headers::{self, Caching},
    host,
    queue::{self, Queue},
};
use crate::server::sign_in;

#[derive(Clone)]
pub struct Middleware(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    queue: Queue,
}

impl Middleware {
    pub fn new(settings: Arc<Settings>) -> Self {
        let queue = Queue::new(&settings.limits);
        Self(Arc::new(Inner { settings, queue }))
    }
}

/// Identifies the client, refuses invalid addresses, other hosts and requests that the queue has no room for, and
/// adds the headers of every response.
pub async fn handle(
    State(Middleware(inner)): State<Middleware>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client::identify(&inner.settings, &request);
    let caching = Caching::of(request.uri().path());
    request.extensions_mut().insert(client);
    if inner.settings.sign_in.is_some() {
        let address = sign_in::ClientAddress(client.address);
        request.extensions_mut().insert(address);
    }
    let limits = &inner.settings.limits;
    let refusal = headers::refusal(request.uri(), request.headers(), limits)
        .or_else(|| host::refusal(&inner.settings, &request));
    let mut response = match refusal {
        Some(refusal) => refusal,
        None => {
            let work = async {
                match inner.queue.admit(&mut request, client.address) {
                    Some(_admission) => next.run(request).await,
                    None => queue::busy(),
                }
            };
            bounded(work, limits.response_timeout).await
        }
    };
    let status = response.status();
    caching.apply(status, response.headers_mut());
    headers::secure(response.headers_mut(), client.https);
    response
}

/// Responds even when the work takes too long or panics; other requests are not affected.
async fn bounded(work: impl Future<Output = Response>, timeout: Duration) -> Response {
    let work = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            // Logged in the request's span, so that this line has its id; the line of the panic itself does not.
            tracing::error!("a request panicked: {}", panic_message(&*panic));
            let message = "The server failed to answer this request.\n";
            (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::server::telemetry::testing::{Format, captured};

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_panic_and_a_timeout_are_answered() {
        let (lines, written) = captured(Format::Json, "error");
        let subscriber = tracing_subscriber::registry().with(lines);
        let _kept = tracing::subscriber::set_default(subscriber);
        for panics in [|| panic!("in a handler"), || panic!("{} handlers", 2)] {
            let answer = bounded(async move { panics() }, LONG).await;
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        }
        let written = written.text();
        for words in ["in a handler", "2 handlers"] {
            assert!(written.contains(words), "{words}: {written}");
        }
        let answer = bounded(pending(), Duration::ZERO).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let answer = bounded(async { "fine".into_response() }, LONG).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
