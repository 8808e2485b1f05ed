//! A snapshot made from an earlier one and the changes equals a snapshot of everything.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};
use regex::Regex;
use rse_dashboard::{
    selection::Selection,
    server::{
        config::Config,
        figures, insight,
        model::{BuildResult, Event},
        snapshot::Snapshot,
        store::Store,
    },
};

use crate::{
    order::any_event,
    support::{event, load, open, open_by, runtime},
};

/// Returns the whole content of a snapshot, with the data of all figures.
fn content(snapshot: &Snapshot) -> Vec<String> {
    let filter = Selection::parse("").expect("a filter");
    let figures = figures::ALL.iter().map(|figure| {
        let data = figure.compute(snapshot, &filter).expect("a figure");
        serde_json::to_string(&data).expect("JSON")
    });
    let builds = &snapshot.builds;
    let ids: Vec<_> = (0..builds.len())
        .map(|build| builds.build_id.get(build))
        .collect();
    let pipelines: Vec<_> = snapshot
        .pipelines
        .iter()
        .map(|pipeline| (&pipeline.name, pipeline.project, pipeline.tells_end))
        .collect();
    let facts = &snapshot.security;
    let mut content = vec![
        format!(
            "{} {:?} {}",
            snapshot.version, snapshot.origin, snapshot.sample
        ),
        format!("{:?} {}", snapshot.as_of_ms, snapshot.builds_elsewhere),
        format!("{:?} {:?}", facts.as_of_ms, facts.repositories),
        format!("{pipelines:?} {:?}", snapshot.steps),
        format!("{ids:?}"),
        format!("{:?} {:?}", builds.stored, builds.finished_ms),
        format!("{:?} {:?}", builds.started_ms, builds.duration_ms),
        format!("{:?} {:?}", builds.pipeline, builds.result),
        format!("{:?} {:?}", builds.nightly, builds.failing_step),
        format!("{:?} {:?}", builds.functional_test_ms, builds.hour_of_week),
        format!("{:?} {:?}", builds.day, builds.ended),
        format!("{:?}", builds.latest_result),
        format!("{:?}", snapshot.insight),
    ];
    content.extend(figures);
    content
}

/// The results of exported builds of default branches, sorted.
fn results(exported: &str) -> Vec<String> {
    let lines = exported.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        row
    });
    let builds = lines.filter(|row| row["started_at"].is_string() && row["branch_name"] != "PR-1");
    let results = builds.map(|row| row["result"].as_str().expect("a result").to_owned());
    let mut results: Vec<String> = results.collect();
    results.sort_unstable();
    results
}

fn results_of(snapshot: &Snapshot) -> Vec<String> {
    let results = snapshot.builds.result.iter();
    let mut results: Vec<String> = results.map(|result| result.as_str().to_owned()).collect();
    results.sort_unstable();
    results
}

async fn after(store: &Store, previous: &Arc<Snapshot>) -> Arc<Snapshot> {
    let snapshot = insight::load_after(store, Arc::clone(previous)).await;
    Arc::new(snapshot.expect("a readable store"))
}

/// Generates events of a few builds of two pipelines over three days, so that builds are running and get
/// lost, and pipelines begin and cease to tell when their builds end.
fn any_progress() -> impl Strategy<Value = Event> {
    let steps = &["build", "test", "Pipeline Succeeded", "Pipeline Failed"][..];
    let place = (0_usize..2, 0_usize..9, 0_i64..4320);
    let details = (select(&BuildResult::OF_EVENTS[..]), select(steps));
    (place, details).prop_map(|((job, build, minutes), (result, step))| {
        let event = event(job, build, 0);
        Event {
            id: Some(format!("{job} {build} {minutes} {step}")),
            result,
            stage_ms: event.stage_ms + minutes * 60_000,
            step: Some(step.to_owned()),
            ..event
        }
    })
}

/// Reads after some of the batches, each time from the snapshot before.
fn check_reads(batches: &[(Vec<Event>, bool)]) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        let reader = open(dir.path()).await;
        let mut snapshot = Arc::new(load(&reader).await);
        for (events, looked_at) in batches {
            writer.ingest(events).await.expect("ingested");
            if *looked_at {
                snapshot = after(&reader, &snapshot).await;
                prop_assert_eq!(content(&snapshot), content(&load(&reader).await));
            }
        }
        snapshot = after(&reader, &snapshot).await;
        prop_assert_eq!(content(&snapshot), content(&load(&reader).await));
        // Once more, with nothing changed.
        let again = after(&reader, &snapshot).await;
        prop_assert_eq!(content(&again), content(&snapshot));
        // Exports decide as snapshots do.
        let exported = results(&crate::support::content(&reader).await.0);
        prop_assert_eq!(exported, results_of(&snapshot));
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Some batches arrive between two reads of the store, and others are read one by one.
    #[test]
    fn any_batches_and_any_reads_give_the_same_as_reading_everything(
        batches in vec((vec(any_event(), 0..12), any::<bool>()), 1..12),
    ) {
        check_reads(&batches)?;
    }

    #[test]
    fn builds_that_end_or_are_lost_give_the_same_as_reading_everything(
        batches in vec((vec(any_progress(), 0..24), any::<bool>()), 1..8),
    ) {
        check_reads(&batches)?;
    }
}

#[test]
fn real_data_replaces_a_sample_completely() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut sample = open(dir.path()).await.for_sample();
        let events: Vec<_> = (0..30).map(|n| event(n % 3, n % 5, n)).collect();
        sample.ingest(&events).await.expect("ingested");
        let reader = open(dir.path()).await;
        let before = Arc::new(load(&reader).await);
        let mut real = open(dir.path()).await;
        real.ingest(&[event(7, 7, 7)]).await.expect("ingested");
        let snapshot = after(&reader, &before).await;
        assert_eq!(snapshot.builds.len(), 1);
        assert_eq!(content(&snapshot), content(&load(&reader).await));
    });
}

#[test]
fn other_rules_and_another_store_are_read_in_full() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(&dir.path().join("a")).await;
        let events: Vec<_> = (0..30).map(|n| event(n % 3, n % 5, n)).collect();
        store.ingest(&events).await.expect("ingested");
        let before = Arc::new(load(&store).await);

        let mut config = Config::built_in();
        config.rules.nightly = Regex::new("job1").expect("a pattern");
        open_by(&dir.path().join("a"), &config).await.close().await;
        let snapshot = after(&store, &before).await;
        let nightly =
            |snapshot: &Snapshot| snapshot.builds.nightly.iter().filter(|is| **is).count();
        assert_eq!((nightly(&before), nightly(&snapshot)), (0, 5));
        assert_eq!(content(&snapshot), content(&load(&store).await));

        let mut another = open(&dir.path().join("b")).await;
        another.ingest(&events[..3]).await.expect("ingested");
        let snapshot = after(&another, &before).await;
        assert_eq!(content(&snapshot), content(&load(&another).await));
    });
}
