//! Limits of GitHub's: that they are waited for as told, and that nobody goes on asking meanwhile.

use std::time::Duration;

use rse_dashboard::server::{model::CoverageState, sources::SourceError};
use serde_json::{Value, json};

use crate::github_support::{Bench, StandIn, failure, with_fault};

#[tokio::test]
async fn a_short_primary_limit_is_waited_for() {
    let stand_in = StandIn::start(&[]);
    for resource in ["core", "graphql"] {
        let fault = json!({ "limits": { resource: { "remaining": 0, "resetIn": 1 } } });
        with_fault(&stand_in, true, fault, async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
            assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
            // One request was too many, and none more.
            assert_eq!(outcome.log.len(), 5, "{:?}", outcome.log);
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_primary_limit_ends_the_sync_and_says_so_of_all_that_is_left() {
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
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
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
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
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
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
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
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
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
    let report = bench.sync(&stand_in.source(true)).await.expect("a sync");
    assert_eq!((report.ingested.new, report.ingested.unchanged), (33, 100));
    assert!(bench.in_state(CoverageState::RateLimited).await.is_empty());
}
