//! The HTTP client for requests to the provider.

use std::{io, pin::Pin, time::Duration};

use anyhow::{Context as _, Result};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect;

/// Short, because a person waits in front of a browser.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Far above the size of any provider's metadata, keys or claims.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Transport(reqwest::Client);

impl Transport {
    /// # Errors
    /// This machine cannot make HTTP requests at all.
    pub fn new() -> Result<Self> {
        // A redirect could lead requests into this server's own network.
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build();
        client
            .map(Self)
            .context("cannot make HTTP requests to the sign-in provider")
    }

    async fn send(&self, request: HttpRequest) -> io::Result<HttpResponse> {
        let request = reqwest::Request::try_from(request).map_err(io::Error::other)?;
        let mut response = self.0.execute(request).await.map_err(io::Error::other)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(io::Error::other)? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(io::Error::other("the response is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        answer.body(body).map_err(io::Error::other)
    }
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
