//! Checks an account for `doctor`: whether it responds, grants access and has the containers, and how
//! old the newest document is.

use azure_data_cosmos::{ContainerClient, CosmosError};
use serde::Deserialize;

use super::{
    Cosmos,
    cursor::Window,
    failure::{CosmosFailure, FailureKind},
    query::EventQuery,
    query_pages::QueryPages,
};
use crate::server::sources::{CheckResult, cosmos::account::Credentials};

/// The ages up to which documents are searched, in seconds; each step skips the span of the one before.
const STEPS: [i64; 6] = [600, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

pub async fn check(cosmos: &Cosmos, now: i64) -> Vec<CheckResult> {
    let credentials = cosmos.account.credentials();
    let client = match cosmos.client().await {
        Ok(client) => client,
        Err(error) => {
            let failure = CosmosFailure::of(&error, credentials, None);
            return vec![failure.finding("Cosmos DB")];
        }
    };
    let how = match credentials {
        Credentials::Key => "COSMOS_KEY",
        Credentials::Entra => "Microsoft Entra ID",
    };
    let mut findings = vec![CheckResult::good(format!(
        "Cosmos DB: {} responds and grants access with {how}",
        cosmos.account.host()
    ))];
    for feed in &cosmos.account.feeds {
        let looked = match cosmos.container(client, feed).await {
            Ok(container) => newest(&container, now).await,
            Err(error) => Err(error),
        };
        findings.push(match looked {
            Ok(Some(ts)) => CheckResult::good(format!(
                "{feed}: readable; the newest document is {} old",
                age(now - ts)
            )),
            Ok(None) => CheckResult::bad(
                format!("{feed}: readable, but without a document from the last year"),
                "check that COSMOS_DATABASES and COSMOS_CONTAINERS name the containers that builds write to",
            ),
            Err(error) => {
                let failure = CosmosFailure::of(&error, credentials, Some(feed));
                failure.finding(&feed.to_string())
            }
        });
    }
    for feed in &cosmos.account.report_feeds {
        let looked = match cosmos.container(client, feed).await {
            Ok(container) => newest(&container, now).await,
            Err(error) => Err(error),
        };
        let failure = |error| CosmosFailure::of(&error, credentials, Some(feed));
        findings.push(match looked.map_err(failure) {
            Ok(Some(ts)) => CheckResult::good(format!(
                "{feed}: readable; the newest report of a scan is {} old",
                age(now - ts)
            )),
            Ok(None) => CheckResult::good(format!(
                "{feed}: readable, but without a report of a scan from the last year"
            )),
            Err(failure) if failure.kind == FailureKind::NoContainer => CheckResult::good(format!(
                "{feed}: not there, so there are no reports of scans"
            )),
            Err(failure) => failure.finding(&feed.to_string()),
        });
    }
    findings
}

#[derive(Deserialize)]
struct Time {
    _ts: i64,
}

/// The `_ts` of the newest document. The gateway cannot sort across partitions, so increasingly long
/// spans are searched until one has a document.
async fn newest(container: &ContainerClient, now: i64) -> Result<Option<i64>, CosmosError> {
    let mut to = None;
    for step in STEPS {
        let window = Window {
            from: now - step,
            to,
        };
        let mut pages = QueryPages::new(EventQuery::times(window)?);
        let mut newest = None;
        while let Some(documents) = pages.next(container).await? {
            let times = documents.iter();
            let times = times.filter_map(|text| serde_json::from_str::<Time>(text.get()).ok());
            newest = newest.max(times.map(|time| time._ts).max());
        }
        if newest.is_some() {
            return Ok(newest);
        }
        to = Some(window.from);
    }
    Ok(None)
}

/// Formats a span in words.
fn age(seconds: i64) -> String {
    let (count, unit) = match seconds.max(0) {
        seconds @ ..120 => (seconds, "second"),
        seconds @ 120..7200 => (seconds / 60, "minute"),
        seconds @ 7200..172_800 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_shown_in_a_fitting_unit() {
        let ages = [-5, 1, 119, 120, 7200, 90_000, 172_800].map(age);
        let expected = [
            "0 seconds",
            "1 second",
            "119 seconds",
            "2 minutes",
            "2 hours",
            "25 hours",
            "2 days",
        ];
        assert_eq!(ages, expected);
    }
}
