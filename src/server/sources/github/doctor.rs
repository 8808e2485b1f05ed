//! What `doctor` tries: token, organisation, GraphQL, and how many requests are left.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Github, response::GithubFailure};
use crate::server::sources::{CheckResult, SourceError};

pub async fn check(github: &Github) -> Vec<CheckResult> {
    // Asking for the limits costs nothing, so that it also works when none are left.
    let url = github.client.url(&["rate_limit"]);
    let reply = match github.client.get(url, None).await {
        Ok(reply) => reply,
        Err(failure) => return vec![bad("GitHub cannot be asked", failure)],
    };
    let limits: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let ends = reply.headers.get("github-authentication-token-expiration");
    let ends = ends.and_then(|ends| ends.to_str().ok());
    let mut findings = vec![CheckResult::good(match ends {
        Some(ends) => format!("GitHub accepts the token, which expires at {ends}"),
        None => "GitHub accepts the token".to_owned(),
    })];
    for (name, label) in [("core", "REST"), ("graphql", "GraphQL")] {
        findings.extend(limit(&limits["resources"][name], label));
    }
    findings.push(organisation(github).await);
    if github.settings.graphql {
        findings.push(graphql(github).await);
    }
    findings
}

fn limit(limit: &Value, label: &str) -> Option<CheckResult> {
    let (left, most) = (limit["remaining"].as_u64()?, limit["limit"].as_u64()?);
    let reset = Timestamp::from_second(limit["reset"].as_i64()?).ok()?;
    let what = format!("{left} of {most} requests by {label} are left until {reset}");
    Some(match left {
        0 => CheckResult::bad(
            what,
            "wait until then, or use a token of its own for the dashboard",
        ),
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
            Ok(_) => return CheckResult::good(format!("{name} can be read")),
            Err(GithubFailure::NotFound(_)) => {}
            Err(failure) => return bad(&format!("{name} cannot be read"), failure),
        }
    }
    CheckResult::bad(
        format!("GitHub shows this token neither an organisation nor a user “{name}”"),
        "correct sources.github.organisation in dashboard.toml, or use a token that may see it",
    )
}

async fn graphql(github: &Github) -> CheckResult {
    let remedy = "a server without GraphQL is read with sources.github.graphql = false";
    let query = json!({ "query": "query{rateLimit{remaining}}" });
    match github.client.graphql(&query).await {
        Ok(answer) if answer["data"].is_object() => CheckResult::good("GraphQL answers"),
        Ok(_) => CheckResult::bad("GraphQL does not answer the query", remedy),
        Err(failure @ GithubFailure::NotFound(_)) => {
            CheckResult::bad(format!("there is no GraphQL: {failure}"), remedy)
        }
        Err(failure) => bad("GraphQL cannot be asked", failure),
    }
}

fn bad(what: &str, failure: GithubFailure) -> CheckResult {
    CheckResult::bad(what, SourceError::from(failure).to_string())
}
