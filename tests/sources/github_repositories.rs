//! Faults of single repositories: the others are still read, and removed ones no longer count.

use rse_dashboard::server::model::CoverageState;
use serde_json::{Value, json};

use crate::github_support::{Bench, STARTED_MS, StandIn, TOKEN, clean_content, with_fault};

#[tokio::test]
async fn one_failing_repository_does_not_affect_the_others() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{ "path": "^/repos/hmcts/ccd-web/", "status": 500 }] });
    with_fault(&stand_in, false, fault, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a sync"), &12);
        let failed = outcome.bench.in_state(CoverageState::Failed).await;
        assert_eq!(
            failed,
            [(
                "ccd-web".to_owned(),
                "GitHub responded with 500 Internal Server Error".to_owned()
            )]
        );
    })
    .await;
}

#[tokio::test]
async fn graphql_errors_of_one_repository_affect_it_alone() {
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
            assert_eq!(outcome.result.as_ref().expect("a sync"), &12);
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
async fn graphql_errors_without_a_path_are_traced_to_their_repository() {
    let stand_in = StandIn::start(&[]);
    for kind in ["FORBIDDEN", "SERVICE_UNAVAILABLE"] {
        let fault = json!({ "graphqlErrors": { "ccd-api": kind }, "withoutPath": true });
        with_fault(&stand_in, true, fault, async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a sync"), &12);
            let failed = outcome.bench.in_state(CoverageState::Failed).await;
            assert_eq!(failed.len(), 1, "{failed:?}");
            assert_eq!(failed[0].0, "ccd-api");
            assert!(failed[0].1.contains("Something is wrong"), "{failed:?}");
            // None is reported as lacking access.
            let without = outcome.bench.in_state(CoverageState::NoAccess).await;
            assert!(without.is_empty(), "{without:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_repository_without_access_is_reported_by_both_apis() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        with_fault(
            &stand_in,
            graphql,
            json!({ "forbidden": ["em-private"] }),
            async |outcome| {
                assert_eq!(outcome.result.as_ref().expect("a sync"), &12);
                let without = outcome.bench.in_state(CoverageState::NoAccess).await;
                assert_eq!(without.len(), 1);
                assert_eq!(without[0].0, "em-private");
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_token_without_access_to_any_repository_is_a_failure() {
    let stand_in = StandIn::start(&[]);
    let facts = clean_content(&stand_in, true).await;
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
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
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    assert_eq!(bench.content().await, facts);
}

#[tokio::test]
async fn a_query_that_is_too_large_is_split() {
    let stand_in = StandIn::start(&[]);
    with_fault(
        &stand_in,
        true,
        json!({ "maxRepositories": 4 }),
        async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
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
async fn malformed_files_of_one_repository_are_reported_and_the_others_are_read() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "files": { "ccd-api": {
        "config/owasp/suppressions.xml": "<!DOCTYPE a [<!ENTITY b \"bb\">]><suppressions>&b;</suppressions>",
        "package.json": "{",
    } } });
    for graphql in [true, false] {
        with_fault(&stand_in, graphql, fault.clone(), async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
            let partial = outcome.bench.in_state(CoverageState::Partial).await;
            assert_eq!(partial.len(), 2);
            let (name, reason) = &partial[0];
            assert_eq!(name, "ccd-api");
            assert!(
                reason.contains("suppressions.xml: malformed XML at byte"),
                "{reason}"
            );
            assert!(
                reason.contains("declares entities") && reason.contains("package.json: not a JSON"),
                "{reason}"
            );
            // The valid parts are updated.
            let facts = outcome.bench.facts_of("ccd-api").await;
            assert_eq!(facts.java_version.as_deref(), Some("17"));
            assert!(facts.suppressions.is_empty());
        })
        .await;
    }
}

#[tokio::test]
async fn removed_repositories_do_not_count_but_unreachable_ones_do() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    stand_in
        .control(json!({ "gone": ["docs", "ccd-web"] }))
        .await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    let names: Vec<String> = bench
        .facts()
        .await
        .into_iter()
        .map(|facts| facts.repository)
        .collect();
    assert_eq!(names.len(), 11);
    assert!(!names.contains(&"docs".to_owned()));
    assert_eq!(bench.coverage().await.len(), 11);
    // Its history is kept, and it may come back.
    assert_eq!(bench.rows("security_facts").await, 13 + 2);
    let clean = clean_content(&stand_in, true).await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    assert_eq!(bench.content().await, clean);

    // A repository that cannot be checked does not count as gone.
    stand_in.control(json!({
        "gone": ["docs"],
        "faults": [{ "path": "^/repos/hmcts/docs$", "status": 429, "headers": { "retry-after": "900" } }],
    })).await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    assert_eq!(bench.facts().await.len(), 13);
    stand_in.control(json!({ "reset": true })).await;

    // An empty list is not trusted.
    stand_in
        .control(json!({ "faults": [{ "path": "^/orgs/", "status": 200, "body": [] }] }))
        .await;
    let error = bench.sync(&stand_in.source(true)).await;
    let error = error.expect_err("an empty list").to_string();
    assert!(error.contains("no repository of hmcts"), "{error}");
    assert_eq!(bench.content().await, clean);
}

#[tokio::test]
async fn a_repository_found_only_by_name_still_exists() {
    let stand_in = StandIn::start(&[]);
    let clean = clean_content(&stand_in, true).await;
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    stand_in.control(json!({ "unlisted": ["docs"] })).await;
    stand_in.log().await;
    // Regardless of the case of the organisation's name.
    let source = stand_in.source_with(TOKEN, |settings| settings.organisation = "HMCTS".to_owned());
    let report = bench.sync_at(&source, STARTED_MS + 60_000).await.0;
    assert_eq!(report.expect("a sync").read, 12);
    let log = stand_in.log().await;
    let found = log
        .iter()
        .filter(|asked| asked["path"] == "/repos/HMCTS/docs");
    assert_eq!(
        found.map(|asked| &asked["status"]).collect::<Vec<_>>(),
        [200]
    );
    assert_eq!(bench.content().await, clean);
}

#[tokio::test]
async fn a_repository_of_another_owner_does_not_count() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    stand_in.control(json!({ "transferred": ["docs"] })).await;
    stand_in.log().await;
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    let log = stand_in.log().await;
    let followed = |asked: &Value| {
        let path = asked["path"].as_str().unwrap_or_default();
        path.starts_with("/repositories/") && asked["status"] == 200
    };
    assert!(log.iter().any(followed), "{log:?}");
    let facts = bench.facts().await;
    assert_eq!(facts.len(), 12);
    assert!(facts.iter().all(|facts| facts.repository != "docs"));
    assert_eq!(bench.coverage().await.len(), 12);
}

#[tokio::test]
async fn an_oversized_response_is_not_read_into_memory() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "files": { "docs": { ".nvmrc": "1".repeat(5 * 1024 * 1024) } } });
    for graphql in [true, false] {
        with_fault(&stand_in, graphql, fault.clone(), async |outcome| {
            let partial = outcome.bench.in_state(CoverageState::Partial).await;
            assert_eq!(
                partial[0],
                ("docs".to_owned(), ".nvmrc: is larger than 4 MiB".to_owned())
            );
        })
        .await;
    }
}
