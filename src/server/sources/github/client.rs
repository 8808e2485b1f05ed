//! GitHub over HTTP: the one place that knows of the token, of limits, retries, pages and sizes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK},
    redirect,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::limits::{self, Patience};

const USER_AGENT: &str = concat!("rse-dashboard/", env!("CARGO_PKG_VERSION"));
const API_VERSION: &str = "2022-11-28";
const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
/// GitHub asks for few requests at a time.
const CONCURRENT: usize = 4;
const MAX_REDIRECTS: usize = 5;
/// Of an answer in JSON.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;

/// Why a request failed in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Limited {
        retry_after: Duration,
    },
    Unauthorized,
    /// Not for this token; with GitHub's words.
    Forbidden(String),
    NotFound(String),
    /// Greater than is read.
    TooGreat,
    /// The server had a fault, each time.
    Server(String),
    /// No connection could be made.
    Unreachable(String),
    /// Something else, which another try would not change.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited { .. } => f.write_str("too many requests"),
            Self::Unauthorized => f.write_str("the token is not accepted"),
            Self::Forbidden(words) => write!(f, "not allowed: {words}"),
            Self::NotFound(_) => f.write_str("not found"),
            Self::TooGreat => f.write_str("the answer is too great"),
            Self::Server(what) | Self::Unreachable(what) | Self::Refused(what) => f.write_str(what),
        }
    }
}

/// An answer that is none of the failures.
#[derive(Debug)]
pub struct Reply {
    /// Nothing changed since the answer with the ETag that was asked with.
    pub unchanged: bool,
    pub etag: Option<String>,
    /// The address of the next page.
    pub next: Option<String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// One request, as often as it has to be sent.
struct Ask<'a> {
    method: Method,
    url: Url,
    accept: &'static str,
    etag: Option<&'a str>,
    json: Option<&'a Value>,
    max: u64,
}

/// What became of one try.
enum Try {
    Done(Reply),
    Limited(Option<Duration>),
    /// It may go better the next time.
    Passing(Failure),
    Failed(Failure),
}

pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    patience: Patience,
    permits: Semaphore,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Requests left, by the kind of limit.
    left: BTreeMap<String, u64>,
    /// All requests wait until then.
    paused_until: Option<Instant>,
}

impl Client {
    /// # Errors
    /// Where this machine cannot make HTTP requests at all.
    pub fn new(base: Url, token: SecretString, patience: Patience) -> Result<Self> {
        let origin = base.origin();
        // The token must not follow to another host.
        let redirects = redirect::Policy::custom(move |attempt| {
            let stays = attempt.url().origin() == origin;
            if stays && attempt.previous().len() <= MAX_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirects)
            .connect_timeout(patience.connect_timeout)
            .timeout(patience.timeout)
            .build()
            .context("cannot make HTTP requests to GitHub")?;
        Ok(Self {
            http,
            base,
            token,
            patience,
            permits: Semaphore::new(CONCURRENT),
            seen: Mutex::default(),
        })
    }

    /// The address of something, by the segments of its path.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Asks for JSON; with an ETag only for what is new since.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn get(&self, url: Url, etag: Option<&str>) -> Result<Reply, Failure> {
        self.send(&Ask {
            method: Method::GET,
            url,
            accept: JSON,
            etag,
            json: None,
            max: MAX_ANSWER,
        })
        .await
    }

    /// Asks for a file's bytes.
    ///
    /// # Errors
    /// See [`Failure`]; [`Failure::TooGreat`] beyond `max` bytes.
    pub async fn raw(&self, url: Url, max: u64) -> Result<Vec<u8>, Failure> {
        let ask = Ask {
            method: Method::GET,
            url,
            accept: RAW,
            etag: None,
            json: None,
            max,
        };
        Ok(self.send(&ask).await?.body)
    }

    /// Asks a GraphQL query; the answer may hold errors for parts of it.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn graphql(&self, query: &Value) -> Result<Value, Failure> {
        let ask = Ask {
            method: Method::POST,
            url: self.graphql_url(),
            accept: JSON,
            etag: None,
            json: Some(query),
            max: MAX_ANSWER,
        };
        let reply = self.send(&ask).await?;
        serde_json::from_slice(&reply.body).map_err(|_| no_json())
    }

    /// GitHub Enterprise Server has it beside `/api/v3`, not below.
    fn graphql_url(&self) -> Url {
        let path = self.base.path().trim_end_matches('/');
        let above = path.strip_suffix("/v3").unwrap_or(path);
        let mut url = self.base.clone();
        url.set_path(&format!("{above}/graphql"));
        url
    }

    /// The least number of requests that any limit still grants.
    pub fn requests_left(&self) -> Option<u64> {
        self.seen().left.values().min().copied()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<Reply, Failure> {
        if ask.url.origin() != self.base.origin() {
            return Err(Failure::Refused(
                "the answer names a next page on another host".to_owned(),
            ));
        }
        let mut pauses = self.patience.pauses();
        let mut met = 0;
        loop {
            self.wait_until_welcome().await;
            let permit = self.permits.acquire().await;
            let tried = self.try_once(ask).await;
            drop(permit);
            match tried {
                Try::Done(reply) => return Ok(reply),
                Try::Failed(failure) => return Err(failure),
                Try::Passing(failure) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(failure),
                },
                Try::Limited(said) => {
                    let wait = self.patience.limit_wait(said, met);
                    met += 1;
                    if wait > self.patience.longest_wait || met as usize > self.patience.attempts {
                        return Err(Failure::Limited { retry_after: wait });
                    }
                    tracing::info!(seconds = wait.as_secs(), "GitHub asks to wait");
                    self.pause(wait);
                }
            }
        }
    }

    /// Nobody goes on while GitHub wants to be left alone.
    fn pause(&self, wait: Duration) {
        let mut seen = self.seen();
        let until = Some(Instant::now() + wait);
        seen.paused_until = seen.paused_until.max(until);
    }

    async fn wait_until_welcome(&self) {
        let until = self.seen().paused_until;
        if let Some(until) = until {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    async fn try_once(&self, ask: &Ask<'_>) -> Try {
        let mut request = self
            .http
            .request(ask.method.clone(), ask.url.clone())
            .header(ACCEPT, ask.accept)
            .header("x-github-api-version", API_VERSION)
            .header(AUTHORIZATION, self.authorization());
        if let Some(etag) = ask.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(json) = ask.json {
            request = request.json(json);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Try::Passing(broken(&error)),
        };
        self.note_limits(response.headers());
        self.judge(ask, response).await
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
            self.seen().left.insert(resource, left);
        }
    }

    async fn judge(&self, ask: &Ask<'_>, mut response: Response) -> Try {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        if status == StatusCode::NOT_MODIFIED {
            return Try::Done(reply(true, headers, Vec::new()));
        }
        let body = match body(response, ask.max).await {
            Ok(body) => body,
            Err(Failure::TooGreat) => return Try::Failed(Failure::TooGreat),
            Err(failure) => return Try::Passing(failure),
        };
        if status.is_success() {
            return match ask.accept == JSON {
                true => judge_json(ask, headers, body),
                false => Try::Done(reply(false, headers, body)),
            };
        }
        let words = message(&body);
        if let Some(said) = limits::limited(status, &headers, &words) {
            return Try::Limited(said);
        }
        match status.as_u16() {
            401 => Try::Failed(Failure::Unauthorized),
            403 => Try::Failed(Failure::Forbidden(words)),
            404 => Try::Failed(Failure::NotFound(words)),
            500..=599 | 408 => Try::Passing(Failure::Server(format!("GitHub answered {status}"))),
            300..=399 => Try::Failed(Failure::Refused(
                "GitHub redirects to another host, which is not followed".to_owned(),
            )),
            _ => Try::Failed(Failure::Refused(format!(
                "GitHub answered {status}: {words}"
            ))),
        }
    }
}

/// What is not whole is asked for again; what is no JSON at all would be none again.
fn judge_json(ask: &Ask<'_>, headers: HeaderMap, body: Vec<u8>) -> Try {
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Err(error) if error.is_eof() => {
            return Try::Passing(Failure::Server("GitHub's answer broke off".to_owned()));
        }
        Err(_) => return Try::Failed(no_json()),
        Ok(_) => {}
    }
    // GraphQL says in a successful answer that a limit was met.
    if ask.json.is_some() {
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
        let limit = |error: &Value| is_limit(error["type"].as_str().unwrap_or_default());
        if answer["data"].is_null() && errors.iter().any(limit) {
            return Try::Limited(limits::wait(&headers));
        }
    }
    Try::Done(reply(false, headers, body))
}

/// Whether the type of an error of GraphQL says that a limit was met.
pub fn is_limit(kind: &str) -> bool {
    matches!(kind, "RATE_LIMITED" | "RATE_LIMIT")
}

fn no_json() -> Failure {
    Failure::Refused("the answer is no JSON; does GITHUB_API_URL name GitHub's API?".to_owned())
}

fn reply(unchanged: bool, headers: HeaderMap, body: Vec<u8>) -> Reply {
    let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok());
    let next = headers.get_all(LINK).into_iter();
    let next = next
        .filter_map(|link| link.to_str().ok())
        .find_map(next_page);
    Reply {
        unchanged,
        etag: etag.map(str::to_owned),
        next,
        headers,
        body,
    }
}

/// The address with `rel="next"` in a `Link` header.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, parameters) = part.trim().strip_prefix('<')?.split_once('>')?;
        let mut parameters = parameters.split(';').map(str::trim);
        let is_next = parameters.any(|p| matches!(p, "rel=\"next\"" | "rel=next"));
        is_next.then(|| address.to_owned())
    })
}

/// The body as far as it is read: what is greater is not taken into memory.
async fn body(mut response: Response, max: u64) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if (body.len() + chunk.len()) as u64 > max {
            return Err(Failure::TooGreat);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why there was no whole answer, without the address, which may be an internal one.
fn broken(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::Unreachable("no connection can be made".to_owned())
    } else if error.is_timeout() {
        Failure::Server("GitHub did not answer in time".to_owned())
    } else {
        Failure::Server("the connection broke off".to_owned())
    }
}

/// GitHub's words in the answer to a request that it refused.
fn message(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = answer["message"].as_str().unwrap_or("no reason given");
    words.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        let base = base.parse().expect("a URL");
        let client = Client::new(base, "t0ken".to_owned().into(), Patience::default());
        client.expect("a client")
    }

    #[test]
    fn the_next_page_is_the_one_named_so() {
        let link = "<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=3>; rel=\"next\", \
                    <https://a/x?page=9>; rel=\"last\"";
        assert_eq!(next_page(link).as_deref(), Some("https://a/x?page=3"));
        for link in ["<https://a/x?page=1>; rel=\"first\"", "", "x", "<x", "<x>"] {
            assert_eq!(next_page(link), None, "{link}");
        }
    }

    #[test]
    fn addresses_are_below_the_base_and_escaped() {
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
