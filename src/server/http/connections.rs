//! Connections: how many there may be, how patient the server is with slow ones, and how they end.

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

/// The machine has no means for another connection; it will have again once some have ended.
const WITHOUT_MEANS: Duration = Duration::from_millis(100);
/// What a client hears that there is no connection left for.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain\r\nContent-Length: 31\r\nRetry-After: 5\r\nConnection: close\r\n\r\n\
    There are too many connections\n";

/// Answers until `stop` resolves, then finishes what runs, but not for ever.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    stop: impl Future<Output = ()>,
) {
    let limits = &settings.limits;
    let shares = ClientQuota::new(limits.connections);
    let running = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.slowest_request)
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
                wait_for_means(&error).await;
                continue;
            }
        };
        let Some(share) = take(&shares, settings, peer.ip()) else {
            refuse(&stream);
            continue;
        };
        // Answers are written whole: nothing is gained by waiting for more to send.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.slowest_reader));
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = running.watch(connection);
        tokio::spawn(async move {
            // Whoever left, or was too slow, is no fault of the server.
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended early: {error}");
            }
            drop(share);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.longest_stop, running.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some answers took too long; stopped without them");
    }
}

/// A proxy speaks for many clients, and may have every connection.
fn take(shares: &ClientQuota, settings: &Settings, peer: IpAddr) -> Option<QuotaPermit> {
    let most = if settings.is_trusted(peer) {
        settings.limits.connections
    } else {
        settings.limits.connections_of_one()
    };
    shares.take(peer, most)
}

fn refuse(stream: &TcpStream) {
    // There is room for so few bytes in a new connection; if not, the client sees it closed.
    let _ = stream.try_write(BUSY);
}

async fn wait_for_means(error: &io::Error) {
    let of_one_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !of_one_client {
        tracing::error!("cannot take a connection: {error}");
        tokio::time::sleep(WITHOUT_MEANS).await;
    }
}
