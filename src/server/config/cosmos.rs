//! `[sources.cosmos]` in `dashboard.toml`. Addresses and credentials are in the environment.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The interval between two syncs.
    pub every: SignedDuration,
    /// The days of events that the first sync reads.
    pub first_days: u16,
    /// The branches whose events are read.
    pub branches: Branches,
}

impl Settings {
    /// # Errors
    /// An invalid value; the message names its field.
    pub fn validate(&self) -> Result<()> {
        if self.every < SignedDuration::from_secs(1) {
            bail!("sources.cosmos.every: must be at least one second, for example 10m");
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Branches {
    Default,
    All,
}

#[cfg(test)]
mod tests {
    use crate::server::config::Config;

    #[test]
    fn syncs_are_at_least_a_second_apart() {
        let refused = |every: &str| {
            let mut settings = Config::built_in().sources.cosmos;
            settings.every = every.parse().expect("a time");
            settings.validate().is_err()
        };
        assert_eq!(
            ["1s", "10m", "0s", "999ms", "-10m"].map(refused),
            [false, false, true, true, true]
        );
    }
}
