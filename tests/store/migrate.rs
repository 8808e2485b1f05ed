//! A store that is migrated to another one, of the other engine if there is one, and back.

use std::{cell::Cell, path::Path, sync::Mutex};

use rse_dashboard::server::{
    config::Config,
    model::{Checkpoint, Codebase, Coverage, CoverageState, Event, Snooze, SnoozeEnd, System},
    store::{CachedResponse, Failed, Location, Store, migrate},
};

use tokio::sync::Notify;

use crate::support::{content, event, load, open, runtime};

async fn file(dir: &Path) -> Store {
    let location = Location::new(dir.to_owned(), None, None);
    let store = Store::open(&location, &Config::built_in()).await;
    store.expect("the store opens")
}

/// Returns a store with data in each table.
async fn filled(dir: &Path, events: usize) -> Store {
    let mut store = file(dir).await;
    let detailed = |n: usize| Event {
        system: System::new(["jenkins", "sds"][n % 2]).expect("a name"),
        git_commit: Some(format!("{n:040x}")),
        node_name: (!n.is_multiple_of(3)).then(|| format!("vm-{n}")),
        step_duration_ms: n.is_multiple_of(5).then_some(7),
        codebase: Codebase {
            product: Some("cmc".to_owned()),
            ..Codebase::default()
        },
        ..event(n % 23, n / 300, n / 23)
    };
    let events: Vec<_> = (0..events).map(detailed).collect();
    let coverage = Coverage {
        item: "jenkins/pipeline-metrics".to_owned(),
        state: CoverageState::NoAccess,
        reason: Some("403".to_owned()),
    };
    let checkpoint = Checkpoint {
        source: "cosmos",
        feed: "jenkins/pipeline-metrics",
        state: Some("until 5"),
        coverage: Some((&coverage, 1_000)),
        as_of_ms: Some(1_600_000_000_000),
    };
    store
        .ingest_from(&events, &checkpoint)
        .await
        .expect("ingested");
    let facts = |version: &str| {
        let facts = serde_json::json!([{"repository": "a-web", "node_version": version}]);
        serde_json::from_value::<Vec<_>>(facts).expect("facts")
    };
    for (at_ms, version) in [(1_000, "8"), (2_000, "12")] {
        store.put_facts(&facts(version), at_ms).await.expect("kept");
    }
    store.begin_sync("cosmos", 5).await.expect("noted");
    let failed = Failed {
        reason: "no\taccess",
        not_before_ms: Some(70),
    };
    store
        .finish_sync("cosmos", 6, Err(failed))
        .await
        .expect("noted");
    let response = CachedResponse {
        key: "/repos".to_owned(),
        etag: "\"1\"".to_owned(),
        body: "[]".to_owned(),
    };
    store
        .keep_responses("github", &[response])
        .await
        .expect("kept");
    for (problem, end) in [("a", SnoozeEnd::At(9)), ("b", SnoozeEnd::Failures(7))] {
        let snooze = Snooze {
            problem: problem.to_owned(),
            reason: "known".to_owned(),
            end,
            reader: "Ada".to_owned(),
            at_ms: 5,
        };
        store.snooze_writer().snooze(snooze).await.expect("kept");
    }
    store
}

#[test]
fn a_store_is_the_same_after_a_migration_there_and_back() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let from = filled(&dir.path().join("from"), 25_000).await;
        let mut there = open(&dir.path().join("there")).await;
        let steps = Mutex::new(Vec::new());
        let progress = |events| steps.lock().expect("no panic").push(events);
        let moved = migrate(&from, &mut there, &progress).await.expect("moved");
        assert_eq!(moved.events, 25_000);
        let steps = steps.into_inner().expect("no panic");
        assert!(
            steps.len() > 1 && steps.last() == Some(&25_000),
            "{steps:?}"
        );

        let mut back = file(&dir.path().join("back")).await;
        let again = migrate(&there, &mut back, &|_| ()).await.expect("moved");
        assert_eq!(again, moved);
        for store in [&there, &back] {
            assert!(
                content(store).await == content(&from).await,
                "the same content"
            );
            let (is, was) = (load(store).await, load(&from).await);
            assert_eq!((is.as_of_ms, is.sample), (was.as_of_ms, was.sample));
            assert_eq!(format!("{:?}", is.security), format!("{:?}", was.security));
            let (is, was) = (store.ledger().await, from.ledger().await);
            let (is, was) = (is.expect("a ledger"), was.expect("a ledger"));
            assert_eq!((is.syncs, is.coverage), (was.syncs, was.coverage));
            assert_eq!((is.snoozes.len(), is.snoozes), (2, was.snoozes));
            let cursor = store.cursor("cosmos", "jenkins/pipeline-metrics").await;
            assert_eq!(cursor.expect("read").as_deref(), Some("until 5"));
            let response = store
                .cached_response("github", "/repos")
                .await
                .expect("read");
            assert!(response.is_some());
        }
    });
}

#[test]
fn an_interrupted_migration_continues_and_a_changed_store_is_migrated_again() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut from = filled(&dir.path().join("from"), 30_000).await;
        let path = dir.path().join("there");
        // Dropped after its first batch.
        let mut there = open(&path).await;
        let (written, first) = (Notify::new(), Cell::new(0));
        let progress = |events| {
            first.set(events);
            written.notify_one();
        };
        let interrupted = tokio::select! {
            biased;
            () = written.notified() => true,
            _ = migrate(&from, &mut there, &progress) => false,
        };
        assert!(interrupted && first.get() < 30_000);
        drop(there);

        let mut there = open(&path).await;
        let rest = Cell::new(0);
        let moved = migrate(&from, &mut there, &|events| rest.set(events)).await;
        assert_eq!(moved.expect("moved").events, 30_000);
        assert_eq!(rest.get(), 30_000 - first.get());
        drop(there);

        from.ingest(&[event(0, 0, 9_999)]).await.expect("ingested");
        let mut there = open(&path).await;
        let moved = migrate(&from, &mut there, &|_| ()).await.expect("moved");
        assert_eq!(moved.events, 30_001);
    });
}

#[test]
fn a_store_that_holds_other_data_is_left_unchanged() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let from = filled(&dir.path().join("from"), 10).await;
        let mut there = open(&dir.path().join("there")).await;
        there.ingest(&[event(40, 1, 1)]).await.expect("ingested");
        let before = content(&there).await;
        let refused = migrate(&from, &mut there, &|_| ()).await;
        let error = format!("{:#}", refused.expect_err("refused"));
        assert!(error.contains("already holds other data"), "{error}");
        assert_eq!(content(&there).await, before);
    });
}
