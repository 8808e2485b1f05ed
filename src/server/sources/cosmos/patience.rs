//! How long a fault is borne: what may pass by itself is tried again after a wait, what will not
//! pass ends the reading at once.
//!
//! The SDK tries other regions and, for up to five seconds, the same one again where the service
//! is unavailable or the connection breaks. What is refused for being too much (429) it is told
//! to leave to us, since it would wait for less than the service asks for.

use std::time::Duration;

use azure_data_cosmos::CosmosError;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::failure::{is_unreachable, told_wait};

/// Whoever asks for a longer wait gets it: until the next refresh.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// All waits for one page together.
const IN_ALL: Duration = Duration::from_secs(180);

/// For one page; a page that came gives new patience.
pub struct Patience {
    waits: ExponentialBackoff,
    left: Duration,
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
            left: IN_ALL,
        }
    }
}

impl Patience {
    /// How long to wait before the next try; none where there shall be none.
    pub fn after(&mut self, error: &CosmosError) -> Option<Duration> {
        if is_unreachable(error) || !may_pass(u16::from(error.status().status_code())) {
            return None;
        }
        self.wait(told_wait(error).unwrap_or_default())
    }

    /// What the service asks for, and a growing time of chance on top.
    fn wait(&mut self, told: Duration) -> Option<Duration> {
        if told > LONGEST_WAIT {
            return None;
        }
        let wait = told + self.waits.next()?;
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
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
        let told = Duration::from_secs(2);
        let mut patience = Patience::default();
        let waits: Vec<Duration> = std::iter::from_fn(|| patience.wait(told)).collect();
        assert_eq!(waits.len(), 8);
        assert!(waits.iter().all(|wait| *wait > told), "{waits:?}");
        let mut patience = Patience::default();
        let told = Duration::from_secs(50);
        let waits: Vec<Duration> = std::iter::from_fn(|| patience.wait(told)).collect();
        assert_eq!(waits.len(), 3);
        assert_eq!(Patience::default().wait(Duration::from_secs(61)), None);
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
