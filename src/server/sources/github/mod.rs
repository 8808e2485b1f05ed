//! Security facts of an organisation's repositories, from the GitHub API.
//!
//! Repositories are listed, not searched for, because code search does not cover all of them. Known
//! paths are then read from each default branch, many repositories per request.

mod alerts;
mod build_files;
mod checks;
mod client;
mod codeowners;
mod dockerfile;
mod doctor;
mod facts;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod graphql;
mod here_documents;
mod limits;
mod maven;
mod read;
mod reader;
mod repositories;
mod response;
mod rest;
mod runtimes;
mod sync;

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use async_trait::async_trait;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::server::config::github::Settings;
use client::Client;
pub use limits::RetryPolicy;
use response::GithubFailure;

use super::{CheckResult, Run, Source, SourceError, SyncReport};
use crate::server::{config::Config, environment::Environment, store::Store};

pub const NAME: &str = "github";
const TOKEN: [&str; 2] = ["GITHUB_TOKEN", "githubtoken"];
const API_URL: &str = "GITHUB_API_URL";
const PUBLIC_API: &str = "https://api.github.com";

pub struct Github {
    settings: Settings,
    client: Client,
}

impl Github {
    /// Creates the source; none if the environment has no token.
    ///
    /// # Errors
    /// If the configuration is incomplete or invalid.
    pub fn configured(config: &Config, environment: &Environment) -> Result<Option<Self>> {
        let Some(token) = environment.secret(&TOKEN) else {
            return Ok(None);
        };
        let url = environment.text(&[API_URL]);
        let url = url.unwrap_or_else(|| PUBLIC_API.to_owned());
        environment.check_destination(&TOKEN, &[API_URL], |url| {
            url.trim_end_matches('/') == PUBLIC_API
        })?;
        let settings = config.sources.github.clone();
        Self::new(settings, &url, token, RetryPolicy::default()).map(Some)
    }

    /// Creates a source with another retry policy, for tests.
    ///
    /// # Errors
    /// If the configuration is invalid; the message names the field or the variable.
    pub fn new(
        settings: Settings,
        url: &str,
        token: SecretString,
        retry: RetryPolicy,
    ) -> Result<Self> {
        settings.validate()?;
        let printable = |byte: u8| byte.is_ascii_graphic();
        if !token.expose_secret().bytes().all(printable) {
            bail!(
                "GITHUB_TOKEN (or githubtoken) is not a token: it contains white space or other invalid characters"
            );
        }
        let client = Client::new(base(url)?, token, retry)?;
        Ok(Self { settings, client })
    }
}

/// Parses the API's URL. Errors do not show it, because it may hold a password.
fn base(text: &str) -> Result<Url> {
    let url: Url = text
        .parse()
        .with_context(|| format!("{API_URL} is not a URL such as https://api.github.com"))?;
    let host = url.host_str().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if !(url.scheme() == "https" || url.scheme() == "http" && is_here) {
        bail!("{API_URL} must begin with https://, because the token is sent there");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        bail!("{API_URL} must be only a URL; put the token in GITHUB_TOKEN");
    }
    Ok(url)
}

#[async_trait]
impl Source for Github {
    fn name(&self) -> &'static str {
        NAME
    }

    fn every(&self) -> Duration {
        self.settings.every.unsigned_abs()
    }

    async fn sync(&self, store: &mut Store, run: &Run<'_>) -> Result<SyncReport, SourceError> {
        sync::sync(self, store, run).await
    }

    async fn check(&self) -> Vec<CheckResult> {
        doctor::check(self).await
    }
}

/// Maps a failure to its meaning for the whole source and the remedy.
impl From<GithubFailure> for SourceError {
    fn from(failure: GithubFailure) -> Self {
        match failure {
            GithubFailure::Limited { retry_after } => Self::RateLimited { retry_after },
            GithubFailure::Unauthorized => Self::Unauthorized(
                "GITHUB_TOKEN (or githubtoken): GitHub does not accept the token; it is wrong, \
                 revoked or expired"
                    .to_owned(),
            ),
            GithubFailure::Forbidden(message) => Self::Unauthorized(format!(
                "GITHUB_TOKEN (or githubtoken): the token lacks a permission ({message}); a fine-grained \
                 token needs read access to Metadata and Contents of the organisation's \
                 repositories, a classic one the scope repo; both need the organisation's approval"
            )),
            GithubFailure::Unreachable(what) => Self::Other(anyhow!(
                "GitHub cannot be reached: {what}; check {API_URL} and the network"
            )),
            failure => Self::Other(anyhow!("{failure}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sources::Cause;

    fn configured(variables: &[(&str, &str)], organisation: &str) -> Result<Option<Github>> {
        let mut config = Config::built_in();
        config.sources.github.organisation = organisation.to_owned();
        let variables = variables.iter();
        let variables = variables.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Github::configured(&config, &variables.collect())
    }

    #[test]
    fn without_a_token_there_is_no_source() {
        assert!(configured(&[], "hmcts").expect("no fault").is_none());
        let variables = [("GITHUB_API_URL", "nonsense")];
        assert!(configured(&variables, "").expect("no fault").is_none());
        let variables = [("githubtoken", "t0ken")];
        assert!(configured(&variables, "hmcts").expect("no fault").is_some());
    }

    #[test]
    fn a_file_sends_the_token_of_the_environment_to_github_only() {
        let configured = |url: &str, from_file: &[&str]| {
            let mut config = Config::built_in();
            config.sources.github.organisation = "hmcts".to_owned();
            let variables = [("GITHUB_TOKEN", "t0ken"), (API_URL, url)];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let environment: Environment = variables.into_iter().collect();
            let from_file = from_file.iter().map(|&name| name.to_owned()).collect();
            Github::configured(&config, &environment.with_file(from_file))
        };
        let other = "https://github.example/api/v3";
        let refused = configured(other, &[API_URL]).err().expect("refused");
        assert!(refused.to_string().contains(API_URL), "{refused}");
        for (url, from_file) in [
            (other, &[][..]),
            (other, &[API_URL, "GITHUB_TOKEN"]),
            ("https://api.github.com/", &[API_URL]),
        ] {
            assert!(configured(url, from_file).expect("allowed").is_some());
        }
    }

    #[test]
    fn invalid_settings_are_named_without_secrets() {
        let token = ("GITHUB_TOKEN", "t0ken");
        let cases = [
            (vec![token], " ", "sources.github.organisation"),
            (vec![token], "a/b", "sources.github.organisation"),
            (vec![("GITHUB_TOKEN", "t0ken t0ken")], "a", "GITHUB_TOKEN"),
            (
                vec![token, ("GITHUB_API_URL", "t0ken")],
                "a",
                "GITHUB_API_URL",
            ),
            (
                vec![token, ("GITHUB_API_URL", "http://t0ken.example")],
                "a",
                "GITHUB_API_URL",
            ),
            (
                vec![token, ("GITHUB_API_URL", "https://u:t0ken@example.org")],
                "a",
                "GITHUB_API_URL",
            ),
        ];
        for (variables, organisation, name) in cases {
            let error = configured(&variables, organisation).err().expect("refused");
            let error = format!("{error:#} {error:?}");
            assert!(error.contains(name) && !error.contains("t0ken"), "{error}");
        }
    }

    #[test]
    fn the_cause_of_each_failure_is_recognised() {
        let retry_after = Duration::from_secs(60);
        let words = || "internal.example".to_owned();
        for (failure, cause) in [
            (
                GithubFailure::Limited { retry_after },
                Cause::TooManyRequests,
            ),
            (GithubFailure::Unauthorized, Cause::Refused),
            (GithubFailure::Forbidden(words()), Cause::Refused),
            (GithubFailure::Unreachable(words()), Cause::Unreachable),
            (GithubFailure::Server(words()), Cause::Other),
        ] {
            let error = SourceError::from(failure).to_string();
            assert_eq!(Cause::of(&error), cause, "{error}");
        }
    }
}
