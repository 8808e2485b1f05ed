//! Waits between requests to GitHub, by its headers and the retry policy.
//!
//! A 403 or 429 has `retry-after`, or says that nothing remains until `x-ratelimit-reset`; if it has
//! neither, wait a minute, and longer each time.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use reqwest::{StatusCode, header::HeaderMap};

use crate::server::sources::error::MAX_PAUSE;

/// The policy for retries. Tests shorten it.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The number of attempts at a request with a transient failure.
    pub attempts: usize,
    /// The first pause between two attempts; later ones are longer, with jitter.
    pub pause: Duration,
    /// The wait if the response does not say.
    pub limit_pause: Duration,
    /// A longer wait ends the sync; the next one continues.
    pub max_wait: Duration,
    pub connect_timeout: Duration,
    pub timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_millis(500),
            limit_pause: Duration::from_mins(1),
            max_wait: Duration::from_mins(2),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Returns the pauses between the attempts of one request.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.pause)
            .with_max_delay(self.pause * 16)
            .with_max_times(self.attempts.saturating_sub(1))
            .with_jitter()
            .build()
    }

    /// Returns how long to wait after `met_before` earlier limits in a row.
    pub fn limit_wait(&self, requested: Option<Duration>, met_before: u32) -> Duration {
        requested.unwrap_or_else(|| self.limit_pause.saturating_mul(1 << met_before.min(10)))
    }
}

/// Returns none unless the response reports a limit; then the wait that it asks for, if any.
pub fn limited(status: StatusCode, headers: &HeaderMap, message: &str) -> Option<Option<Duration>> {
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    let requested = wait(headers);
    (requested.is_some() || status.as_u16() == 429 || is_named(message)).then_some(requested)
}

/// Returns true if the message reports a limit.
pub fn is_named(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("rate limit") || message.contains("abuse detection")
}

/// Returns the wait that the headers ask for, at most a day.
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    requested_wait(headers).map(|wait| wait.min(MAX_PAUSE))
}

fn requested_wait(headers: &HeaderMap) -> Option<Duration> {
    if let Some(seconds) = number(headers, "retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number(headers, "x-ratelimit-remaining")? > 0 {
        return None;
    }
    let reset = i64::try_from(number(headers, "x-ratelimit-reset")?).ok()?;
    // Uses the server's clock, because ours may differ.
    let date = headers.get("date").and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let now = date.map_or_else(Timestamp::now, |date| date.timestamp());
    let left = reset.saturating_sub(now.as_second()).max(0);
    // One more second, because both are rounded down.
    Some(Duration::from_secs(left.unsigned_abs().saturating_add(1)))
}

pub fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        let header = |&(name, value): &(&'static str, &str)| {
            let value = HeaderValue::from_str(value).expect("a value");
            (HeaderName::from_static(name), value)
        };
        of.iter().map(header).collect()
    }

    #[test]
    fn limits_are_recognised_by_the_response() {
        const DATE: (&str, &str) = ("date", "Tue, 24 Nov 2026 13:50:32 GMT");
        let seconds = |n| Some(Some(Duration::from_secs(n)));
        let used_up = [
            DATE,
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795528242"),
        ];
        let in_milliseconds = [
            DATE,
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795528242000"),
        ];
        let reset = "Tue, 24 Nov 2026 13:50:42 GMT";
        let at = jiff::fmt::rfc2822::parse(reset).expect("a date");
        assert_eq!(at.timestamp().as_second(), 1_795_528_242);
        let cases = [
            (403, &[("retry-after", "60")][..], "", seconds(60)),
            (429, &[("retry-after", "1")], "", seconds(1)),
            (403, &used_up, "", seconds(11)),
            (429, &[], "", Some(None)),
            (
                403,
                &[],
                "You have exceeded a secondary rate limit.",
                Some(None),
            ),
            (
                403,
                &[("x-ratelimit-remaining", "7")],
                "Resource not accessible",
                None,
            ),
            (404, &[("retry-after", "60")], "", None),
            // Mistakes: milliseconds, and more than any clock holds.
            (403, &in_milliseconds, "", seconds(86_400)),
            (
                429,
                &[("retry-after", "9223372036854775807")],
                "",
                seconds(86_400),
            ),
            (
                429,
                &[("retry-after", "18446744073709551615")],
                "",
                seconds(86_400),
            ),
            (
                429,
                &[("retry-after", "18446744073709551616")],
                "",
                Some(None),
            ),
        ];
        for (status, of, message, expected) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(
                limited(status, &headers(of), message),
                expected,
                "{status} {of:?}"
            );
        }
    }

    #[test]
    fn waits_grow_if_the_response_names_none() {
        let retry = RetryPolicy::default();
        let waits = [0, 1, 2, 40].map(|met| retry.limit_wait(None, met).as_secs());
        assert_eq!(waits, [60, 120, 240, 61_440]);
        let requested = retry.limit_wait(Some(Duration::from_secs(5)), 3);
        assert_eq!(requested.as_secs(), 5);
        assert_eq!(retry.pauses().count(), retry.attempts - 1);
    }
}
