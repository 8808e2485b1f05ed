//! `[sources.cosmos]` in `dashboard.toml`: what is read, not how it is reached.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long after one sync the next begins.
    pub every: SignedDuration,
    /// How far back the first sync reads.
    pub first_days: u16,
    /// Only events of the default branches, or of all.
    pub branches: Branches,
}

impl Settings {
    /// # Errors
    /// Where a value makes no sense; names its field.
    pub fn validate(&self) -> Result<()> {
        if self.every < SignedDuration::from_secs(1) {
            bail!("sources.cosmos.every: a time of a second (1s) or longer is needed, such as 10m");
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
    fn refreshes_are_a_second_apart_or_more() {
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
