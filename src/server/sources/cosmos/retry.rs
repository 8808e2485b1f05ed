//! Retries: temporary errors are retried after a wait, permanent ones end the sync at once.
//!
//! When the service is unavailable or fails, or the connection breaks, the SDK itself retries at once, up
//! to three times, in other regions if there are any; each of our attempts includes those. Rate limits
//! (429) are left to us: the SDK would wait for less time than the service asks for, and all clients for
//! the same time.

use std::time::{Duration, Instant};

use azure_data_cosmos::CosmosError;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::failure::{is_unreachable, requested_wait};

/// A longer requested wait ends the sync, and the next one waits for it.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The time from the first error of a page to its last attempt.
const MAX_TOTAL: Duration = Duration::from_secs(300);

/// The retries of one page; a success resets them.
pub struct Retries {
    waits: ExponentialBackoff,
    /// The time of the first error.
    since: Option<Instant>,
}

impl Default for Retries {
    fn default() -> Self {
        let waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(15))
            .with_max_times(8)
            .with_jitter();
        Self {
            waits: waits.build(),
            since: None,
        }
    }
}

impl Retries {
    /// The wait before the next attempt; `None` when there is none.
    pub fn after(&mut self, error: &CosmosError) -> Option<Duration> {
        if is_unreachable(error) || !is_temporary(u16::from(error.status().status_code())) {
            return None;
        }
        self.wait(requested_wait(error).unwrap_or_default(), Instant::now())
    }

    /// The requested wait plus a growing random one.
    fn wait(&mut self, requested: Duration, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let wait = requested + self.waits.next()?;
        (requested <= MAX_WAIT && now + wait <= since + MAX_TOTAL).then_some(wait)
    }
}

/// A truncated body is reported as 500, a broken connection as 503.
const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 410 | 429 | 449 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_waits_are_respected_with_jitter_and_within_a_limit() {
        let waits = |requested, attempt| {
            let mut retries = Retries::default();
            let mut now = Instant::now();
            let mut waits = Vec::new();
            while let Some(wait) = retries.wait(requested, now) {
                waits.push(wait);
                now += wait + attempt;
            }
            waits
        };
        let requested = Duration::from_secs(2);
        let waited = waits(requested, Duration::ZERO);
        assert_eq!(waited.len(), 8);
        assert!(waited.iter().all(|wait| *wait > requested), "{waited:?}");
        let requested = Duration::from_secs(50);
        assert_eq!(waits(requested, Duration::from_secs(90)).len(), 2);
        assert!(waits(Duration::from_secs(61), Duration::ZERO).is_empty());
    }

    #[test]
    fn only_temporary_errors_are_retried() {
        for status in [408, 429, 500, 503] {
            assert!(is_temporary(status), "{status}");
        }
        for status in [400, 401, 403, 404] {
            assert!(!is_temporary(status), "{status}");
        }
    }
}
