//! Connections: their maximum number, timeouts for slow clients, and graceful shutdown.
//!
//! Connections that exceed the maximum, or a client's share of it, are served from a small reserve: health
//! checks are answered, and other requests are refused so that the client reads why.

use std::{
    convert::Infallible,
    future::{Future, pending},
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::{
    Settings,
    client_quota::{ClientQuota, QuotaPermit},
    health,
};

/// The pause after the machine has run out of means for a connection, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const TOO_MANY: &str = "There are too many connections\n";
/// The response to a client for which not even a connection of the reserve is left.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain\r\nContent-Length: 31\r\nRetry-After: 5\r\nConnection: close\r\n\r\n\
    There are too many connections\n";

/// Serves until `stop` resolves, then finishes open requests within a time limit.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    stop: impl Future<Output = ()>,
) {
    let limits = &settings.limits;
    let places = Places::new(settings);
    let running = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_accepting(&error).await;
                continue;
            }
        };
        match places.take(settings, peer.ip()) {
            Some(place) => serve_connection(stream, peer, place, &router, settings, &running),
            None => refuse(&stream),
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.shutdown_timeout, running.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped before some responses were complete: they took too long");
    }
}

/// The connections that are served at the same time.
struct Places {
    regular: ClientQuota,
    reserve: ClientQuota,
}

/// The place of one connection.
struct Place {
    _permit: QuotaPermit,
    regular: ClientQuota,
    /// In the reserve.
    reserved: bool,
}

impl Places {
    fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            regular: ClientQuota::new(limits.connections),
            reserve: ClientQuota::new(limits.reserved_connections),
        }
    }

    /// A proxy stands for many clients and may use every connection, except those of the reserve.
    fn take(&self, settings: &Settings, peer: IpAddr) -> Option<Place> {
        let limits = &settings.limits;
        let regular = if settings.trusted_proxies.is_proxy(peer) {
            self.regular.take_for_proxy(peer)
        } else {
            let max = limits.connections_per_client();
            self.regular.take(peer, max)
        };
        let reserved = regular.is_none();
        let from_reserve = || self.reserve.take(peer, limits.reserved_connections);
        let permit = regular.or_else(from_reserve)?;
        Some(Place {
            _permit: permit,
            regular: self.regular.clone(),
            reserved,
        })
    }
}

impl Place {
    /// True while connections are scarce: then a client has little time and closes its connection soon.
    fn is_scarce(&self) -> bool {
        self.reserved || self.regular.is_scarce()
    }
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    router: &Router,
    settings: &Settings,
    running: &GracefulShutdown,
) {
    let limits = &settings.limits;
    // Responses are written in one piece: waiting for more to send gains nothing.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_timeout));
    let place = Arc::new(place);
    let asked = Arc::<AtomicBool>::default();
    let service = {
        let (router, place, asked) = (router.clone(), Arc::clone(&place), Arc::clone(&asked));
        service_fn(move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            respond(router.clone(), Arc::clone(&place), request)
        })
    };
    let (request_timeout, patience) = (limits.request_timeout, limits.scarce_request_timeout);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(if place.reserved {
            patience
        } else {
            request_timeout
        })
        .max_buf_size(limits.header)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let connection = running.watch(connection);
    tokio::spawn(async move {
        tokio::select! {
            // A client that left or was too slow is not an error of the server.
            ended = connection => if let Err(error) = ended {
                tracing::debug!("a connection closed early: {error}");
            },
            () = overdue(&place, &asked, patience) => {
                tracing::debug!("closed a connection without a request: connections are scarce");
            }
        }
    });
}

/// Resolves when a connection has not sent its first request in time, while connections are scarce.
async fn overdue(place: &Place, asked: &AtomicBool, patience: Duration) {
    tokio::time::sleep(patience).await;
    while !asked.load(Ordering::Relaxed) {
        if place.is_scarce() {
            return;
        }
        tokio::time::sleep(patience / 5).await;
    }
    pending().await
}

async fn respond(
    router: Router,
    place: Arc<Place>,
    request: Request,
) -> Result<Response, Infallible> {
    let mut response = if place.reserved && !health::is_check(request.uri().path()) {
        let mut refusal = (StatusCode::SERVICE_UNAVAILABLE, TOO_MANY).into_response();
        let soon = HeaderValue::from_static("5");
        refusal.headers_mut().insert(header::RETRY_AFTER, soon);
        refusal
    } else {
        router.oneshot(request).await?
    };
    if place.is_scarce() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

fn refuse(stream: &TcpStream) {
    // A new connection has room for so few bytes. The client may see only that it is closed.
    let _ = stream.try_write(REFUSAL);
}

async fn pause_accepting(error: &io::Error) {
    let by_one_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !by_one_client {
        tracing::error!("cannot accept a connection: {error}");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
