//! Cosmos DB: after any fault, the store ends up as after a clean sync.

use std::time::{Duration, Instant};

use rse_dashboard::server::sources::SourceError;
use serde_json::{Value, json};

use super::cosmos_support::{DAY, Held, StandIn, events, now};

/// Reads the same events through a fault. Returns the time that took and the number of queries affected.
async fn through(fault: Value) -> (Duration, usize) {
    let events = events(3, 1.0);
    let account = StandIn::with_partitions(2);
    account.seed("jenkins", &events).await;
    account.limit_pages(200).await;
    account.plan(json!([fault])).await;
    let mut read = Held::new().await;
    let begun = Instant::now();
    let report = read.sync(&account.source("jenkins")).await;
    let took = begun.elapsed();
    report.unwrap_or_else(|error| panic!("{fault}: {error}"));
    read.assert_same(&Held::of(&events).await, &fault.to_string())
        .await;
    let asked = account.asked().await;
    let met = asked.iter().filter(|asked| asked.fault.is_some()).count();
    println!("{fault}: {met} met, {} queries, {took:.1?}", asked.len());
    assert!(met > 0, "{fault} was not met");
    (took, met)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_out_as_requested() {
    let (took, met) =
        through(json!({"fault": "throttle", "wait": 700, "times": 3, "after": 2})).await;
    assert_eq!(met, 3);
    assert!(took >= Duration::from_millis(3 * 700), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_service_is_retried() {
    through(json!({"fault": "unavailable", "times": 2, "after": 1})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_service_is_retried() {
    through(json!({"fault": "error", "times": 6, "after": 1})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_respond_at_once_is_retried() {
    let events = events(1, 0.2);
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let faults = json!([
        {"on": "metadata", "fault": "throttle", "wait": 100, "times": 3},
        {"on": "metadata", "fault": "unavailable", "times": 6},
    ]);
    account.plan(faults).await;
    let mut read = Held::new().await;
    let source = account.source("jenkins");
    read.sync(&source).await.expect("it is read");
    read.assert_same(&Held::of(&events).await, "after its silence")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_reset_within_a_page_loses_nothing() {
    through(json!({"fault": "reset", "times": 2, "after": 2})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_resets_in_a_row_are_retried() {
    through(json!({"fault": "reset", "times": 9, "after": 2})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_page_is_requested_again() {
    through(json!({"fault": "cut", "times": 2, "after": 3})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_slower_than_the_sdks_default_timeout_is_awaited() {
    let (took, met) = through(json!({"fault": "slow", "wait": 7000, "after": 1})).await;
    assert_eq!(met, 1);
    assert!(took >= Duration::from_secs(7), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_is_not_the_end() {
    through(json!({"fault": "empty-page", "times": 4, "after": 0})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_page_counts_once() {
    through(json!({"fault": "repeat-page", "times": 4, "after": 0})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_requested_wait_ends_the_sync_and_the_next_one_completes_it() {
    let events = events(3, 0.3);
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let source = account.source("jenkins");
    let long = json!([{"fault": "throttle", "wait": 600_000, "times": -1, "after": 1}]);
    account.plan(long).await;
    let mut read = Held::new().await;
    let failed = read.sync(&source).await.expect_err("it is to wait");
    let SourceError::RateLimited { retry_after } = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(retry_after, Duration::from_secs(600));
    let covered = read.coverage().await;
    assert_eq!(covered[0].1, "rate-limited", "{covered:?}");

    account.clear_faults().await;
    account.asked().await;
    read.sync(&source).await.expect("it is read");
    read.assert_same(&Held::of(&events).await, "after the wait")
        .await;
    let newest_day = now().as_second() - DAY;
    let asked = account.asked().await;
    let again = asked
        .iter()
        .filter(|asked| asked.from == newest_day)
        .count();
    assert_eq!(again, 0, "the newest day was read before");
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_data_is_kept_until_the_first_event_arrives() {
    let events = events(2, 0.1);
    let (sample, real) = events.split_at(events.len() / 2);
    let account = StandIn::start();
    account.seed("jenkins", real).await;
    let mut read = Held::of_sample(sample).await;
    let gone = account.source("gone");
    read.sync(&gone)
        .await
        .expect_err("the database is not there");
    read.assert_same(&Held::of(sample).await, "after a failure")
        .await;
    let source = account.source("jenkins");
    read.sync(&source).await.expect("it is read");
    read.assert_same(&Held::of(real).await, "after a success")
        .await;
}
