//! `rse-dashboard health`: checks that the server on this machine responds, for containers without
//! another program to do so.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use super::serve;

/// A server that takes longer does not serve readers either.
const MAX_WAIT: Duration = Duration::from_secs(3);

pub async fn run(options: serve::Options) -> Result<ExitCode> {
    let url = format!("http://{}/health/live", reachable(options.listens_on()));
    // A proxy would respond instead of the server.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(MAX_WAIT)
        .build()
        .context("cannot create an HTTP client")?;
    let answer = client.get(&url).send().await;
    let status = answer
        .with_context(|| format!("no response from {url}"))?
        .status();
    ensure!(status.is_success(), "{url} responds with {status}");
    println!("live");
    Ok(ExitCode::SUCCESS)
}

/// The address at which this machine reaches a server that listens on `listens_on`.
fn reachable(listens_on: SocketAddr) -> SocketAddr {
    let ip = match listens_on.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listens_on.port())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: serve::Options,
    }

    /// The outcome when one connection gets this status line.
    async fn outcome(status_line: &'static str) -> (Result<ExitCode>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answering = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            let mut asked = vec![0; 1024];
            let length = connection.read(&mut asked).await.expect("a request");
            let answer = format!("HTTP/1.1 {status_line}\r\ncontent-length: 0\r\n\r\n");
            let written = connection.write_all(answer.as_bytes()).await;
            written.expect("answered");
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let outcome = run(options("0.0.0.0", port)).await;
        (outcome, answering.await.expect("no panic"))
    }

    fn options(addr: &str, port: u16) -> serve::Options {
        let port = port.to_string();
        Line::parse_from(["health", "--addr", addr, "--port", &port]).options
    }

    #[tokio::test]
    async fn a_server_that_responds_is_alive() {
        let (outcome, asked) = outcome("200 OK").await;
        assert_eq!(outcome.expect("alive"), ExitCode::SUCCESS);
        assert!(
            asked.starts_with("GET /health/live HTTP/1.1\r\n"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_server_that_responds_with_an_error_is_not_alive() {
        let (outcome, _) = outcome("500 Internal Server Error").await;
        let error = outcome.expect_err("refused").to_string();
        assert!(error.contains("/health/live responds with 500"), "{error}");
    }

    #[tokio::test]
    async fn without_a_listener_the_check_fails() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let error = run(options("127.0.0.1", port))
            .await
            .expect_err("no listener");
        let error = error.to_string();
        assert!(
            error.starts_with("no response from http://127.0.0.1:"),
            "{error}"
        );
    }

    #[test]
    fn every_interface_is_reached_at_the_loopback_address() {
        let reached = |addr| reachable(options(addr, 80).listens_on()).to_string();
        assert_eq!(reached("0.0.0.0"), "127.0.0.1:80");
        assert_eq!(reached("::"), "[::1]:80");
        assert_eq!(reached("10.1.2.3"), "10.1.2.3:80");
    }
}
