//! Errors of the service in plain words, with a remedy. They are shown on the page, so they repeat
//! neither addresses nor the service's own messages.

use std::{error::Error as _, time::Duration};

use anyhow::anyhow;
use azure_data_cosmos::CosmosError;

use super::account::{Credentials, Feed};
use crate::server::{
    model::CoverageState,
    sources::{CheckResult, SourceError},
};

/// Sub-status codes of the service that are distinguished.
const NO_SUCH_DATABASE: u16 = 1003;
const NO_TOKEN: u16 = 20402;
const UNREACHABLE: [u16; 2] = [20010, 20012];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosmosFailure {
    pub kind: FailureKind,
    pub what: String,
    pub remedy: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The service asks for a pause of this length.
    RateLimited(Duration),
    NoAccess,
    /// The database has no such container.
    NoContainer,
    Other,
}

impl CosmosFailure {
    fn new(kind: FailureKind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// `feed` is the container of the request, unless it was for the account alone.
    pub fn of(error: &CosmosError, credentials: Credentials, feed: Option<&Feed>) -> Self {
        let status = u16::from(error.status().status_code());
        let detail = error.status().sub_status().map_or(0, |sub| sub.value());
        match (status, detail) {
            (_, NO_TOKEN) => no_token(error, credentials),
            (401 | 403, _) => no_access(status, credentials),
            (404, _) => match feed {
                Some(feed) => missing(feed, detail),
                None => Self::new(
                    FailureKind::Other,
                    "no Cosmos DB account responds there",
                    "set COSMOS_ENDPOINT to the account's address",
                ),
            },
            (400, _) => Self::new(
                FailureKind::Other,
                format!(
                    "the service does not understand the request ({})",
                    error.status()
                ),
                "report this as a bug of the dashboard",
            ),
            (429, _) => {
                let wait = requested_wait(error).unwrap_or(Duration::from_secs(60));
                Self::new(
                    FailureKind::RateLimited(wait),
                    "the service refuses more requests for now (429)",
                    "the next sync tries again; more request units would help",
                )
            }
            _ if is_unreachable(error) => unreachable(error, detail),
            _ => Self::new(
                FailureKind::Other,
                format!(
                    "the service or the connection to it failed ({})",
                    error.status()
                ),
                "the next sync tries again",
            ),
        }
    }

    pub const fn state(&self) -> CoverageState {
        match self.kind {
            FailureKind::RateLimited(_) => CoverageState::RateLimited,
            FailureKind::NoAccess => CoverageState::NoAccess,
            FailureKind::NoContainer | FailureKind::Other => CoverageState::Failed,
        }
    }

    /// The text for readers.
    pub fn reason(&self) -> String {
        format!("{}: {}", self.what, self.remedy)
    }

    /// The result for `doctor`.
    pub fn finding(&self, about: &str) -> CheckResult {
        CheckResult::bad(format!("{about}: {}", self.what), self.remedy.clone())
    }

    /// Combines the failures of all feeds into one error that names each.
    pub fn of_all(failures: &[(Feed, Self)]) -> SourceError {
        let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
        for (feed, failure) in failures {
            let reason = failure.reason();
            match by_reason.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, feeds)) => feeds.push(feed.to_string()),
                None => by_reason.push((reason, vec![feed.to_string()])),
            }
        }
        let message = by_reason.iter();
        let message = message.map(|(reason, feeds)| format!("{}: {reason}", feeds.join(", ")));
        let message = message.collect::<Vec<_>>().join("; ");
        let waits = failures.iter().map(|(_, failure)| match failure.kind {
            FailureKind::RateLimited(wait) => Some(wait),
            FailureKind::NoAccess | FailureKind::NoContainer | FailureKind::Other => None,
        });
        if let Some(waits) = waits.collect::<Option<Vec<_>>>() {
            return SourceError::RateLimited {
                retry_after: waits.into_iter().max().unwrap_or_default(),
            };
        }
        if failures
            .iter()
            .all(|(_, failure)| failure.kind == FailureKind::NoAccess)
        {
            return SourceError::Unauthorized(message);
        }
        SourceError::Other(anyhow!(message))
    }
}

/// The pause that the service asks for, if any.
pub fn requested_wait(error: &CosmosError) -> Option<Duration> {
    let headers = error.response()?.headers();
    headers.retry_after_ms.map(Duration::from_millis)
}

/// True if nothing responds at the account's address.
pub fn is_unreachable(error: &CosmosError) -> bool {
    let detail = error.status().sub_status();
    detail.is_some_and(|detail| UNREACHABLE.contains(&detail.value()))
}

fn no_token(error: &CosmosError, credentials: Credentials) -> CosmosFailure {
    match credentials {
        Credentials::Key => CosmosFailure::new(
            FailureKind::NoAccess,
            "COSMOS_KEY is not an account key in Base64",
            "set COSMOS_KEY (or masterKey) to a key of the account, read-only if possible",
        ),
        Credentials::Entra => {
            // The libraries' messages contain no secret, but they are long.
            let reason = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(
                source = "cosmos",
                "no token from Microsoft Entra ID: {reason}"
            );
            CosmosFailure::new(
                FailureKind::NoAccess,
                "Microsoft Entra ID, used because COSMOS_KEY is not set, provides no token",
                "set COSMOS_KEY, give this machine a managed or workload identity, or sign in \
                 with `az login`; the log lists the attempts",
            )
        }
    }
}

fn no_access(status: u16, credentials: Credentials) -> CosmosFailure {
    match (status, credentials) {
        (401, Credentials::Key) => CosmosFailure::new(
            FailureKind::NoAccess,
            "the account does not accept COSMOS_KEY (401)",
            "set COSMOS_KEY (or masterKey) to a key of the account that COSMOS_ENDPOINT names",
        ),
        (_, Credentials::Key) => CosmosFailure::new(
            FailureKind::NoAccess,
            "the account refuses the request made with COSMOS_KEY (403)",
            "allow this machine in the account's firewall, and check that its clock is right \
             and that the account allows keys",
        ),
        (_, Credentials::Entra) => CosmosFailure::new(
            FailureKind::NoAccess,
            format!("the identity from Microsoft Entra ID may not read the account ({status})"),
            "assign it the role Cosmos DB Built-in Data Reader on the account, and allow this \
             machine in the account's firewall",
        ),
    }
}

fn missing(feed: &Feed, detail: u16) -> CosmosFailure {
    let Feed {
        database,
        container,
    } = feed;
    if detail == NO_SUCH_DATABASE {
        CosmosFailure::new(
            FailureKind::Other,
            format!("the account has no database “{database}” (404)"),
            "correct COSMOS_DATABASES",
        )
    } else {
        CosmosFailure::new(
            FailureKind::NoContainer,
            format!("the database “{database}” has no container “{container}” (404)"),
            "correct COSMOS_CONTAINERS",
        )
    }
}

fn unreachable(error: &CosmosError, detail: u16) -> CosmosFailure {
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push_str(&error.to_string().to_lowercase());
        cause = error.source();
    }
    let what = if detail == UNREACHABLE[1] || causes.contains("dns") {
        "the host in COSMOS_ENDPOINT does not exist"
    } else if causes.contains("certificate") {
        "the TLS certificate of the host in COSMOS_ENDPOINT is not trusted"
    } else {
        "nothing responds at COSMOS_ENDPOINT"
    };
    CosmosFailure::new(
        FailureKind::Other,
        what,
        "check COSMOS_ENDPOINT and this machine's connection to it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sources::Cause;

    fn feed(database: &str) -> Feed {
        Feed {
            database: database.to_owned(),
            container: "pipeline-metrics".to_owned(),
        }
    }

    #[test]
    fn feeds_with_the_same_failure_are_named_together() {
        let no_access = no_access(401, Credentials::Key);
        let both = [
            (feed("a"), no_access.clone()),
            (feed("b"), no_access.clone()),
        ];
        let SourceError::Unauthorized(message) = CosmosFailure::of_all(&both) else {
            panic!("both have no access");
        };
        let expected = "a/pipeline-metrics, b/pipeline-metrics: the account does not accept \
                        COSMOS_KEY (401): ";
        assert!(message.starts_with(expected), "{message}");
        let mixed = [
            (feed("a"), no_access),
            (feed("b"), missing(&feed("b"), 1003)),
        ];
        let SourceError::Other(error) = CosmosFailure::of_all(&mixed) else {
            panic!("they differ");
        };
        let message = error.to_string();
        assert!(message.contains("no database “b”"), "{message}");
    }

    #[test]
    fn the_cause_of_each_failure_is_recognised() {
        let feed = feed("a");
        let other = CosmosFailure::new(
            FailureKind::Other,
            "the service or the connection to it failed (500)",
            "the next sync tries again",
        );
        for (failure, cause) in [
            (no_access(401, Credentials::Key), Cause::Refused),
            (no_access(403, Credentials::Key), Cause::Refused),
            (no_access(403, Credentials::Entra), Cause::Refused),
            (missing(&feed, 1003), Cause::Other),
            (other, Cause::Unreachable),
        ] {
            let error = CosmosFailure::of_all(&[(feed.clone(), failure)]).to_string();
            assert_eq!(Cause::of(&error), cause, "{error}");
        }
    }

    #[test]
    fn the_longest_requested_pause_counts() {
        let limited = |seconds| {
            let wait = FailureKind::RateLimited(Duration::from_secs(seconds));
            CosmosFailure::new(wait, "", "")
        };
        let failures = [(feed("a"), limited(5)), (feed("b"), limited(70))];
        let error = CosmosFailure::of_all(&failures);
        assert!(
            matches!(error, SourceError::RateLimited { retry_after } if retry_after.as_secs() == 70)
        );
    }
}
