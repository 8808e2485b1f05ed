//! Interprets GitHub's responses: the requested content, a limit, a transient failure or a permanent
//! one.

use std::{fmt, time::Duration};

use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderMap, LINK},
};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::limits;

/// The reason why a request finally failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GithubFailure {
    Limited {
        retry_after: Duration,
    },
    Unauthorized,
    /// Refused for this token, with GitHub's message.
    Forbidden(String),
    NotFound(String),
    /// Larger than the maximum.
    TooLarge,
    /// The server failed on every attempt.
    Server(String),
    /// No connection could be made.
    Unreachable(String),
    /// Another failure that a retry would not change.
    Refused(String),
}

impl fmt::Display for GithubFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited { .. } => f.write_str("too many requests"),
            Self::Unauthorized => f.write_str("the token is not accepted"),
            Self::Forbidden(message) => write!(f, "not allowed: {message}"),
            Self::NotFound(_) => f.write_str("not found"),
            Self::TooLarge => f.write_str("the response is too large"),
            Self::Server(what) | Self::Unreachable(what) | Self::Refused(what) => f.write_str(what),
        }
    }
}

/// A successful response.
#[derive(Debug)]
pub struct Reply {
    /// Nothing has changed since the response with the ETag that was sent.
    pub unchanged: bool,
    pub etag: Option<String>,
    /// The URL of the next page.
    pub next: Option<String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The outcome of one attempt.
pub enum Attempt {
    Done(Reply),
    Limited(Option<Duration>),
    /// May succeed the next time.
    Transient(GithubFailure),
    Failed(GithubFailure),
}

/// The expected content of a successful response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Json,
    Graphql,
    Bytes,
}

/// Interprets a response. Reads at most `max` bytes of its body.
pub async fn interpret(mut response: Response, expected: Expected, max: u64) -> Attempt {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    if status == StatusCode::NOT_MODIFIED {
        return Attempt::Done(reply(true, headers, Vec::new()));
    }
    let body = match body(response, max).await {
        Ok(body) => body,
        Err(GithubFailure::TooLarge) => return Attempt::Failed(GithubFailure::TooLarge),
        Err(failure) => return Attempt::Transient(failure),
    };
    if status.is_success() {
        return match expected {
            Expected::Bytes => Attempt::Done(reply(false, headers, body)),
            expected => interpret_json(expected, headers, body),
        };
    }
    let message = message(&body);
    if let Some(requested) = limits::limited(status, &headers, &message) {
        return Attempt::Limited(requested);
    }
    match status.as_u16() {
        401 => Attempt::Failed(GithubFailure::Unauthorized),
        403 => Attempt::Failed(GithubFailure::Forbidden(message)),
        404 => Attempt::Failed(GithubFailure::NotFound(message)),
        500..=599 | 408 => Attempt::Transient(GithubFailure::Server(format!(
            "GitHub responded with {status}"
        ))),
        300..=399 => Attempt::Failed(GithubFailure::Refused(
            "GitHub redirects to another host; such redirects are not followed".to_owned(),
        )),
        _ => Attempt::Failed(GithubFailure::Refused(format!(
            "GitHub responded with {status}: {message}"
        ))),
    }
}

/// Interprets a JSON body. A truncated one is requested again; one that is not JSON would not change.
pub fn interpret_json(expected: Expected, headers: HeaderMap, body: Vec<u8>) -> Attempt {
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Err(error) if error.is_eof() => {
            return Attempt::Transient(GithubFailure::Server(
                "GitHub's response was incomplete".to_owned(),
            ));
        }
        Err(_) => return Attempt::Failed(no_json()),
        Ok(_) => {}
    }
    // GraphQL reports limits in successful responses.
    if expected == Expected::Graphql {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let requested = limits::wait(&headers);
        if is_limited(&json, requested.is_some()) {
            return Attempt::Limited(requested);
        }
    }
    Attempt::Done(reply(false, headers, body))
}

/// Returns true if a GraphQL query met a limit, by its errors or, without data, by its headers. A
/// limit on one repository does not affect the whole query.
fn is_limited(json: &Value, by_headers: bool) -> bool {
    let is_nothing = json["data"].is_null();
    let mut errors = json["errors"].as_array().into_iter().flatten();
    let of_all = |error: &Value| is_nothing || error["path"].is_null();
    let in_errors = errors.any(|error| of_all(error) && is_limit(error));
    in_errors || is_nothing && (by_headers || is_limit(json))
}

/// Returns true if a GraphQL error reports a limit: the primary one has its own type, the secondary
/// one only a message.
pub fn is_limit(error: &Value) -> bool {
    let kind = error["type"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    matches!(kind, "RATE_LIMITED" | "RATE_LIMIT") || limits::is_named(message)
}

pub fn no_json() -> GithubFailure {
    GithubFailure::Refused(
        "the response is not JSON; check that GITHUB_API_URL is the URL of GitHub's API".to_owned(),
    )
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

/// Returns the URL with `rel="next"` in a `Link` header.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, parameters) = part.trim().strip_prefix('<')?.split_once('>')?;
        let mut parameters = parameters.split(';').map(str::trim);
        let is_next = parameters.any(|p| matches!(p, "rel=\"next\"" | "rel=next"));
        is_next.then(|| address.to_owned())
    })
}

/// Reads the body; stops if it is too large.
async fn body(mut response: Response, max: u64) -> Result<Vec<u8>, GithubFailure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if (body.len() + chunk.len()) as u64 > max {
            return Err(GithubFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Describes why no complete response arrived, without the URL, which may be internal.
pub fn broken(error: &reqwest::Error) -> GithubFailure {
    if error.is_connect() {
        GithubFailure::Unreachable("cannot connect".to_owned())
    } else if error.is_timeout() {
        GithubFailure::Server("GitHub did not respond in time".to_owned())
    } else {
        GithubFailure::Server("the connection was lost".to_owned())
    }
}

/// Returns GitHub's message about a refused request.
pub fn message(body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = json["message"].as_str().unwrap_or("no reason given");
    message.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    /// Returns the wait that a GraphQL response asks for, if it reports a limit.
    fn limit(headers: &[(&'static str, &'static str)], json: &Value) -> Option<Option<u64>> {
        let header = |&(name, value): &(&'static str, &'static str)| {
            let name = name.parse().expect("a name");
            (name, HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        match interpret_json(Expected::Graphql, headers, json.to_string().into_bytes()) {
            Attempt::Limited(requested) => Some(requested.map(|wait| wait.as_secs())),
            _ => None,
        }
    }

    #[test]
    fn graphql_reports_limits_in_successful_responses() {
        let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes.";
        let error = json!({ "message": secondary });
        let of_one = json!({ "message": secondary, "path": ["r0"] });
        let other = json!({ "message": "Something went wrong" });
        let nothing = |error: &Value| json!({ "data": null, "errors": [error] });
        let some = |error: &Value| json!({ "data": { "r0": null }, "errors": [error] });
        let retry_after = [("retry-after", "60")];
        let used_up = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795528242"),
            ("date", "Tue, 24 Nov 2026 13:50:32 GMT"),
        ];
        let cases = [
            (&[][..], nothing(&error), Some(None)),
            (&retry_after, nothing(&error), Some(Some(60))),
            (
                &retry_after,
                json!({ "message": secondary }),
                Some(Some(60)),
            ),
            (&[], json!({ "message": secondary }), Some(None)),
            (&[], nothing(&json!({ "type": "RATE_LIMITED" })), Some(None)),
            (&used_up, nothing(&other), Some(Some(11))),
            (&[], some(&error), Some(None)),
            (&[], nothing(&other), None),
            // The last request that was granted, and the limit of one repository.
            (&used_up, json!({ "data": { "r0": null } }), None),
            (&[], some(&of_one), None),
        ];
        for (headers, json, expected) in cases {
            assert_eq!(limit(headers, &json), expected, "{headers:?} {json}");
        }
    }

    #[test]
    fn the_next_page_has_the_relation_next() {
        let link = "<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=3>; rel=\"next\", \
                    <https://a/x?page=9>; rel=\"last\"";
        assert_eq!(next_page(link).as_deref(), Some("https://a/x?page=3"));
        for link in ["<https://a/x?page=1>; rel=\"first\"", "", "x", "<x", "<x>"] {
            assert_eq!(next_page(link), None, "{link}");
        }
    }
}
