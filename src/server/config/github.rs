//! `[sources.github]` in `dashboard.toml`: what is read, not how it is reached.

use anyhow::{Result, bail};
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The organisation whose repositories are read.
    pub organisation: String,
    /// How long after one sync the next begins.
    pub every: SignedDuration,
    /// Whether forks are read, too.
    pub forks: bool,
    /// GraphQL reads fifty repositories a request; servers without it are read file by file.
    pub graphql: bool,
    /// Where repositories keep the suppression files of OWASP dependency-check.
    pub suppression_files: Vec<String>,
}

impl Settings {
    /// # Errors
    /// Where a value makes no sense; names its field.
    pub fn validate(&self) -> Result<()> {
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.organisation.is_empty() || !self.organisation.chars().all(of_a_name) {
            bail!(
                "sources.github.organisation: “{}” is no name of an organisation such as hmcts",
                self.organisation
            );
        }
        if self.every < SignedDuration::from_mins(1) {
            bail!("sources.github.every: a time of a minute (1m) or longer is needed, such as 6h");
        }
        for path in &self.suppression_files {
            let mut parts = path.split('/');
            if parts.any(|part| matches!(part, "" | "." | "..")) {
                bail!(
                    "sources.github.suppression_files: “{path}” is no path from a repository's root \
                     such as config/owasp/suppressions.xml"
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
    fn refreshes_are_a_minute_apart_or_more() {
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
