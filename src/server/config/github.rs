//! `[sources.github]` in `dashboard.toml`. Addresses and credentials are in the environment.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The organisation that owns the repositories.
    pub organisation: String,
    /// The interval between two syncs.
    pub every: SignedDuration,
    /// Includes forks.
    pub forks: bool,
    /// Reads fifty repositories per request with GraphQL; otherwise one file per request.
    pub graphql: bool,
    /// The paths of OWASP dependency-check suppression files, from a repository's root.
    pub suppression_files: Vec<String>,
}

impl Settings {
    /// # Errors
    /// An invalid value; the message names its field.
    pub fn validate(&self) -> Result<()> {
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.organisation.is_empty() || !self.organisation.chars().all(of_a_name) {
            bail!(
                "sources.github.organisation: “{}” is not an organisation's name, for example hmcts",
                self.organisation
            );
        }
        if self.every < SignedDuration::from_mins(1) {
            bail!("sources.github.every: must be at least one minute, for example 6h");
        }
        for path in &self.suppression_files {
            let mut parts = path.split('/');
            if parts.any(|part| matches!(part, "" | "." | "..")) {
                bail!(
                    "sources.github.suppression_files: “{path}” is not a path from a repository's \
                     root, for example config/owasp/suppressions.xml"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::config::Config;

    #[test]
    fn syncs_are_at_least_a_minute_apart() {
        let refused = |every: &str| {
            let mut settings = Config::built_in().sources.github;
            settings.every = every.parse().expect("a time");
            settings.validate().err().map(|error| error.to_string())
        };
        for every in ["1m", "6h", "1h30m"] {
            assert_eq!(refused(every), None, "{every}");
        }
        for every in ["1ms", "59s", "0s", "-6h"] {
            let error = refused(every).expect(every);
            assert!(error.starts_with("sources.github.every: "), "{error}");
        }
    }
}
