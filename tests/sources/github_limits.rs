//! Rate limits of GitHub: waits are respected, and no requests are sent meanwhile.

use std::time::Duration;

use rse_dashboard::server::{model::CoverageState, sources::SourceError};
use serde_json::{Value, json};

use crate::github_support::{Bench, StandIn, failure, with_fault};

#[tokio::test]
async fn a_sync_waits_for_a_short_primary_limit() {
    let stand_in = StandIn::start(&[]);
    for resource in ["core", "graphql"] {
        let fault = json!({ "limits": { resource: { "remaining": 0, "resetIn": 1 } } });
        with_fault(&stand_in, true, fault, async |outcome| {
            assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
            assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
            // One request was refused, and no more. Three are for alerts.
            assert_eq!(outcome.log.len(), 5 + 3, "{:?}", outcome.log);
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_primary_limit_ends_the_sync_and_is_reported_for_the_rest() {
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
        // No more requests are sent.
        assert_eq!(outcome.log.len(), 2, "{:?}", outcome.log);
    })
    .await;
}

#[tokio::test]
async fn a_limit_in_the_middle_keeps_what_was_read() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "limits": { "core": { "remaining": 25, "resetIn": 1800 } } });
    with_fault(&stand_in, false, fault, async |outcome| {
        // Unchanged data costs no requests.
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
    })
    .await;
    stand_in.control(json!({ "reset": true })).await;
    let mut bench = Bench::new().await;
    stand_in
        .control(json!({ "limits": { "graphql": { "remaining": 1, "resetIn": 1800 } } }))
        .await;
    // The second request of the batch, for additional Dockerfiles, is refused.
    let result = bench.sync(&stand_in.source(true)).await;
    assert!(
        matches!(result, Err(SourceError::RateLimited { .. })),
        "{result:?}"
    );
    assert_eq!(bench.in_state(CoverageState::RateLimited).await.len(), 13);
}

#[tokio::test]
async fn a_sync_waits_for_a_secondary_limit_as_asked() {
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
async fn a_secondary_limit_in_a_successful_response_is_respected() {
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
        // One request was refused, and no more. Three are for alerts.
        assert_eq!(outcome.log.len(), 5 + 3, "{:?}", outcome.log);
    })
    .await;
    let long = limit(json!({ "headers": { "retry-after": "600" } }));
    with_fault(&stand_in, true, long, async |outcome| {
        assert!(failure(outcome).contains("asks to wait 10 minutes"));
        // The query is not split into smaller ones.
        assert_eq!(outcome.log.len(), 2, "{:?}", outcome.log);
    })
    .await;
}

#[tokio::test]
async fn an_excessive_wait_is_limited_to_a_day() {
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
async fn waits_for_a_secondary_limit_without_a_time_grow() {
    let stand_in = StandIn::start(&[]);
    let fault = json!({ "faults": [{
        "path": "^/graphql", "times": 2, "status": 429, "body": { "message": "Too many requests" },
    }] });
    with_fault(&stand_in, true, fault, async |outcome| {
        assert_eq!(outcome.result.as_ref().expect("a sync"), &13);
        // 20 ms and then 40 ms, by the retry policy of the tests.
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
    // Fifty by one query and another for their Dockerfiles, fifty by one more, and the rest not at all.
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
