//! The checks of `doctor`: token, organisation, GraphQL, alerts and remaining requests.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Github, alerts::list::List, response::GithubFailure};
use crate::server::sources::{CheckResult, SourceError};

pub async fn check(github: &Github) -> Vec<CheckResult> {
    // Requests for the limits are free, so this works even if none are left.
    let url = github.client.url(&["rate_limit"]);
    let host = url.host_str().unwrap_or_default().to_owned();
    let reply = match github.client.get(url, None).await {
        Ok(reply) => reply,
        Err(failure) => return vec![bad(&format!("cannot send requests to {host}"), failure)],
    };
    let limits: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let ends = reply.headers.get("github-authentication-token-expiration");
    let ends = ends.and_then(|ends| ends.to_str().ok());
    let mut findings = vec![CheckResult::good(match ends {
        Some(ends) => format!("{host} accepts the token, which expires at {ends}"),
        None => format!("{host} accepts the token"),
    })];
    for (name, label) in [("core", "REST"), ("graphql", "GraphQL")] {
        findings.extend(limit(&limits["resources"][name], label));
    }
    findings.push(organisation(github).await);
    if github.settings.graphql {
        findings.push(graphql(github).await);
    }
    for list in List::ALL {
        findings.push(alerts(github, list).await);
    }
    findings
}

/// Alerts are optional: a token that may not read them is no fault.
async fn alerts(github: &Github, list: List) -> CheckResult {
    let organisation = &github.settings.organisation;
    let mut url = github
        .client
        .url(&["orgs", organisation, list.scanner(), "alerts"]);
    url.query_pairs_mut().append_pair("per_page", "1");
    if list == List::SecretScanning {
        url.query_pairs_mut().append_pair("hide_secret", "true");
    }
    let label = list.label();
    match github.client.get(url, None).await {
        Ok(_) => CheckResult::good(format!("can read {label}")),
        Err(GithubFailure::NotFound(_) | GithubFailure::Forbidden(_)) => CheckResult::good(
            format!("{label} are left out, as the token may not read them"),
        ),
        Err(failure) => bad(&format!("cannot read {label}"), failure),
    }
}

fn limit(limit: &Value, label: &str) -> Option<CheckResult> {
    let (left, most) = (limit["remaining"].as_u64()?, limit["limit"].as_u64()?);
    let reset = Timestamp::from_second(limit["reset"].as_i64()?).ok()?;
    let what = format!("{left} of {most} {label} requests are left until {reset}");
    Some(match left {
        0 => CheckResult::bad(what, "wait until then, or give the dashboard its own token"),
        _ => CheckResult::good(what),
    })
}

async fn organisation(github: &Github) -> CheckResult {
    let name = &github.settings.organisation;
    for kind in ["orgs", "users"] {
        match github
            .client
            .get(github.client.url(&[kind, name]), None)
            .await
        {
            Ok(_) => return CheckResult::good(format!("can read {name}")),
            Err(GithubFailure::NotFound(_)) => {}
            Err(failure) => return bad(&format!("cannot read {name}"), failure),
        }
    }
    CheckResult::bad(
        format!("this token can see neither an organisation nor a user “{name}”"),
        "correct sources.github.organisation in dashboard.toml, or use a token that may see it",
    )
}

async fn graphql(github: &Github) -> CheckResult {
    let remedy = "for a server without GraphQL, set sources.github.graphql = false";
    let query = json!({ "query": "query{rateLimit{remaining}}" });
    match github.client.graphql(&query).await {
        Ok(response) if response["data"].is_object() => CheckResult::good("GraphQL works"),
        Ok(_) => CheckResult::bad("GraphQL does not return the requested data", remedy),
        Err(failure @ GithubFailure::NotFound(_)) => {
            CheckResult::bad(format!("GraphQL is not available: {failure}"), remedy)
        }
        Err(failure) => bad("cannot send queries to GraphQL", failure),
    }
}

fn bad(what: &str, failure: GithubFailure) -> CheckResult {
    CheckResult::bad(what, SourceError::from(failure).to_string())
}
