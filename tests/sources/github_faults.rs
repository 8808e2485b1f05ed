//! Faults of GitHub as a whole: the messages, few requests while they last, and no trace of them
//! afterwards.

use std::time::Duration;

use rse_dashboard::server::{
    config::Config,
    model::CoverageState,
    sources::{SourceError, github::Github},
};
use serde_json::json;

use crate::github_support::{Bench, StandIn, TOKEN, failure, retry_policy, with_fault};

#[tokio::test]
async fn a_rejected_token_is_named() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let wrong = stand_in.source_with("wrong-t0ken", |_| {});
    let error = bench.sync(&wrong).await.expect_err("401");
    assert!(matches!(error, SourceError::Unauthorized(_)));
    let error = error.to_string();
    assert!(error.contains("GITHUB_TOKEN (or githubtoken)"), "{error}");
    // A retry would not help.
    assert_eq!(stand_in.log().await.len(), 1);

    // Revoked during a sync.
    let fault = json!({ "faults": [{ "path": "^/graphql", "status": 401 }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert!(failure(outcome).contains("GITHUB_TOKEN (or githubtoken)"));
    })
    .await;
}

#[tokio::test]
async fn a_missing_permission_of_the_token_is_named() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{
        "path": "^/orgs/", "status": 403, "body": { "message": "Resource not accessible by personal access token" },
    }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        let error = failure(outcome);
        for part in [
            "GITHUB_TOKEN",
            "Metadata and Contents",
            "Resource not accessible",
        ] {
            assert!(error.contains(part), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_refused_as_a_whole_reports_what_to_do() {
    let stand_in = StandIn::start(&[]);
    let message = "Resource protected by organization SAML enforcement.";
    let fault = json!({ "faults": [{ "path": "^/graphql", "status": 403, "body": { "message": message } }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        let error = failure(outcome);
        assert!(
            error.contains("GITHUB_TOKEN") && error.contains(message),
            "{error}"
        );
        assert_eq!(
            outcome.bench.in_state(CoverageState::NoAccess).await.len(),
            13
        );
        assert_eq!(outcome.log.len(), 2);
    })
    .await;
    let fault = json!({ "faults": [{ "path": "^/graphql", "status": 404 }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        let error = failure(outcome);
        assert!(error.contains("sources.github.graphql = false"), "{error}");
        assert_eq!(outcome.log.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_missing_organisation_is_named() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let elsewhere = stand_in.source_with(TOKEN, |settings| {
        settings.organisation = "nobody".to_owned()
    });
    let error = bench.sync(&elsewhere).await.expect_err("404").to_string();
    assert!(
        error.contains("sources.github.organisation") && error.contains("nobody"),
        "{error}"
    );
}

#[tokio::test]
async fn a_request_that_github_refuses_is_reported() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{ "path": "^/orgs/", "status": 422, "body": { "message": "Validation Failed" } }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        let error = failure(outcome);
        assert!(
            error.contains("422") && error.contains("Validation Failed"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn transient_faults_are_retried() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        for fault in [
            json!({ "status": 502 }),
            json!({ "status": 503, "body": "<html>" }),
            json!({ "truncate": true }),
            json!({ "reset": true }),
        ] {
            // The first two responses for every page and every repository fail.
            let mut faults = Vec::new();
            for path in [
                "^/orgs/",
                "^/graphql",
                "^/repos/hmcts/em-great/",
                "^/repos/hmcts/docs/",
            ] {
                let mut fault = fault.clone();
                fault["path"] = path.into();
                fault["times"] = 2.into();
                faults.push(fault);
            }
            with_fault(
                &stand_in,
                graphql,
                json!({ "faults": faults }),
                async |outcome| {
                    assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
                },
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_given_up_and_nothing_is_lost() {
    let stand_in = StandIn::start(&[]);
    for fault in [
        json!({ "status": 500 }),
        json!({ "truncate": true }),
        json!({ "reset": true }),
    ] {
        let mut fault = fault;
        fault["path"] = "^/graphql".into();
        with_fault(
            &stand_in,
            true,
            json!({ "faults": [fault] }),
            async |outcome| {
                let error = failure(outcome);
                assert!(
                    error.contains("none of 13 repositories could be read"),
                    "{error}"
                );
                assert_eq!(
                    outcome.bench.in_state(CoverageState::Failed).await.len(),
                    13
                );
                assert!(outcome.log.len() < 30, "{}", outcome.log.len());
            },
        )
        .await;
    }
}

#[tokio::test]
async fn an_unreachable_server_is_reported_with_the_variable() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    drop(stand_in);
    let error = bench
        .sync(&source)
        .await
        .expect_err("an unreachable server")
        .to_string();
    assert!(error.contains("GITHUB_API_URL"), "{error}");
}

#[tokio::test]
async fn the_token_is_sent_to_no_other_host() {
    let stand_in = StandIn::start(&[]);
    let other = StandIn::start(&[]);
    let there = format!("{}/orgs/hmcts/repos", other.address);
    for headers in [
        json!({ "status": 302, "headers": { "location": there } }),
        json!({ "status": 200, "headers": { "link": format!("<{there}>; rel=\"next\"") }, "body": [] }),
    ] {
        let mut fault = headers;
        fault["path"] = "^/orgs/".into();
        stand_in.control(json!({ "faults": [fault] })).await;
        let mut bench = Bench::new().await;
        let error = bench
            .sync(&stand_in.source(true))
            .await
            .expect_err("refused")
            .to_string();
        assert!(error.contains("another host"), "{error}");
        assert!(other.log().await.is_empty());
    }
}

#[tokio::test]
async fn a_missing_response_times_out_and_is_requested_again() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{ "path": "^/orgs/", "times": 1, "delayMs": 30_000 }] });
    stand_in.control(fault).await;
    let mut retry = retry_policy();
    retry.timeout = Duration::from_secs(2);
    let settings = Config::built_in().sources.github;
    let source = Github::new(settings, &stand_in.address, TOKEN.to_owned().into(), retry);
    let mut bench = Bench::new().await;
    let report = bench
        .sync(&source.expect("a source"))
        .await
        .expect("a sync");
    assert_eq!(report.read, 13);
    // Requests that wait for the first response are not repeated.
    let log = stand_in.log().await;
    let lists = log.iter().filter_map(|entry| entry["path"].as_str());
    let lists = lists.filter(|path| path.starts_with("/orgs/hmcts/repos?"));
    assert_eq!(lists.count(), 2);
}
