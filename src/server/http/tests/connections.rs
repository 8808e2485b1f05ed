//! The server against misbehaving clients, over real sockets.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use super::{loaded, site};
use crate::server::{
    http::{Limits, Settings, metrics, serve},
    state::AppState,
};

/// Ends a test that would hang; no test comes near it.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(200);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ends: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::of(loaded(), limits).await
    }

    async fn of(state: AppState, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let settings = Settings {
            limits,
            ..Settings::default()
        };
        let (stop, stopped) = oneshot::channel();
        let ends = tokio::spawn(serve(listener, state, settings, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            ends,
        }
    }

    /// The separate listener of metrics.
    async fn of_metrics() -> Self {
        let listener = metrics::bind(([127, 0, 0, 1], 0).into()).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let ends = tokio::spawn(async {
            tokio::select! {
                () = metrics::serve(listener, loaded()) => {}
                _ = stopped => {}
            }
        });
        Self {
            address,
            stop,
            ends,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("a connection")
    }

    /// The complete response to these bytes, until the server closes the connection.
    async fn send(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // A client that is cut off while it sends may find the connection closed.
        let _ = stream.write_all(request.as_ref()).await;
        rest(&mut stream).await
    }

    async fn answers(&self) -> bool {
        let answer = self.send(get("/api/figures")).await;
        answer.starts_with("HTTP/1.1 200 ")
    }

    async fn stop(self) {
        self.stop.send(()).expect("the server runs");
        let ended = tokio::time::timeout(TEST_TIMEOUT, self.ends).await;
        ended.expect("the server ends").expect("it does not panic");
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset closes the connection as well.
    let read = tokio::time::timeout(TEST_TIMEOUT, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server ends the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request after which the server closes the connection.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_client_that_never_completes_its_request_is_disconnected() {
    let server = Server::start(Limits {
        request_timeout: SOON,
        ..Limits::default()
    })
    .await;
    for beginning in ["", "GET /pipel", "GET /pipelines HTTP/1.1\r\nHost: loc"] {
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.expect("sent");
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{beginning:?}: {answer}");
    }
    // An occasional byte does not help: the request has to be complete in time.
    let mut stream = server.connect().await;
    let mut sent = stream.write_all(b"GET /health/live HTTP/1.1\r\n").await;
    let mut every = tokio::time::interval(SOON / 10);
    let deadline = tokio::time::Instant::now() + TEST_TIMEOUT;
    while sent.is_ok() && tokio::time::Instant::now() < deadline {
        every.tick().await;
        sent = stream.write_all(b"X-A: b\r\n").await;
    }
    assert!(sent.is_err(), "the server went on listening");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_never_reads_its_responses_is_disconnected() {
    let server = Server::start(Limits {
        connections: 1,
        write_timeout: SOON,
        ..Limits::default()
    })
    .await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(server.address).await.expect("a connection");
    let (mut unread, mut asks) = stream.split();
    // More responses than all buffers in between can hold.
    let request = "GET /api/figures HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(5_000);
    let _ = tokio::time::timeout(TEST_TIMEOUT, asks.write_all(request.as_bytes())).await;
    let deadline = tokio::time::Instant::now() + TEST_TIMEOUT;
    while !server.answers().await {
        assert!(
            tokio::time::Instant::now() < deadline,
            "its connection stays"
        );
        tokio::task::yield_now().await;
    }
    // If the connection were not closed, this would be all responses.
    let mut answers = Vec::new();
    let _ = tokio::time::timeout(TEST_TIMEOUT, unread.read_to_end(&mut answers)).await;
    let text = String::from_utf8_lossy(&answers);
    assert!(text.matches("HTTP/1.1 200 OK").count() < 5_000);
    server.stop().await;
}

#[tokio::test]
async fn one_client_leaves_connections_for_others() {
    let server = Server::start(Limits {
        connections: 4,
        ..Limits::default()
    })
    .await;
    let held = [server.connect().await, server.connect().await];
    let refused = server.send(get("/api/figures")).await;
    assert_eq!(status(&refused), "503");
    assert!(
        refused.to_lowercase().contains("retry-after: 5"),
        "{refused}"
    );
    assert!(refused.ends_with("There are too many connections\n"));
    assert!(refused.contains("onnection: close"), "{refused}");
    // The whole request is read first, so that the client reads the refusal and not a reset.
    let mut slow = server.connect().await;
    for part in get("/api/figures").as_bytes().chunks(20) {
        slow.write_all(part).await.expect("it is still read");
        tokio::time::sleep(SOON / 20).await;
    }
    assert_eq!(status(&rest(&mut slow).await), "503");
    assert_eq!(status(&server.send(get("/health/live")).await), "200");
    drop(held);
    while !server.answers().await {
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

/// Connections of a client at this address, each with the beginning of a request.
async fn half_sent(server: &Server, client: [u8; 4], connections: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..connections {
        let socket = TcpSocket::new_v4().expect("a socket");
        let address = SocketAddr::from((client, 0));
        socket.bind(address).expect("an address of this machine");
        let mut stream = socket.connect(server.address).await.expect("connected");
        // A refused connection may be closed already.
        let _ = stream
            .write_all(b"GET /api/live HTTP/1.1\r\nHost: loc")
            .await;
        held.push(stream);
    }
    held
}

#[tokio::test]
async fn half_sent_requests_of_several_clients_leave_connections_for_others() {
    let server = Server::start(Limits {
        connections: 16,
        reserved_connections: 16,
        request_timeout: TEST_TIMEOUT,
        scarce_request_timeout: TEST_TIMEOUT,
        ..Limits::default()
    })
    .await;
    let mut held = Vec::new();
    for client in [[127, 0, 0, 2], [127, 0, 0, 3], [127, 0, 0, 4]] {
        held.push(half_sent(&server, client, 40).await);
        for path in ["/health/live", "/api/figures"] {
            let answer = server.send(get(path)).await;
            assert_eq!(status(&answer), "200", "{client:?} {path}: {answer}");
        }
    }
    let answer = server.send(get("/api/figures")).await;
    let head = answer.to_lowercase();
    assert!(head.contains("connection: close"), "connections are scarce");
    server.stop().await;
}

#[tokio::test]
async fn a_client_without_a_request_is_disconnected_soon_when_connections_are_scarce() {
    let server = Server::start(Limits {
        connections: 8,
        event_streams: 100,
        request_timeout: TEST_TIMEOUT * 10,
        scarce_request_timeout: SOON,
        ..Limits::default()
    })
    .await;
    // Six of eight connections have open pages.
    let mut pages = half_sent(&server, [127, 0, 0, 2], 4).await;
    pages.extend(half_sent(&server, [127, 0, 0, 3], 2).await);
    let mut beginning = [0; 12];
    for page in &mut pages {
        let rest_of_request = "alhost\r\n\r\n";
        page.write_all(rest_of_request.as_bytes())
            .await
            .expect("sent");
        page.read_exact(&mut beginning).await.expect("an answer");
        assert_eq!(&beginning, b"HTTP/1.1 200");
    }
    let [mut late] = half_sent(&server, [127, 0, 0, 4], 1)
        .await
        .try_into()
        .expect("one");
    assert_eq!(rest(&mut late).await, "");
    let mut more = [0; 1];
    for page in &mut pages {
        page.read_exact(&mut more).await.expect("it is still open");
    }
    server.stop().await;
}

#[tokio::test]
async fn one_client_leaves_event_streams_for_others() {
    let server = Server::start(Limits {
        event_streams: 4,
        ..Limits::default()
    })
    .await;
    let mut first = server.connect().await;
    first
        .write_all(get("/api/live").as_bytes())
        .await
        .expect("sent");
    let mut beginning = [0; 12];
    first.read_exact(&mut beginning).await.expect("an answer");
    assert_eq!(&beginning, b"HTTP/1.1 200");
    let refused = server.send(get("/api/live")).await;
    assert_eq!(status(&refused), "503");
    assert!(
        refused.to_lowercase().contains("retry-after: 5"),
        "{refused}"
    );
    assert!(server.answers().await, "nothing else is refused");
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn one_client_leaves_connections_of_the_metrics_listener_for_others() {
    let server = Server::of_metrics().await;
    let _held = half_sent(&server, [127, 0, 0, 2], 100).await;
    let answer = server.send(get("/metrics")).await;
    assert_eq!(status(&answer), "200", "{answer}");
    let mut refused = 0;
    for _ in 0..metrics::MAX_CONNECTIONS {
        let [mut another] = half_sent(&server, [127, 0, 0, 2], 1)
            .await
            .try_into()
            .expect("one");
        let _ = another.write_all(b"alhost\r\n\r\n").await;
        let _ = another.shutdown().await;
        refused += usize::from(!rest(&mut another).await.contains("404 Not Found"));
    }
    assert_eq!(
        refused,
        metrics::MAX_CONNECTIONS,
        "it has its share already"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_closed_its_sending_side_is_answered() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let request = get("/api/figures");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream.shutdown().await.expect("half closed");
    assert_eq!(status(&rest(&mut stream).await), "200");
    server.stop().await;
}

#[tokio::test]
async fn oversized_requests_are_refused_without_reading_them_in_full() {
    let server = Server::start(Limits::default()).await;
    let huge = "a".repeat(10_000_000);
    let requests = [
        format!("GET /pipelines?project={huge} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /pipelines HTTP/1.1\r\nHost: localhost\r\nX-A: {huge}\r\n\r\n"),
        format!(
            "GET /pipelines HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
            "X-A: b\r\n".repeat(100_000)
        ),
        format!("{huge} /pipelines HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ];
    for request in requests {
        let answer = server.send(&request).await;
        // A client that is still sending may see only the reset.
        assert!(
            ["", "400", "414", "431"].contains(&status(&answer)),
            "{answer}"
        );
        assert!(server.answers().await);
    }
    let long = format!("/pipelines?project={}", "a".repeat(5_000));
    assert_eq!(status(&server.send(get(&long)).await), "414");
    let body = format!(
        "POST /api/figure HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{huge}",
        huge.len()
    );
    let answer = server.send(body).await;
    assert!(["", "405", "413"].contains(&status(&answer)), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn headers_have_exactly_their_limit() {
    let server = Server::start(Limits::default()).await;
    let limit = Limits::default().header;
    for (length, expected) in [
        (limit - 1000, "200"),
        (limit + 1, "431"),
        (40_000, "431"),
        (60_000, "431"),
    ] {
        for headers in [1, 8] {
            let header = format!("X-A: {}\r\n", "a".repeat(length / headers));
            let added = format!("\r\n{}", header.repeat(headers));
            let answer = server.send(get("/api/figures").replacen("\r\n", &added, 1));
            assert_eq!(
                status(&answer.await),
                expected,
                "{headers} of {length} bytes"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn malformed_http_is_refused() {
    let server = Server::start(Limits::default()).await;
    for request in [
        "NONSENSE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        "GET /pipelines HTTP/1.1\r\nBad Name: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET pipelines HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("half closed");
        let answer = rest(&mut stream).await;
        let status = status(&answer);
        assert!(
            status.is_empty() || status.starts_with('4') || status == "505",
            "{request:?}: {answer}"
        );
        assert!(server.answers().await, "after {request:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_website_cannot_reach_the_dashboard_under_its_own_name() {
    let server = Server::start(Limits::default()).await;
    for (hosts, expected) in [
        ("Host: attacker.example\r\n", "421"),
        ("Host: attacker.example:8050\r\n", "421"),
        ("", "400"),
        ("Host: localhost\r\nHost: localhost\r\n", "400"),
        ("Host: localhost\r\n", "200"),
        ("Host: [::1]\r\n", "200"),
    ] {
        let asked = |path| get(path).replacen("Host: localhost\r\n", hosts, 1);
        for path in ["/api/figures", "/disclaimer", "/figures/heatmap.csv"] {
            let answer = server.send(asked(path)).await;
            assert_eq!(status(&answer), expected, "{hosts:?} {path}: {answer}");
        }
        assert_eq!(status(&server.send(asked("/health/live")).await), "200");
    }
    let refused = server.send(get("/").replacen("localhost", "attacker.example", 1));
    assert!(refused.await.contains("RSE_HOSTS"), "it says what to do");
    server.stop().await;
}

#[tokio::test]
async fn unsupported_methods_are_refused() {
    let server = Server::start(Limits::default()).await;
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"] {
        for path in [
            "/pipelines",
            "/api/figure",
            "/health/live",
            "/pkg/x.js",
            "/",
        ] {
            let request = get(path).replacen("GET", method, 1);
            let request = request.replacen("\r\n", "\r\nX-Planted: planted\r\n", 1);
            let answer = server.send(request).await;
            assert!(
                ["404", "405"].contains(&status(&answer)),
                "{method} {path}: {answer}"
            );
            assert!(
                !answer.to_lowercase().contains("planted"),
                "nothing is echoed"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn no_path_leads_outside_the_site() {
    site();
    let server = Server::start(Limits::default()).await;
    for path in [
        "/../../Cargo.toml",
        "/pkg/../../../Cargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg/%2e%2e%2f%2e%2e%2f%2e%2e%2fCargo.toml",
        "/pkg/..%5c..%5c..%5cCargo.toml",
        "/..%252f..%252fCargo.toml",
        "/pkg/%c0%ae%c0%ae/Cargo.toml",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/pkg//etc/passwd",
        "/pkg/",
        "/plotly/",
        "/.built",
    ] {
        let answer = server.send(get(path)).await;
        let status = status(&answer);
        assert!(["308", "400", "404"].contains(&status), "{path}: {answer}");
        assert!(
            !answer.contains("[package]") && !answer.contains("root:"),
            "{path}"
        );
        assert!(
            !answer.to_lowercase().contains("location: //"),
            "{path}: {answer}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn open_pages_and_idle_connections_do_not_delay_a_stop() {
    let server = Server::start(Limits::default()).await;
    let mut page = server.connect().await;
    page.write_all(get("/api/live").as_bytes())
        .await
        .expect("sent");
    let mut beginning = [0; 12];
    page.read_exact(&mut beginning).await.expect("an answer");
    let idle = server.connect().await;
    server.stop().await;
    let rest_of_page = rest(&mut page).await;
    assert!(
        rest_of_page.ends_with("0\r\n\r\n"),
        "the stream ends properly: {rest_of_page}"
    );
    drop(idle);
}
