//! How long a fault is borne: what may pass by itself is tried again after a wait, what will not
//! pass ends the reading at once.
//!
//! Where the service is unavailable or fails, or the connection breaks, the SDK asks up to three times
//! more by itself, at once, in other regions if there are some; each of our tries is such a volley.
//! What is refused for being too much (429) it is told to leave to us: it would wait for less than the
//! service asks for, and all clients for the same time.

use std::time::{Duration, Instant};

use azure_data_cosmos::CosmosError;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::failure::{is_unreachable, told_wait};

/// Whoever asks for a longer wait gets it: until the next sync.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// From the first fault of a page to its last try.
const IN_ALL: Duration = Duration::from_secs(300);

/// For one page; a page that came gives new patience.
pub struct Patience {
    waits: ExponentialBackoff,
    /// When there was the first fault.
    since: Option<Instant>,
}

impl Default for Patience {
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

impl Patience {
    /// How long to wait before the next try; none where there shall be none.
    pub fn after(&mut self, error: &CosmosError) -> Option<Duration> {
        if is_unreachable(error) || !may_pass(u16::from(error.status().status_code())) {
            return None;
        }
        self.wait(told_wait(error).unwrap_or_default(), Instant::now())
    }

    /// What the service asks for, and a growing time of chance on top.
    fn wait(&mut self, told: Duration, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let wait = told + self.waits.next()?;
        (told <= MAX_WAIT && now + wait <= since + IN_ALL).then_some(wait)
    }
}

/// A body that is cut off comes as 500, a broken connection as 503.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 410 | 429 | 449 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_waited_and_a_little_more_but_not_for_ever() {
        let waits = |told, attempt| {
            let mut patience = Patience::default();
            let mut now = Instant::now();
            let mut waits = Vec::new();
            while let Some(wait) = patience.wait(told, now) {
                waits.push(wait);
                now += wait + attempt;
            }
            waits
        };
        let told = Duration::from_secs(2);
        let borne = waits(told, Duration::ZERO);
        assert_eq!(borne.len(), 8);
        assert!(borne.iter().all(|wait| *wait > told), "{borne:?}");
        let told = Duration::from_secs(50);
        assert_eq!(waits(told, Duration::from_secs(90)).len(), 2);
        assert!(waits(Duration::from_secs(61), Duration::ZERO).is_empty());
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 429, 500, 503] {
            assert!(may_pass(status), "{status}");
        }
        for status in [400, 401, 403, 404] {
            assert!(!may_pass(status), "{status}");
        }
    }
}
