//! What an answer of GitHub's means: what was asked for, a limit, a fault that passes, or one that
//! does not.

use std::{fmt, time::Duration};

use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderMap, LINK},
};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::limits;

/// Why a request failed in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GithubFailure {
    Limited {
        retry_after: Duration,
    },
    Unauthorized,
    /// Not for this token; with GitHub's words.
    Forbidden(String),
    NotFound(String),
    /// Greater than is read.
    TooLarge,
    /// The server had a fault, each time.
    Server(String),
    /// No connection could be made.
    Unreachable(String),
    /// Something else, which another try would not change.
    Refused(String),
}

impl fmt::Display for GithubFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited { .. } => f.write_str("too many requests"),
            Self::Unauthorized => f.write_str("the token is not accepted"),
            Self::Forbidden(words) => write!(f, "not allowed: {words}"),
            Self::NotFound(_) => f.write_str("not found"),
            Self::TooLarge => f.write_str("the answer is too great"),
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

/// What became of one try.
pub enum Attempt {
    Done(Reply),
    Limited(Option<Duration>),
    /// It may go better the next time.
    Transient(GithubFailure),
    Failed(GithubFailure),
}

/// What a successful answer holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Json,
    Graphql,
    Bytes,
}

/// What became of a try that was answered. Of the body no more than `max` bytes are taken.
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
    let words = message(&body);
    if let Some(said) = limits::limited(status, &headers, &words) {
        return Attempt::Limited(said);
    }
    match status.as_u16() {
        401 => Attempt::Failed(GithubFailure::Unauthorized),
        403 => Attempt::Failed(GithubFailure::Forbidden(words)),
        404 => Attempt::Failed(GithubFailure::NotFound(words)),
        500..=599 | 408 => {
            Attempt::Transient(GithubFailure::Server(format!("GitHub answered {status}")))
        }
        300..=399 => Attempt::Failed(GithubFailure::Refused(
            "GitHub redirects to another host, which is not followed".to_owned(),
        )),
        _ => Attempt::Failed(GithubFailure::Refused(format!(
            "GitHub answered {status}: {words}"
        ))),
    }
}

/// What is not whole is asked for again; what is no JSON at all would be none again.
fn interpret_json(expected: Expected, headers: HeaderMap, body: Vec<u8>) -> Attempt {
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Err(error) if error.is_eof() => {
            return Attempt::Transient(GithubFailure::Server(
                "GitHub's answer broke off".to_owned(),
            ));
        }
        Err(_) => return Attempt::Failed(no_json()),
        Ok(_) => {}
    }
    // GraphQL says in a successful answer that a limit was met.
    if expected == Expected::Graphql {
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let said = limits::wait(&headers);
        if is_limited(&answer, said.is_some()) {
            return Attempt::Limited(said);
        }
    }
    Attempt::Done(reply(false, headers, body))
}

/// Whether an answer of GraphQL is one to a query that met a limit, by what it says or, where it
/// holds nothing, by its headers. What one repository met is no matter of the whole query.
fn is_limited(answer: &Value, by_headers: bool) -> bool {
    let is_nothing = answer["data"].is_null();
    let mut errors = answer["errors"].as_array().into_iter().flatten();
    let of_all = |error: &Value| is_nothing || error["path"].is_null();
    let in_errors = errors.any(|error| of_all(error) && is_limit(error));
    in_errors || is_nothing && (by_headers || is_limit(answer))
}

/// Whether an error of GraphQL says that a limit was met: the primary one has a type of its own, the
/// secondary one only words.
pub fn is_limit(error: &Value) -> bool {
    let kind = error["type"].as_str().unwrap_or_default();
    let words = error["message"].as_str().unwrap_or_default();
    matches!(kind, "RATE_LIMITED" | "RATE_LIMIT") || limits::is_named(words)
}

pub fn no_json() -> GithubFailure {
    GithubFailure::Refused(
        "the answer is no JSON; does GITHUB_API_URL name GitHub's API?".to_owned(),
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

/// Why there was no whole answer, without the address, which may be an internal one.
pub fn broken(error: &reqwest::Error) -> GithubFailure {
    if error.is_connect() {
        GithubFailure::Unreachable("no connection can be made".to_owned())
    } else if error.is_timeout() {
        GithubFailure::Server("GitHub did not answer in time".to_owned())
    } else {
        GithubFailure::Server("the connection broke off".to_owned())
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
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    /// The wait that an answer of GraphQL to a query asks for, if it says that a limit was met.
    fn limit(headers: &[(&'static str, &'static str)], answer: &Value) -> Option<Option<u64>> {
        let header = |&(name, value): &(&'static str, &'static str)| {
            let name = name.parse().expect("a name");
            (name, HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        match interpret_json(Expected::Graphql, headers, answer.to_string().into_bytes()) {
            Attempt::Limited(said) => Some(said.map(|wait| wait.as_secs())),
            _ => None,
        }
    }

    #[test]
    fn graphql_tells_of_limits_in_successful_answers() {
        let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes.";
        let error = json!({ "message": secondary });
        let of_one = json!({ "message": secondary, "path": ["r0"] });
        let other = json!({ "message": "Something went wrong" });
        let nothing = |error: &Value| json!({ "data": null, "errors": [error] });
        let some = |error: &Value| json!({ "data": { "r0": null }, "errors": [error] });
        let told = [("retry-after", "60")];
        let used_up = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795528242"),
            ("date", "Tue, 24 Nov 2026 13:50:32 GMT"),
        ];
        let cases = [
            (&[][..], nothing(&error), Some(None)),
            (&told, nothing(&error), Some(Some(60))),
            (&told, json!({ "message": secondary }), Some(Some(60))),
            (&[], json!({ "message": secondary }), Some(None)),
            (&[], nothing(&json!({ "type": "RATE_LIMITED" })), Some(None)),
            (&used_up, nothing(&other), Some(Some(11))),
            (&[], some(&error), Some(None)),
            (&[], nothing(&other), None),
            // The last request that was granted, and the limit of one repository.
            (&used_up, json!({ "data": { "r0": null } }), None),
            (&[], some(&of_one), None),
        ];
        for (headers, answer, expected) in cases {
            assert_eq!(limit(headers, &answer), expected, "{headers:?} {answer}");
        }
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
}
