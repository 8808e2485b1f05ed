//! The HTTP client for reference data. It sends no credentials, and reads no more than it is told to.

use std::{io::Read as _, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use flate2::read::MultiGzDecoder;
use reqwest::{StatusCode, Url, header::RETRY_AFTER};

use crate::server::sources::{
    SourceError,
    http_client::{USER_AGENT, at_origin_of},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(60);
/// The pause if a server asks for one without saying how long.
const PAUSE: Duration = Duration::from_secs(60);
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub struct Client {
    http: reqwest::Client,
    /// The name of the server for messages.
    name: &'static str,
}

/// Parses an address: HTTPS, or HTTP on this machine.
///
/// # Errors
/// Another address; the message names the setting and not its value.
pub fn address(setting: &str, text: &str) -> Result<Url> {
    let url: Url = text
        .parse()
        .with_context(|| format!("{setting} is not an address such as https://example.org/"))?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    ensure!(
        is_safe && url.has_host() && url.username().is_empty() && url.password().is_none(),
        "{setting} must begin with https:// and hold no credentials"
    );
    Ok(url)
}

impl Client {
    /// # Errors
    /// If this machine cannot make HTTP requests.
    pub fn new(origin: &Url, name: &'static str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(at_origin_of(origin))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build();
        Ok(Self {
            http: http.with_context(|| format!("cannot create an HTTP client for {name}"))?,
            name,
        })
    }

    /// Requests a text, which may be compressed; none if there is none at this address.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or sends too much.
    pub async fn text(&self, url: Url, max: u64) -> Result<Option<String>, SourceError> {
        let name = self.name;
        let lost = |error: &reqwest::Error| match () {
            () if error.is_connect() => anyhow!("{name} cannot be reached"),
            () if error.is_timeout() => anyhow!("{name} did not respond in time"),
            () => anyhow!("the connection to {name} was lost"),
        };
        let response = self.http.get(url).send().await;
        let mut response = response.map_err(|error| lost(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = response.headers().get(RETRY_AFTER);
                let wait = wait.and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
                return Err(SourceError::RateLimited {
                    retry_after: wait.map_or(PAUSE, Duration::from_secs),
                });
            }
            status => return Err(anyhow!("{name} answers with {status}").into()),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            if (body.len() + chunk.len()) as u64 > max {
                return Err(too_large(name, max).into());
            }
            body.extend_from_slice(&chunk);
        }
        let text = tokio::task::spawn_blocking(move || text(body, max));
        let text = text.await.context("the reading thread failed")?;
        Ok(Some(text.with_context(|| format!("{name} sends no text"))?))
    }
}

fn too_large(name: &str, max: u64) -> anyhow::Error {
    anyhow!("{name} sends more than {} MiB", max >> 20)
}

/// Decompresses a body if it is compressed.
fn text(body: Vec<u8>, max: u64) -> Result<String> {
    let body = if body.starts_with(&GZIP) {
        let mut plain = Vec::new();
        let mut decoder = MultiGzDecoder::new(body.as_slice()).take(max + 1);
        decoder
            .read_to_end(&mut plain)
            .context("the gzip data is truncated or damaged")?;
        if plain.len() as u64 > max {
            bail!("it is larger than {} MiB", max >> 20);
        }
        plain
    } else {
        body
    };
    String::from_utf8(body).map_err(|_| anyhow!("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        for text in [
            "https://endoflife.date",
            "http://localhost:8080/",
            "http://127.0.0.1:1",
        ] {
            assert!(address("X", text).is_ok(), "{text}");
        }
        for text in [
            "http://endoflife.date",
            "https://user:planted@endoflife.date",
            "file:///etc/planted",
            "planted",
        ] {
            let error = format!("{:#}", address("X", text).expect_err(text));
            assert!(error.contains('X') && !error.contains("planted"), "{error}");
        }
    }

    #[test]
    fn compressed_bodies_are_bounded() {
        let gzip = |text: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text).expect("memory");
            encoder.finish().expect("memory")
        };
        assert_eq!(text(gzip(b"abc"), 3).expect("text"), "abc");
        assert_eq!(text(b"abc".to_vec(), 3).expect("text"), "abc");
        let bomb = gzip(&vec![b'a'; 10_000_000]);
        assert!(text(bomb, 1 << 20).is_err());
        assert!(text(gzip(b"abc")[..10].to_vec(), 3).is_err());
        assert!(text(vec![0xff], 3).is_err());
    }
}
