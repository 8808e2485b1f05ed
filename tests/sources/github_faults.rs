//! Faults of GitHub as a whole: what is said of them, that as little as possible is asked meanwhile,
//! and that nothing of them is left once they are over.

use std::time::{Duration, Instant};

use rse_dashboard::server::{
    config::Config,
    sources::{CoverageState, SourceError, github::Github},
};
use serde_json::{Value, json};

use crate::github_support::{Bench, StandIn, TOKEN, failure, patience, with_fault};

#[tokio::test]
async fn a_short_primary_limit_is_waited_for() {
    let stand_in = StandIn::start(&[]);
    for resource in ["core", "graphql"] {
        let fault = json!({ "limits": { resource: { "remaining": 0, "resetIn": 1 } } });
        with_fault(&stand_in, true, fault, async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
            assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
            // One request was too many, and none more.
            assert_eq!(outcome.log.len(), 5, "{:?}", outcome.log);
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_primary_limit_ends_the_refresh_and_says_so_of_all_that_is_left() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "limits": { "graphql": { "remaining": 0, "resetIn": 1800 } } });
    with_fault(&stand_in, true, fault, async |outcome| {
        let Err(SourceError::RateLimited { retry_after }) = &outcome.result else {
            panic!("{:?}", outcome.result);
        };
        assert!(
            (1790..=1802).contains(&retry_after.as_secs()),
            "{retry_after:?}"
        );
        let limited = outcome.bench.in_state(CoverageState::RateLimited).await;
        assert_eq!(limited.len(), 13);
        assert!(
            limited[0].1.contains("no more requests until 20"),
            "{limited:?}"
        );
        // Nobody goes on asking.
        assert_eq!(outcome.log.len(), 2, "{:?}", outcome.log);
    })
    .await;
}

#[tokio::test]
async fn a_limit_in_the_middle_keeps_what_was_read() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "limits": { "core": { "remaining": 25, "resetIn": 1800 } } });
    with_fault(&stand_in, false, fault, async |outcome| {
        // All that was known before costs nothing.
        assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
    })
    .await;
    stand_in.control(json!({ "reset": true })).await;
    let mut bench = Bench::new().await;
    stand_in
        .control(json!({ "limits": { "graphql": { "remaining": 1, "resetIn": 1800 } } }))
        .await;
    // The second request of the batch, for further Dockerfiles, is one too many.
    let result = bench.sync(&stand_in.source(true)).await;
    assert!(
        matches!(result, Err(SourceError::RateLimited { .. })),
        "{result:?}"
    );
    assert_eq!(bench.in_state(CoverageState::RateLimited).await.len(), 13);
}

#[tokio::test]
async fn a_secondary_limit_is_waited_for_as_told() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{
        "path": "^/graphql", "times": 1, "status": 403, "headers": { "retry-after": "1" },
        "body": { "message": "You have exceeded a secondary rate limit." },
    }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
        assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
    })
    .await;
}

#[tokio::test]
async fn a_secondary_limit_in_a_successful_answer_is_one_all_the_same() {
    let stand_in = StandIn::start(&[]);
    let secondary = json!({ "message": "You have exceeded a secondary rate limit." });
    let limit = |more: Value| {
        let mut limit = json!({
            "path": "^/graphql", "status": 200, "body": { "data": null, "errors": [secondary] },
        });
        limit
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        json!({ "faults": [limit] })
    };
    let short = limit(json!({ "times": 1, "headers": { "retry-after": "1" } }));
    with_fault(&stand_in, true, short, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
        assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
        // One request was too many, and none more.
        assert_eq!(outcome.log.len(), 5, "{:?}", outcome.log);
    })
    .await;
    let long = limit(json!({ "headers": { "retry-after": "600" } }));
    with_fault(&stand_in, true, long, async |outcome| {
        assert!(failure(outcome).contains("asks to wait 10 minutes"));
        // It is not asked in smaller parts.
        assert_eq!(outcome.log.len(), 2, "{:?}", outcome.log);
    })
    .await;
}

#[tokio::test]
async fn a_wait_beyond_measure_is_cut_to_a_day() {
    let stand_in = StandIn::start(&[]);
    for headers in [
        json!({ "retry-after": u64::MAX.to_string() }),
        // In milliseconds.
        json!({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795528242000" }),
    ] {
        let fault =
            json!({ "faults": [{ "path": "^/graphql", "status": 403, "headers": headers }] });
        with_fault(&stand_in, true, fault, async |outcome| {
            let Err(SourceError::RateLimited { retry_after }) = &outcome.result else {
                panic!("{:?}", outcome.result);
            };
            assert_eq!(retry_after, &Duration::from_hours(24));
            let limited = outcome.bench.in_state(CoverageState::RateLimited).await;
            assert_eq!(limited.len(), 13);
        })
        .await;
    }
}

#[tokio::test]
async fn a_secondary_limit_that_says_nothing_is_waited_for_longer_each_time() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{
        "path": "^/graphql", "times": 2, "status": 429, "body": { "message": "Too many requests" },
    }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
        // 20 ms and then 40 ms, by the patience of the tests.
        assert!(
            outcome.took >= Duration::from_millis(60),
            "{:?}",
            outcome.took
        );
    })
    .await;
    let fault = json!({ "faults": [{ "path": "^/graphql", "status": 429, "headers": { "retry-after": "600" } }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert_eq!(
            failure(outcome),
            "too many requests: the source asks to wait 10 minutes"
        );
        assert_eq!(outcome.log.len(), 2, "{:?}", outcome.log);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_named() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let wrong = stand_in.source_with("wrong-t0ken", |_| {});
    let error = bench.sync(&wrong).await.expect_err("401");
    assert!(matches!(error, SourceError::Unauthorized(_)));
    let error = error.to_string();
    assert!(error.contains("GITHUB_TOKEN (or githubtoken)"), "{error}");
    // Another try would not help.
    assert_eq!(stand_in.log().await.len(), 1);

    // Revoked while a refresh runs.
    let fault = json!({ "faults": [{ "path": "^/graphql", "status": 401 }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert!(failure(outcome).contains("GITHUB_TOKEN (or githubtoken)"));
    })
    .await;
}

#[tokio::test]
async fn a_right_that_the_token_lacks_is_named() {
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
async fn a_query_that_is_refused_as_a_whole_says_what_to_do() {
    let stand_in = StandIn::start(&[]);
    let words = "Resource protected by organization SAML enforcement.";
    let fault =
        json!({ "faults": [{ "path": "^/graphql", "status": 403, "body": { "message": words } }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        let error = failure(outcome);
        assert!(
            error.contains("GITHUB_TOKEN") && error.contains(words),
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
async fn an_organisation_that_is_not_there_is_named() {
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
async fn what_github_will_not_process_is_said() {
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
async fn passing_faults_are_tried_again() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        for fault in [
            json!({ "status": 502 }),
            json!({ "status": 503, "body": "<html>" }),
            json!({ "truncate": true }),
            json!({ "reset": true }),
        ] {
            // Of every page and every repository the first two answers fail.
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
                    assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
                },
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_in_the_end_and_nothing_is_lost() {
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
async fn where_nobody_listens_the_variable_is_named() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    drop(stand_in);
    let error = bench
        .sync(&source)
        .await
        .expect_err("nobody listens")
        .to_string();
    assert!(error.contains("GITHUB_API_URL"), "{error}");
}

#[tokio::test]
async fn the_token_follows_to_no_other_host() {
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
async fn a_limit_between_batches_keeps_the_batches_before() {
    let stand_in = StandIn::start(&[]);
    stand_in.control(json!({ "many": 120 })).await;
    let limit = json!({ "limits": { "graphql": { "remaining": 3, "resetIn": 1800 } } });
    stand_in.control(limit).await;
    let mut bench = Bench::new().await;
    // Fifty by a query and one more for their Dockerfiles, fifty by one, and the rest by none.
    let result = bench.sync(&stand_in.source(true)).await;
    assert!(
        matches!(result, Err(SourceError::RateLimited { .. })),
        "{result:?}"
    );
    assert_eq!(bench.facts().await.len(), 100);
    assert_eq!(bench.in_state(CoverageState::RateLimited).await.len(), 33);
    let full = json!({ "limits": { "graphql": { "remaining": 5000, "resetIn": 1800 } } });
    stand_in.control(full).await;
    let brought = bench.sync(&stand_in.source(true)).await.expect("a refresh");
    assert_eq!(
        (brought.ingested.new, brought.ingested.unchanged),
        (33, 100)
    );
    assert!(bench.in_state(CoverageState::RateLimited).await.is_empty());
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_and_asked_for_again() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{ "path": "^/orgs/", "times": 1, "delayMs": 30_000 }] });
    stand_in.control(fault).await;
    let mut patience = patience();
    patience.timeout = Duration::from_secs(2);
    let settings = Config::built_in().sources.github;
    let source = Github::new(
        settings,
        &stand_in.address,
        TOKEN.to_owned().into(),
        patience,
    );
    let mut bench = Bench::new().await;
    let began = Instant::now();
    let brought = bench
        .sync(&source.expect("a source"))
        .await
        .expect("a refresh");
    assert_eq!(brought.read, 13);
    assert!(began.elapsed() < Duration::from_secs(25));
}
