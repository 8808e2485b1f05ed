//! Faults of GitHub: what is said of them, that the rest is read all the same, and that nothing of
//! them is left once they are over.

use std::time::{Duration, Instant};

use rse_dashboard::server::{
    config::Config,
    sources::{CoverageState, SourceError, github::Github},
};
use serde_json::{Value, json};

use crate::github_support::{Bench, StandIn, TOKEN, clean_content, patience};

/// What a fault does to a store.
struct Outcome {
    bench: Bench,
    result: Result<u64, SourceError>,
    log: Vec<Value>,
    took: Duration,
}

/// Reads with the fault, in a store that knows everything already and in an empty one; `check` looks
/// at the former. Once the fault is over, both must be as if it had never been.
async fn with_fault(
    stand_in: &StandIn,
    graphql: bool,
    fault: Value,
    check: impl AsyncFn(&Outcome),
) {
    let clean = clean_content(stand_in, graphql).await;
    let source = stand_in.source(graphql);
    for known_before in [true, false] {
        let mut bench = Bench::new().await;
        if known_before {
            bench.sync(&source).await.expect("a clean refresh");
        }
        stand_in.control(fault.clone()).await;
        stand_in.log().await;
        let began = Instant::now();
        let result = bench.sync(&source).await.map(|brought| brought.read);
        let mut outcome = Outcome {
            result,
            took: began.elapsed(),
            log: stand_in.log().await,
            bench,
        };
        if known_before {
            let facts = outcome.bench.facts().await.len();
            assert_eq!(facts, 13, "what was known is kept: {:?}", outcome.result);
            check(&outcome).await;
        }
        stand_in
            .control(json!({ "reset": true, "state": "head" }))
            .await;
        let again = outcome.bench.sync(&source).await;
        again.expect("the fault is over");
        assert_eq!(outcome.bench.content().await, clean);
    }
}

fn failure(outcome: &Outcome) -> String {
    let error = outcome.result.as_ref().expect_err("a failure");
    error.to_string()
}

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
async fn one_repository_that_fails_does_not_take_the_others_along() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{ "path": "^/repos/hmcts/ccd-web/", "status": 500 }] });
    with_fault(&stand_in, false, fault, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a refresh"), &12);
        let failed = outcome.bench.in_state(CoverageState::Failed).await;
        assert_eq!(
            failed,
            [(
                "ccd-web".to_owned(),
                "GitHub answered 500 Internal Server Error".to_owned()
            )]
        );
    })
    .await;
}

#[tokio::test]
async fn errors_of_graphql_for_one_repository_are_its_own() {
    let stand_in = StandIn::start(&[]);
    let cases = [
        ("FORBIDDEN", CoverageState::NoAccess),
        ("NOT_FOUND", CoverageState::NoAccess),
        ("RATE_LIMITED", CoverageState::RateLimited),
        ("SERVICE_UNAVAILABLE", CoverageState::Failed),
    ];
    for (kind, state) in cases {
        let fault = json!({ "graphqlErrors": { "ccd-api": kind } });
        with_fault(&stand_in, true, fault, async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a refresh"), &12);
            let of_state = outcome.bench.in_state(state).await;
            assert_eq!(of_state.len(), 1, "{kind}");
            assert_eq!(of_state[0].0, "ccd-api");
            assert!(!of_state[0].1.is_empty());
            // The last good facts stay.
            assert_eq!(
                outcome.bench.facts_of("ccd-api").await.suppressions.len(),
                6
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_repository_without_access_is_said_to_be_so_in_both_ways() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        with_fault(
            &stand_in,
            graphql,
            json!({ "forbidden": ["em-private"] }),
            async |outcome| {
                assert_eq!(outcome.result.as_ref().expect("a refresh"), &12);
                let without = outcome.bench.in_state(CoverageState::NoAccess).await;
                assert_eq!(without.len(), 1);
                assert_eq!(without[0].0, "em-private");
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_token_that_may_read_no_repository_at_all_is_no_success() {
    let stand_in = StandIn::start(&[]);
    let facts = clean_content(&stand_in, true).await;
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    let names: Vec<String> = bench
        .facts()
        .await
        .into_iter()
        .map(|facts| facts.repository)
        .collect();
    stand_in.control(json!({ "forbidden": names })).await;
    let error = bench
        .sync(&stand_in.source(true))
        .await
        .expect_err("nothing was read");
    assert!(
        error
            .to_string()
            .contains("none of 13 repositories of hmcts"),
        "{error}"
    );
    assert_eq!(bench.in_state(CoverageState::NoAccess).await.len(), 13);
    stand_in.control(json!({ "reset": true })).await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    assert_eq!(bench.content().await, facts);
}

#[tokio::test]
async fn a_query_that_is_too_much_is_cut_into_smaller_ones() {
    let stand_in = StandIn::start(&[]);
    with_fault(
        &stand_in,
        true,
        json!({ "maxRepositories": 4 }),
        async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
            let queries = outcome.log.iter().filter(|entry| entry["status"] == 200);
            let most = queries
                .filter_map(|entry| entry["repositories"].as_array())
                .map(Vec::len)
                .max();
            assert!(most <= Some(4), "{most:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn malformed_files_of_one_repository_are_told_and_the_others_read() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "files": { "ccd-api": {
        "config/owasp/suppressions.xml": "<!DOCTYPE a [<!ENTITY b \"bb\">]><suppressions>&b;</suppressions>",
        "package.json": "{",
    } } });
    for graphql in [true, false] {
        with_fault(&stand_in, graphql, fault.clone(), async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a refresh"), &13);
            let partial = outcome.bench.in_state(CoverageState::Partial).await;
            assert_eq!(partial.len(), 2);
            let (name, reason) = &partial[0];
            assert_eq!(name, "ccd-api");
            assert!(
                reason.contains("suppressions.xml: malformed XML at byte"),
                "{reason}"
            );
            assert!(
                reason.contains("declares entities") && reason.contains("package.json: no JSON"),
                "{reason}"
            );
            // What could be understood is new.
            let facts = outcome.bench.facts_of("ccd-api").await;
            assert_eq!(facts.java_version.as_deref(), Some("17"));
            assert!(facts.suppressions.is_empty());
        })
        .await;
    }
}

#[tokio::test]
async fn a_repository_that_is_gone_counts_no_longer_and_one_that_is_only_missing_in_the_list_does()
{
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    stand_in
        .control(json!({ "gone": ["docs", "ccd-web"] }))
        .await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    let names: Vec<String> = bench
        .facts()
        .await
        .into_iter()
        .map(|facts| facts.repository)
        .collect();
    assert_eq!(names.len(), 11);
    assert!(!names.contains(&"docs".to_owned()));
    assert_eq!(bench.coverage().await.len(), 11);
    // Its past is kept, and it may come back.
    assert_eq!(bench.rows("security_facts").await, 13 + 2);
    let clean = clean_content(&stand_in, true).await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    assert_eq!(bench.content().await, clean);

    // Whoever cannot be asked for is not declared gone.
    stand_in.control(json!({
        "gone": ["docs"],
        "faults": [{ "path": "^/repos/hmcts/docs$", "status": 429, "headers": { "retry-after": "900" } }],
    })).await;
    bench.sync(&stand_in.source(true)).await.expect("a refresh");
    assert_eq!(bench.facts().await.len(), 13);
    stand_in.control(json!({ "reset": true })).await;

    // A list without any, while it can be found by its name.
    stand_in
        .control(
            json!({ "faults": [{ "path": "^/orgs/", "times": 1, "status": 200, "body": [] }] }),
        )
        .await;
    let short = bench.sync(&stand_in.source(true)).await;
    assert!(
        short.is_err() || bench.facts().await.len() == 13,
        "{short:?}"
    );
    assert_eq!(bench.content().await, clean);
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
async fn an_answer_beyond_measure_is_not_taken_into_memory() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "files": { "docs": { ".nvmrc": "1".repeat(5 * 1024 * 1024) } } });
    for graphql in [true, false] {
        with_fault(&stand_in, graphql, fault.clone(), async |outcome| {
            let partial = outcome.bench.in_state(CoverageState::Partial).await;
            assert_eq!(
                partial[0],
                (
                    "docs".to_owned(),
                    ".nvmrc: is greater than 4 MiB".to_owned()
                )
            );
        })
        .await;
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
