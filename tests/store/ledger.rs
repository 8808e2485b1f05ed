//! The state of sources in the store, and how their data is written.

use std::sync::Arc;

use rse_dashboard::server::{
    config::Config,
    model::{Checkpoint, Coverage, CoverageState, RepositoryFacts, Snooze, SnoozeEnd},
    sample::{self, SampleOptions},
    store::Failed,
};

use crate::support::{content, event, load, open, open_by, runtime};

fn facts(name: &str) -> RepositoryFacts {
    RepositoryFacts {
        repository: name.to_owned(),
        javascript: true,
        ..RepositoryFacts::default()
    }
}

fn covered(item: &str, state: CoverageState) -> Coverage {
    Coverage {
        item: item.to_owned(),
        state,
        reason: (state != CoverageState::Read).then(|| "because".to_owned()),
    }
}

fn names(facts: &[Arc<RepositoryFacts>]) -> Vec<&str> {
    let names = facts.iter().map(|facts| facts.repository.as_str());
    names.collect()
}

#[test]
fn events_their_cursor_and_their_coverage_are_written_together() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let coverage = covered("jenkins/metrics", CoverageState::Read);
        let checkpoint = Checkpoint {
            source: "cosmos",
            feed: "jenkins/metrics",
            state: Some("until 5"),
            coverage: Some((&coverage, 1_000)),
            as_of_ms: Some(1_600_000_000_000),
        };
        let counts = store.ingest_from(&[event(1, 1, 1)], &checkpoint).await;
        assert_eq!(counts.expect("taken").new, 1);
        let cursor = store.cursor("cosmos", "jenkins/metrics").await;
        assert_eq!(cursor.expect("readable").as_deref(), Some("until 5"));
        let ledger = store.ledger().await.expect("a ledger");
        assert_eq!(ledger.coverage[0].coverage, coverage);
        assert_eq!(ledger.coverage[0].read_ms, Some(1_000));
        assert_eq!(load(&store).await.as_of_ms, Some(1_600_000_000_000));

        // A program with another configuration can neither write nor move a cursor.
        let mut config = Config::built_in();
        config.rules.smoke_test_step = "other".to_owned();
        open_by(dir.path(), &config).await.close().await;
        let later = Checkpoint {
            state: Some("until 9"),
            ..checkpoint
        };
        let refused = store.ingest_from(&[event(1, 2, 1)], &later).await;
        refused.expect_err("other rules");
        let cursor = store.cursor("cosmos", "jenkins/metrics").await;
        assert_eq!(cursor.expect("readable").as_deref(), Some("until 5"));
    });
}

#[test]
fn a_failed_attempt_keeps_the_time_of_the_last_read() {
    for state in [CoverageState::Read, CoverageState::Partial] {
        failed_after(state);
    }
}

fn failed_after(state: CoverageState) {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let read = [covered("a", state)];
        let a = [facts("a")];
        let put = store.put_facts_from(&a, 10, "github", &read);
        put.await.expect("put");
        let limited = [covered("a", CoverageState::RateLimited)];
        let put = store.put_facts_from(&[], 20, "github", &limited);
        put.await.expect("put");
        let ledger = store.ledger().await.expect("a ledger");
        let item = &ledger.coverage[0];
        assert_eq!(item.coverage.state, CoverageState::RateLimited);
        assert_eq!((item.tried_ms, item.read_ms), (20, Some(10)));
        // Figures still show what was last read.
        assert_eq!(names(&load(&store).await.security.repositories), ["a"]);
    });
}

#[test]
fn a_removed_repository_does_not_count_until_it_comes_back() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let both = ["a", "b"].map(|name| covered(name, CoverageState::Read));
        let all = [facts("a"), facts("b"), facts("from-a-file")];
        let put = store.put_facts_from(&all, 10, "github", &both);
        put.await.expect("put");
        let gone = store.retire_others("github", &["b".to_owned()], 20).await;
        assert_eq!(gone.expect("retired"), 1);
        let gone = store.retire_others("github", &["b".to_owned()], 30).await;
        assert_eq!(gone.expect("nothing to retire"), 0);
        let security = load(&store).await.security;
        // Repositories that the source never covered stay.
        assert_eq!(names(&security.repositories), ["b", "from-a-file"]);

        let a = [facts("a")];
        let put = store.put_facts_from(&a, 40, "github", &both);
        assert_eq!(put.await.expect("put").replaced, 1);
        let security = load(&store).await.security;
        assert_eq!(names(&security.repositories), ["a", "b", "from-a-file"]);
    });
}

#[test]
fn stored_facts_and_names_are_bounded_when_they_are_loaded() {
    let dir = tempfile::tempdir().expect("a directory");
    let long = "9".repeat(100_000);
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        // As an earlier version stored them.
        let mut unbounded = facts(&long);
        unbounded.node_version = Some(long.clone());
        let reason = covered("a", CoverageState::Failed);
        let reason = Coverage {
            reason: Some(long.clone()),
            ..reason
        };
        let (unbounded, reason) = ([unbounded], [reason]);
        let put = store.put_facts_from(&unbounded, 10, "github", &reason);
        put.await.expect("put");
        let mut event = event(1, 1, 1);
        event.job_name = format!("HMCTS_CMC/{long}");
        event.step = Some(long.clone());
        store.ingest(&[event]).await.expect("ingested");

        let snapshot = load(&store).await;
        let repository = &snapshot.security.repositories[0];
        let version = repository.node_version.as_deref().expect("a version");
        assert_eq!(version.chars().count(), 40);
        assert_eq!(repository.repository.chars().count(), 300);
        assert_eq!(snapshot.pipelines[0].name.chars().count(), 300);
        assert_eq!(snapshot.steps[0].chars().count(), 300);
        let ledger = store.ledger().await.expect("a ledger");
        let reason = ledger.coverage[0].coverage.reason.as_deref();
        assert_eq!(reason.expect("a reason").chars().count(), 2_000);
        // The stored names are as they were, so that later events belong to the same build.
        let (builds, events) = content(&store).await;
        assert!(events.contains(&long));
        assert_eq!(builds.matches(&format!("HMCTS_CMC/{long}")).count(), 1);
    });
}

#[test]
fn a_sync_is_saved_with_its_outcome() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let before = store.ledger_version().await.expect("a version");
        store.begin_sync("cosmos", 1).await.expect("noted");
        store.finish_sync("cosmos", 2, Ok(7)).await.expect("noted");
        store.begin_sync("cosmos", 3).await.expect("noted");
        let no_route = Failed {
            reason: "no route",
            not_before_ms: Some(9),
        };
        let failed = store.finish_sync("cosmos", 4, Err(no_route)).await;
        failed.expect("noted");
        store.begin_sync("cosmos", 5).await.expect("noted");
        let ledger = store.ledger().await.expect("a ledger");
        let sync = &ledger.syncs[0];
        assert_eq!((sync.started_ms, sync.finished_ms), (5, None));
        assert_eq!((sync.succeeded_ms, sync.failed_ms), (Some(2), Some(4)));
        assert_eq!(sync.failure.as_deref(), Some("no route"));
        assert_eq!((sync.changed, sync.not_before_ms), (Some(7), Some(9)));
        assert_eq!(store.ledger_version().await.expect("a version"), before + 5);
    });
}

#[test]
fn the_first_real_data_replaces_sample_data() {
    let options = SampleOptions {
        seed: 1,
        days: 2,
        scale: 0.1,
        as_of_ms: 1_572_023_700_000,
    };
    let real = [event(1, 1, 1)];
    let clean = tempfile::tempdir().expect("a directory");
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut expected = open(clean.path()).await;
        expected.ingest(&real).await.expect("taken");

        let mut store = open(dir.path()).await.for_sample();
        let filled = sample::fill(&mut store, &options, |_| ()).await;
        assert!(filled.expect("filled").events.new > 100);
        store.close().await;

        let mut store = open(dir.path()).await;
        // A failed source has coverage, but no data to replace the sample.
        let failed = [covered("a", CoverageState::NoAccess)];
        let put = store.put_facts_from(&[], 10, "github", &failed);
        put.await.expect("put");
        let before = load(&store).await;
        assert!(before.sample && !before.security.repositories.is_empty());
        store.ingest(&real).await.expect("taken");
        let after = load(&store).await;
        assert!(!after.sample && after.security.repositories.is_empty());
        assert_ne!(before.version, after.version);
        assert_eq!(after.as_of_ms, load(&expected).await.as_of_ms);
        assert!(content(&store).await == content(&expected).await);
    });
}

#[test]
fn a_new_store_can_be_opened_by_several_at_once() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().expect("a directory");
        runtime().block_on(async {
            let opening = (0..4).map(|_| {
                let path = dir.path().to_owned();
                tokio::spawn(async move { open(&path).await.close().await })
            });
            for opened in opening.collect::<Vec<_>>() {
                opened.await.expect("the store opens");
            }
        });
    }
}

#[test]
fn snoozes_are_in_the_ledger_until_they_end() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(dir.path()).await;
        let writer = store.snooze_writer();
        let snooze = |problem: &str, end, at_ms| Snooze {
            problem: problem.to_owned(),
            reason: "waits for a release".to_owned(),
            end,
            reader: "Ada".to_owned(),
            at_ms,
        };
        let version = store.ledger_version().await.expect("a version");
        for (problem, end, at_ms) in [
            ("a", SnoozeEnd::At(50), 1),
            ("b", SnoozeEnd::Failures(7), 2),
            ("b", SnoozeEnd::Failures(9), 3),
        ] {
            writer
                .snooze(snooze(problem, end, at_ms))
                .await
                .expect("written");
        }
        let ledger = store.ledger().await.expect("a ledger");
        let expected = [
            snooze("b", SnoozeEnd::Failures(9), 3),
            snooze("a", SnoozeEnd::At(50), 1),
        ];
        assert_eq!(ledger.snoozes, expected);
        assert!(
            ledger.version > version,
            "so that replicas and pages see it"
        );
        assert_eq!(writer.ledger().await.expect("a ledger"), ledger);

        assert!(writer.end("b").await.expect("written"));
        assert!(!writer.end("b").await.expect("written"));
        // Those that have ended are deleted with the next one.
        let late = snooze("c", SnoozeEnd::At(99), 50);
        writer.snooze(late.clone()).await.expect("written");
        assert_eq!(store.ledger().await.expect("a ledger").snoozes, [late]);
    });
}

#[test]
fn a_store_holds_a_thousand_snoozes() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(dir.path()).await;
        let writer = store.snooze_writer();
        let snooze = |number: u32| Snooze {
            problem: number.to_string(),
            reason: "x".repeat(10_000),
            end: SnoozeEnd::Failures(9),
            reader: "Ada".to_owned(),
            at_ms: 1,
        };
        for number in 0..1000 {
            writer.snooze(snooze(number)).await.expect("written");
        }
        let error = writer.snooze(snooze(1000)).await.expect_err("too many");
        assert!(error.to_string().contains("1000 problems"), "{error}");
        writer.snooze(snooze(999)).await.expect("changed");
        let ledger = store.ledger().await.expect("a ledger");
        assert!(
            ledger
                .snoozes
                .iter()
                .all(|known| known.reason.len() < 3_000)
        );
    });
}
