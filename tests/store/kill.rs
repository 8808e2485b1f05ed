//! An import that is killed at any moment: the store opens again, and a repeated import completes it
//! without duplicates.

use std::{
    io::Write,
    path::Path,
    process::{Child, Stdio},
};

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use rse_dashboard::server::{model::Build, store::BuildKey};

use crate::support::{content, event, import, ndjson, open, program, runtime};

const KILLS: usize = 20;
const EVENTS: usize = 100_000;

/// Starts the program, which imports what is written to its input.
fn child(data: &Path) -> Child {
    program(data)
        .args(["import", "events", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Opens the store and returns its number of events.
async fn kept(data: &Path) -> usize {
    let store = open(data).await;
    let (mut events, mut of_builds) = (0, 0);
    let mut count_event = |_: &_| {
        events += 1;
        Ok(())
    };
    store.each_event(&mut count_event).await.expect("counted");
    let mut count_build = |_: &BuildKey<'_>, build: &Build<'_>| {
        of_builds += build.events;
        Ok(())
    };
    store.each_build(&mut count_build).await.expect("counted");
    assert_eq!(events, of_builds, "the builds are those of the events");
    store.close().await;
    events
}

#[test]
fn an_import_that_is_killed_repeatedly_ends_like_an_undisturbed_one() {
    let dir = tempfile::tempdir().expect("a directory");
    // The builds overlap, so that most transactions change builds of the one before.
    let events: Vec<_> = (0..EVENTS)
        .map(|n| event(n % 97, n / 900, n / 97))
        .collect();
    let lines = ndjson(&events);
    let file = dir.path().join("events");
    std::fs::write(&file, &lines).expect("a file");
    let data = dir.path().join("data");

    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let mut kept_before = 0;
    let mut stops_within = 0;
    for _ in 0..KILLS {
        // The program reads no faster than it imports, so the amount it has read shows how far the
        // import is.
        let strategy = 0..lines.len();
        let given = strategy.new_tree(&mut runner).expect("a number").current();
        let mut child = child(&data);
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(&lines[..given]).expect("the program reads");
        child.kill().expect("killed");
        child.wait().expect("ended");

        let kept = runtime().block_on(kept(&data));
        assert!(kept >= kept_before, "nothing that was kept is lost");
        stops_within += usize::from(kept > 0 && kept < EVENTS);
        kept_before = kept;
    }
    assert!(stops_within > 0, "some kills came between two transactions");

    runtime().block_on(async {
        let mut killed = open(&data).await;
        import(&mut killed, std::slice::from_ref(&file)).await;
        let mut clean = open(&dir.path().join("clean")).await;
        let report = import(&mut clean, &[file]).await;
        assert_eq!(report.ingested.new, EVENTS as u64);
        assert!(
            content(&killed).await == content(&clean).await,
            "the same content"
        );
    });
}
