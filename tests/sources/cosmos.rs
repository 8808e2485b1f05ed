//! Cosmos DB: which events are read, and which are read again.

use std::{
    fs,
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
};

use jiff::ToSpan as _;
use rse_dashboard::server::{
    config::Config,
    config::cosmos::Branches,
    model::{Codebase, Event, System, Toolchain},
    sources::file,
};
use serde_json::json;

use super::cosmos_support::{DAY, Held, StandIn, all_branches, events, ndjson, now, source};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_events_arrive_page_by_page_as_from_a_file() {
    let mut events = events(180, 1.0);
    events.drain(..events.len() - 100_000);
    let account = StandIn::with_partitions(3);
    account.seed("jenkins", &events).await;
    account.limit_pages(500).await;

    let mut read = Held::new().await;
    let report = read.sync(&account.source("jenkins")).await;
    let report = report.expect("it is read");
    assert_eq!((report.read, report.ingested.new), (100_000, 100_000));
    let asked = account.asked().await;
    let pages = asked.iter().filter(|asked| asked.continued).count();
    assert!(pages > 100, "{pages} pages were continuations");
    assert!(asked.iter().all(|asked| asked.documents <= 500));
    let documents: u64 = asked.iter().map(|asked| asked.documents).sum();
    assert_eq!(documents, 100_000);

    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("events.ndjson");
    fs::write(&path, ndjson(&events)).expect("a file");
    let mut imported = Held::new().await;
    let report =
        file::import_events(&mut imported.store, &[path], |_| System::default(), now()).await;
    assert_eq!(report.expect("it is imported").ingested.new, 100_000);
    read.assert_same(&imported, "as from a file").await;
    let covered = vec![("jenkins/pipeline-metrics".to_owned(), "read", String::new())];
    assert_eq!(read.coverage().await, covered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_belongs_to_its_system() {
    let events = events(3, 0.2);
    let account = StandIn::start();
    for database in ["jenkins", "sds-jenkins"] {
        account.seed(database, &events).await;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("dashboard.toml");
    let text = fs::read_to_string("dashboard.toml").expect("a file");
    let text = text.replace("branches = \"default\"", "branches = \"all\"");
    let systems = "[systems.sds]\ndatabases = [\"sds-jenkins\"]\n";
    fs::write(&path, format!("{text}\n{systems}")).expect("a file");
    let config = Config::read(&path).expect("valid");
    let source = source(&config, account.variables("jenkins,sds-jenkins"));

    let mut read = Held::new().await;
    let report = read.sync(&source).await.expect("it is read");
    assert_eq!(report.ingested.new, 2 * events.len() as u64);
    let sds = System::new("sds").expect("a name");
    let of_sds = events.iter().cloned().map(|event| Event {
        system: sds.clone(),
        ..event
    });
    let both: Vec<Event> = events.iter().cloned().chain(of_sds).collect();
    read.assert_same(&Held::of(&both).await, "of two systems")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_program_stored_is_completed_when_it_is_read_again() {
    let events = events(5, 0.3);
    assert!(events.iter().any(|event| event.git_commit.is_some()));
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let plain = events.iter().cloned().map(|event| Event {
        git_commit: None,
        node_name: None,
        correlation_id: None,
        codebase: Codebase::default(),
        toolchain: Toolchain::default(),
        ..event
    });
    let mut read = Held::of(&plain.collect::<Vec<_>>()).await;
    let report = read.sync(&account.source("jenkins")).await;
    let ingested = report.expect("it is read").ingested;
    assert_eq!(ingested.new, 0);
    assert!(ingested.replaced > events.len() as u64 / 2, "{ingested}");
    read.assert_same(&Held::of(&events).await, "completed")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_day_comes_first_and_then_only_what_is_new() {
    let mut events = events(8, 1.0);
    let (late, new) = (events.pop().expect("one"), events.pop().expect("another"));
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let source = account.source("jenkins");
    let mut read = Held::new().await;
    read.sync(&source).await.expect("it is read");
    let asked = account.asked().await;
    assert_eq!(asked.len(), 180);
    assert_eq!(asked[0].from, now().as_second() - DAY);
    assert_eq!(asked[0].to, None);
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1].to == Some(pair[0].from))
    );

    // Two more are written: a new one, and a late one of an old build.
    let newest = events.iter().filter_map(|event| event.received_s).max();
    let newest = newest.expect("the service gives all a time");
    let new = Event {
        received_s: Some(newest + 60),
        ..new
    };
    let late = Event {
        received_s: Some(newest),
        stage_ms: late.stage_ms - 100 * DAY * 1000,
        ..late
    };
    let added = [new, late];
    account.seed("jenkins", &added).await;
    let later = now() + 10.minutes();
    let report = read.sync_at(&source, later, None).await;
    assert_eq!(report.expect("it is read").ingested.new, 2);
    let asked = account.asked().await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((asked[0].from, asked[0].to), (newest - 600, None));
    events.extend(added);
    read.assert_same(&Held::of(&events).await, "after two syncs")
        .await;
    let report = read.sync_at(&source, later, None).await;
    assert_eq!(report.expect("it is read").ingested.new, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_since_an_instant_is_read_again_on_request() {
    let events = events(4, 0.2);
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let source = account.source("jenkins");
    let mut read = Held::new().await;
    read.sync(&source).await.expect("it is read");
    account.asked().await;
    let since = now() - 60.hours();
    let report = read.sync_at(&source, now(), Some(since)).await;
    let report = report.expect("it is read");
    let expected = events
        .iter()
        .filter(|event| event.received_s >= Some(since.as_second()));
    assert_eq!(report.read, expected.count() as u64);
    assert_eq!(report.ingested.new, 0);
    let asked = account.asked().await;
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[2].from, since.as_second());
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_have_their_own_cursors_and_a_missing_one_does_not_stop_others() {
    let events = events(6, 0.3);
    let (one, other) = events.split_at(events.len() / 2);
    let account = StandIn::start();
    account.seed("jenkins", one).await;
    account.seed("sds-jenkins", other).await;
    let mut read = Held::new().await;
    let failed = read.sync(&account.source("jenkins,gone,sds-jenkins")).await;
    let failed = failed.expect_err("one is gone").to_string();
    assert!(failed.contains("gone/pipeline-metrics: "), "{failed}");
    assert!(!failed.contains("jenkins/"), "{failed}");
    read.assert_same(&Held::of(&events).await, "with one gone")
        .await;
    let states: Vec<_> = read.coverage().await;
    let states: Vec<&str> = states.iter().map(|(_, state, _)| *state).collect();
    assert_eq!(states, ["failed", "read", "read"]);

    // The newest day of each is read before the past of any.
    let asked = account.asked().await;
    let databases = asked.iter().map(|asked| asked.database.as_str());
    let databases: Vec<&str> = databases.take(3).collect();
    assert_eq!(databases, ["jenkins", "sds-jenkins", "jenkins"]);
    assert!(asked[..2].iter().all(|asked| asked.to.is_none()));
    assert_eq!(asked.len(), 2 * (1 + 180));

    let source = account.source("jenkins,sds-jenkins");
    read.sync(&source).await.expect("both are read");
    let asked = account.asked().await;
    let newest = |events: &[Event]| events.iter().filter_map(|event| event.received_s).max();
    for (database, events) in [("jenkins", one), ("sds-jenkins", other)] {
        let mut asked = asked.iter().filter(|asked| asked.database == database);
        let last = asked.next_back().expect("it was asked");
        assert!(last.from >= newest(events).expect("some") - DAY, "{last:?}");
    }
    let items: Vec<String> = read
        .coverage()
        .await
        .into_iter()
        .map(|(item, ..)| item)
        .collect();
    assert_eq!(
        items,
        ["jenkins/pipeline-metrics", "sds-jenkins/pipeline-metrics"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sync_continues_after_its_last_complete_window() {
    let events = events(8, 1.0);
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let source = account.source("jenkins");
    let mut read = Held::new().await;
    // The fourth day back cannot be read, even with retries.
    let day = now().as_second() - 7 * DAY / 2;
    account
        .plan(json!([{"fault": "reject", "times": -1, "at": day}]))
        .await;
    read.sync(&source).await.expect_err("a window fails");
    assert_eq!(account.asked().await.len(), 4);
    let [(_, state, reason)] = &read.coverage().await[..] else {
        panic!("one container is covered");
    };
    assert_eq!(*state, "failed", "{reason}");

    account.clear_faults().await;
    read.sync(&source).await.expect("it is read");
    let asked = account.asked().await;
    let newest = events.iter().filter_map(|event| event.received_s).max();
    assert_eq!(asked[0].from, newest.expect("some") - 600);
    assert_eq!(asked[1].to, Some(now().as_second() - 3 * DAY));
    assert_eq!(asked.len(), 180 - 3 + 1);
    read.assert_same(&Held::of(&events).await, "after an interruption")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_cancelled_at_any_moment_is_completed_by_the_next() {
    let events = events(5, 1.0);
    let account = StandIn::with_partitions(2);
    account.seed("jenkins", &events).await;
    account.limit_pages(100).await;
    let source = account.source("jenkins");
    let mut read = Held::new().await;
    let mut ended = 0;
    for number in 0..40 {
        // Polls this many times, wherever the sync is then.
        let mut left = number * 7 % 60;
        let mut sync = pin!(read.sync(&source));
        let some_steps = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            sync.as_mut().poll(context).map(|_| true)
        });
        ended += usize::from(!some_steps.await);
    }
    assert!(ended > 10, "only {ended} were ended");
    read.sync(&source).await.expect("it is read");
    read.assert_same(&Held::of(&events).await, "after being ended")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_events_of_the_default_branches_are_read_unless_all_are_configured() {
    let mut events = events(3, 0.3);
    let branches = [Some("master"), Some("PR-7"), Some("main"), None, Some("")];
    for (event, branch) in events.iter_mut().zip(branches.iter().cycle()) {
        event.branch = branch.map(str::to_owned);
    }
    let account = StandIn::start();
    account.seed("jenkins", &events).await;
    let mut read = Held::new().await;
    let default = Config::built_in();
    assert_eq!(default.sources.cosmos.branches, Branches::Default);
    let few = source(&default, account.variables("jenkins"));
    let report = read.sync(&few).await.expect("it is read");
    let others = |event: &&Event| event.branch.as_deref() == Some("PR-7");
    let others = events.iter().filter(others).count() as u64;
    assert_eq!(report.read, events.len() as u64 - others);
    assert!(account.asked().await[0].query.starts_with("SELECT c.id, "));
    // Spans settled by one query are not settled for another.
    let all = source(&all_branches(), account.variables("jenkins"));
    let report = read.sync(&all).await.expect("it is read");
    assert_eq!(report.ingested.new, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_not_events_are_reported_and_affect_no_others() {
    let events = events(2, 0.1);
    let newest = events.iter().filter_map(|event| event.received_s).max();
    let ts = newest.expect("some") - DAY;
    let strange = [
        json!({"id": "a", "_ts": ts, "job_name": "x/y/z", "build_id": "1"}),
        json!({"id": "b", "_ts": ts, "build_tag": "t", "stage_timestamp": "2026-11-19T00:00:00Z"}),
        json!({"id": "c", "_ts": ts, "job_name": "x/y/z", "build_id": "2"}),
    ];
    let mut text = ndjson(&events);
    for document in &strange {
        text.extend(document.to_string().bytes());
        text.push(b'\n');
    }
    let account = StandIn::start();
    account.seed_text("jenkins", text).await;
    let source = account.source("jenkins");
    let mut read = Held::new().await;
    let report = read.sync(&source).await.expect("it is read");
    assert_eq!(report.read, events.len() as u64 + 3);
    read.assert_same(&Held::of(&events).await, "with strange documents")
        .await;
    let expected = "1 document could not be read (first: id b, job_name is missing); \
                    2 documents could not be read (first: id a, stage_timestamp is missing)";
    // They are reported until they become readable, though they are not read again.
    for _ in 0..2 {
        let [(_, state, reason)] = &read.coverage().await[..] else {
            panic!("one container is covered");
        };
        assert_eq!((*state, reason.as_str()), ("partial", expected));
        read.sync(&source).await.expect("it is read");
    }
}
