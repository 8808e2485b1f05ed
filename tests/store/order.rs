//! Any order, any batches and any repetition of the same events give the same store.

use proptest::{collection::vec, option, prelude::*, sample::select};
use rse_dashboard::server::model::{BuildResult, Codebase, Event, System, Toolchain};

use crate::support::{content, load, open, runtime};

/// Generates events with few distinct values, so that ids, builds and instants often coincide.
pub fn any_event() -> impl Strategy<Value = Event> {
    let text = |values: &'static [&'static str]| option::of(select(values).prop_map(str::to_owned));
    let identity = (
        text(&["a", "b", "c", "~made:", "~"]),
        text(&["tag 1", "tag 2", "~made:1:x#1"]),
        select(&["x", "x#1", "HMCTS_Nightly_CMC/y/master"][..]),
        select(&["1", "1#1", "2"][..]),
    );
    let times = (
        0_i64..6,
        option::of(0_i64..3),
        option::of(0_i64..3),
        option::of(0_i64..3),
    );
    let steps = &[
        "smoketest:aat",
        "functionalTest:aat",
        "Pipeline Failed",
        "checkout",
        "test",
        "build",
    ];
    let details = (
        select(&["jenkins", "sds"][..]),
        option::of(0_i64..3),
        text(&["c0ffee", "decade"]),
        text(&["node 1", "node 2"]),
        text(&["https://github.com/hmcts/a.git"]),
        text(&["1.0", "1.1"]),
    );
    let rest = (
        select(&BuildResult::OF_EVENTS[..]),
        text(steps),
        text(&["master", "PR-1"]),
        text(&["https://ci.example/nightly/1", "https://ci.example/2"]),
    );
    (identity, times, rest, details).prop_map(
        |((id, build_tag, job, number), (stage, ts, scheduled, duration), rest, details)| Event {
            id,
            build_tag,
            job_name: job.to_owned(),
            build_id: Some(number.to_owned()),
            result: rest.0,
            stage_ms: stage * 1000,
            received_s: ts,
            scheduled_ms: scheduled,
            duration_ms: duration,
            step: rest.1,
            branch: rest.2,
            build_url: rest.3,
            system: System::new(details.0).expect("a name"),
            step_duration_ms: details.1,
            git_commit: details.2,
            node_name: details.3,
            correlation_id: None,
            codebase: Codebase {
                git_url: details.4,
                ..Codebase::default()
            },
            toolchain: Toolchain {
                shared_library_version: details.5,
                ..Toolchain::default()
            },
        },
    )
}

/// The same events: repeated, in another order, and cut into batches.
fn delivery() -> impl Strategy<Value = (Vec<Event>, Vec<Event>, Vec<usize>)> {
    vec(any_event(), 1..40).prop_flat_map(|events| {
        let again = proptest::sample::subsequence(events.clone(), 0..=events.len());
        let delivered = again.prop_flat_map({
            let events = events.clone();
            move |again| Just([events.clone(), again].concat()).prop_shuffle()
        });
        (Just(events), delivered, vec(1_usize..12, 1..8))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_and_any_batches_give_the_same_builds((events, delivered, sizes) in delivery()) {
        let dir = tempfile::tempdir().expect("a directory");
        let (once, in_parts) = runtime().block_on(async {
            let mut once = open(&dir.path().join("once")).await;
            once.ingest(&events).await.expect("ingested");

            let path = dir.path().join("in parts");
            let mut in_parts = open(&path).await;
            let mut rest = &delivered[..];
            for (number, size) in sizes.iter().cycle().enumerate() {
                let (batch, later) = rest.split_at((*size).min(rest.len()));
                in_parts.ingest(batch).await.expect("ingested");
                rest = later;
                if rest.is_empty() {
                    break;
                }
                if number % 3 == 2 {
                    in_parts.close().await;
                    in_parts = open(&path).await;
                }
            }
            let as_of = (load(&once).await.as_of_ms, load(&in_parts).await.as_of_ms);
            assert_eq!(as_of.0, as_of.1);
            (content(&once).await, content(&in_parts).await)
        });
        prop_assert_eq!(once, in_parts);
    }
}

#[test]
fn repeated_events_are_unchanged_and_keep_the_version() {
    let dir = tempfile::tempdir().expect("a directory");
    let events: Vec<Event> = (0..30)
        .map(|n| crate::support::event(n % 3, n % 5, n))
        .collect();
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        assert!(store.is_empty().await.expect("readable"));
        let first = store.ingest(&events).await.expect("ingested");
        assert_eq!((first.new, first.replaced, first.unchanged), (30, 0, 0));
        assert!(!store.is_empty().await.expect("readable"));
        let version = load(&store).await.version;

        let again = store.ingest(&events).await.expect("ingested");
        assert_eq!((again.new, again.replaced, again.unchanged), (0, 0, 30));
        assert_eq!(load(&store).await.version, version);

        let mut changed = events[0].clone();
        changed.received_s = changed.received_s.map(|ts| ts + 1);
        let third = store.ingest(&[changed]).await.expect("ingested");
        assert_eq!((third.new, third.replaced, third.unchanged), (0, 1, 0));
        assert_ne!(load(&store).await.version, version);
    });
}
