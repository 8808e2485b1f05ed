//! Connections: their maximum number, timeouts for slow clients, and graceful shutdown.

use std::{future::Future, io, net::IpAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
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
};

/// The pause after the machine has run out of means for a connection, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The response to a client for which no connection is left.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
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
    let quota = ClientQuota::new(limits.connections);
    let running = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.request_timeout)
        .max_buf_size(limits.header);
    tokio::pin!(stop);
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
        let Some(permit) = take(&quota, settings, peer.ip()) else {
            refuse(&stream);
            continue;
        };
        // Responses are written in one piece: waiting for more to send gains nothing.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.write_timeout));
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = running.watch(connection);
        tokio::spawn(async move {
            // A client that left or was too slow is not an error of the server.
            if let Err(error) = connection.await {
                tracing::debug!("a connection closed early: {error}");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.shutdown_timeout, running.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped before some responses were complete: they took too long");
    }
}

/// A proxy stands for many clients and may use every connection.
fn take(quota: &ClientQuota, settings: &Settings, peer: IpAddr) -> Option<QuotaPermit> {
    let max = if settings.trusted_proxies.is_proxy(peer) {
        settings.limits.connections
    } else {
        settings.limits.connections_per_client()
    };
    quota.take(peer, max)
}

fn refuse(stream: &TcpStream) {
    // A new connection has room for so few bytes; otherwise the client sees it closed.
    let _ = stream.try_write(BUSY);
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
