//! The HTTP client for GitHub: the only code that handles the token, limits, retries and sizes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use reqwest::{
    Method, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, IF_NONE_MATCH},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::server::sources::http_client::{USER_AGENT, at_origin_of};

use super::{
    limits::{self, RetryPolicy},
    response::{self, Attempt, Expected, GithubFailure, Reply, broken, no_json},
};

const API_VERSION: &str = "2022-11-28";
const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
/// GitHub asks clients to send few requests at a time.
const CONCURRENT: usize = 4;
/// The maximum size of a JSON response.
const MAX_RESPONSE: u64 = 32 * 1024 * 1024;

/// One request, including its retries.
struct RequestSpec<'a> {
    url: Url,
    expected: Expected,
    etag: Option<&'a str>,
    /// A GraphQL query.
    query: Option<&'a Value>,
    max: u64,
}

pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    retry: RetryPolicy,
    permits: Semaphore,
    limit_state: Mutex<LimitState>,
}

#[derive(Default)]
struct LimitState {
    /// Remaining requests by kind of limit.
    left: BTreeMap<String, u64>,
    /// All requests wait until then.
    paused_until: Option<Instant>,
}

impl Client {
    /// # Errors
    /// If this machine cannot make HTTP requests.
    pub fn new(base: Url, token: SecretString, retry: RetryPolicy) -> Result<Self> {
        // The token must not be sent to another host.
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(at_origin_of(&base))
            .connect_timeout(retry.connect_timeout)
            .timeout(retry.timeout)
            .build()
            .context("cannot create an HTTP client for GitHub")?;
        Ok(Self {
            http,
            base,
            token,
            retry,
            permits: Semaphore::new(CONCURRENT),
            limit_state: Mutex::default(),
        })
    }

    /// Returns the URL with these path segments.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Requests JSON; with an ETag, only if it has changed.
    ///
    /// # Errors
    /// See [`GithubFailure`].
    pub async fn get(&self, url: Url, etag: Option<&str>) -> Result<Reply, GithubFailure> {
        self.send(&RequestSpec {
            url,
            expected: Expected::Json,
            etag,
            query: None,
            max: MAX_RESPONSE,
        })
        .await
    }

    /// Requests the bytes of a file.
    ///
    /// # Errors
    /// See [`GithubFailure`]; [`GithubFailure::TooLarge`] above `max` bytes.
    pub async fn raw(&self, url: Url, max: u64) -> Result<Vec<u8>, GithubFailure> {
        let spec = RequestSpec {
            url,
            expected: Expected::Bytes,
            etag: None,
            query: None,
            max,
        };
        Ok(self.send(&spec).await?.body)
    }

    /// Sends a GraphQL query; the response may hold errors for parts of it.
    ///
    /// # Errors
    /// See [`GithubFailure`].
    pub async fn graphql(&self, query: &Value) -> Result<Value, GithubFailure> {
        let spec = RequestSpec {
            url: self.graphql_url(),
            expected: Expected::Graphql,
            etag: None,
            query: Some(query),
            max: MAX_RESPONSE,
        };
        let reply = self.send(&spec).await?;
        serde_json::from_slice(&reply.body).map_err(|_| no_json())
    }

    /// Returns the GraphQL endpoint; on GitHub Enterprise Server it is beside `/api/v3`, not below.
    fn graphql_url(&self) -> Url {
        let path = self.base.path().trim_end_matches('/');
        let above = path.strip_suffix("/v3").unwrap_or(path);
        let mut url = self.base.clone();
        url.set_path(&format!("{above}/graphql"));
        url
    }

    /// Returns the smallest number of requests that any limit still allows.
    pub fn requests_left(&self) -> Option<u64> {
        self.limit_state().left.values().min().copied()
    }

    fn limit_state(&self) -> std::sync::MutexGuard<'_, LimitState> {
        self.limit_state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, spec: &RequestSpec<'_>) -> Result<Reply, GithubFailure> {
        if spec.url.origin() != self.base.origin() {
            return Err(GithubFailure::Refused(
                "the response links to a next page on another host".to_owned(),
            ));
        }
        let mut pauses = self.retry.pauses();
        let mut met = 0;
        loop {
            self.wait_while_paused().await;
            let permit = self.permits.acquire().await;
            let tried = self.attempt(spec).await;
            drop(permit);
            match tried {
                Attempt::Done(reply) => return Ok(reply),
                Attempt::Failed(failure) => return Err(failure),
                Attempt::Transient(failure) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(failure),
                },
                Attempt::Limited(requested) => {
                    let wait = self.retry.limit_wait(requested, met);
                    met += 1;
                    if wait > self.retry.max_wait || met as usize > self.retry.attempts {
                        return Err(GithubFailure::Limited { retry_after: wait });
                    }
                    tracing::info!(seconds = wait.as_secs(), "GitHub asks to wait");
                    self.pause(wait);
                }
            }
        }
    }

    /// Makes all requests wait, as GitHub asked.
    fn pause(&self, wait: Duration) {
        let mut state = self.limit_state();
        let until = Instant::now().checked_add(wait);
        state.paused_until = state.paused_until.max(until);
    }

    async fn wait_while_paused(&self) {
        let until = self.limit_state().paused_until;
        if let Some(until) = until {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    async fn attempt(&self, spec: &RequestSpec<'_>) -> Attempt {
        let (method, accept) = match spec.expected {
            Expected::Json => (Method::GET, JSON),
            Expected::Graphql => (Method::POST, JSON),
            Expected::Bytes => (Method::GET, RAW),
        };
        let mut request = self
            .http
            .request(method, spec.url.clone())
            .header(ACCEPT, accept)
            .header("x-github-api-version", API_VERSION)
            .header(AUTHORIZATION, self.authorization());
        if let Some(etag) = spec.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(query) = spec.query {
            request = request.json(query);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::Transient(broken(&error)),
        };
        self.note_limits(response.headers());
        response::interpret(response, spec.expected, spec.max).await
    }

    fn authorization(&self) -> HeaderValue {
        let text = format!("Bearer {}", self.token.expose_secret());
        let mut value = HeaderValue::from_str(&text)
            .expect("the token was checked when the source was configured");
        value.set_sensitive(true);
        value
    }

    fn note_limits(&self, headers: &HeaderMap) {
        let resource = headers.get("x-ratelimit-resource");
        let resource = resource.and_then(|resource| resource.to_str().ok());
        if let Some(left) = limits::number(headers, "x-ratelimit-remaining") {
            let resource = resource.unwrap_or_default().to_owned();
            self.limit_state().left.insert(resource, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        let base = base.parse().expect("a URL");
        let client = Client::new(base, "t0ken".to_owned().into(), RetryPolicy::default());
        client.expect("a client")
    }

    #[test]
    fn urls_are_below_the_base_and_escaped() {
        let github = client("https://api.github.com");
        assert_eq!(
            github.url(&["repos", "a b", "../c"]).as_str(),
            "https://api.github.com/repos/a%20b/..%2Fc"
        );
        assert_eq!(github.graphql_url().path(), "/graphql");
        let enterprise = client("https://example.org/api/v3/");
        assert_eq!(enterprise.url(&["orgs", "x"]).path(), "/api/v3/orgs/x");
        assert_eq!(enterprise.graphql_url().path(), "/api/graphql");
    }

    #[test]
    fn the_token_cannot_be_printed() {
        let value = client("https://api.github.com").authorization();
        assert_eq!(value, "Bearer t0ken");
        assert!(!format!("{value:?}").contains("t0ken"));
    }
}
