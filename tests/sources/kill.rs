//! A server that is killed repeatedly during its syncs: the store always stays consistent, and in the
//! end holds the same data as after a clean sync.

use jiff::Timestamp;
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rse_dashboard::server::{model::Event, store::Store};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    cosmos_support::{self, StandIn},
    github_support,
    program::Program,
};

const KILLS: usize = 50;
/// The largest number of queries before a kill.
const LATEST: usize = 9;
/// The number of new events between two kills.
const NEW: usize = 60;

/// Shortens the intervals, so that few kills fall between two syncs.
fn eager(text: String) -> String {
    text.replace("every = \"10m\"", "every = \"1s\"")
        .replace("every = \"6h\"", "every = \"1m\"")
        .replace("branches = \"default\"", "branches = \"all\"")
}

/// Opens the store as if nothing had happened and counts its events. Makes GitHub due again, which
/// would otherwise take a minute.
async fn whole(program: &Program) -> i64 {
    let store = Store::open(program.data().as_path(), &program.config()).await;
    store.expect("the store opens").close().await;
    let options = SqliteConnectOptions::new().filename(program.data().join("dashboard.sqlite"));
    let connection = SqliteConnection::connect_with(&options).await;
    let mut connection = connection.expect("a store");
    let count = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM events), (SELECT COALESCE(SUM(events), 0) FROM builds)",
    );
    let (events, of_builds): (i64, i64) = count.fetch_one(&mut connection).await.expect("counted");
    assert_eq!(events, of_builds, "the builds are those of the events");
    let check: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .expect("checked");
    assert_eq!(check, "ok");
    let uncovered: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM coverage WHERE source = 'github' AND state IN ('read', 'partial') \
         AND item NOT IN (SELECT repository FROM security_facts)",
    )
    .fetch_one(&mut connection)
    .await
    .expect("counted");
    assert_eq!(
        uncovered, 0,
        "every repository that counts as read has facts"
    );
    let due = sqlx::query("DELETE FROM syncs WHERE source = 'github'");
    due.execute(&mut connection).await.expect("deleted");
    connection.close().await.expect("closed");
    events
}

/// Seeds events whose `_ts` is now.
async fn seed_now(account: &StandIn, events: &[Event]) {
    let now = Timestamp::now().as_second();
    let events = events.iter().cloned();
    let events = events.map(|event| Event {
        received_s: Some(now),
        ..event
    });
    account.seed("jenkins", &events.collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_fifty_times_ends_with_the_data_of_a_clean_sync() {
    let account = StandIn::start();
    let github = github_support::StandIn::start(&[]);
    let mut to_come = cosmos_support::events(20, 0.3);
    to_come.sort_by_key(|event| event.received_s);
    let total = to_come.len();
    let mut seeded = total - KILLS * NEW;
    let later = to_come.split_off(seeded);
    account.seed("jenkins", &to_come).await;
    account.limit_pages(100).await;
    let program = Program::syncing(&account, &github, eager);

    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let mut kept_before = 0;
    let mut within = 0;
    for new in later.chunks(NEW) {
        seed_now(&account, new).await;
        seeded += NEW;
        let strategy = 0..LATEST;
        let queries = strategy.new_tree(&mut runner).expect("a number").current();
        account.asked().await;
        let server = program.serve();
        let mut asked = 0;
        while asked < queries {
            asked += account.asked().await.len();
        }
        server.kill();
        let kept = whole(&program).await;
        assert!(kept >= kept_before, "no stored event is lost");
        within += usize::from(kept < i64::try_from(seeded).expect("few"));
        kept_before = kept;
    }
    assert!(within > KILLS / 2, "{within} kills interrupted a sync");

    let done = program.run(&["sync"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let clean = Program::syncing(&account, &github, eager);
    assert!(clean.run(&["sync"]).status.success());
    let (killed, expected) = (program.content().await, clean.content().await);
    let differs = killed.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert_eq!(differs, None);
    assert_eq!(killed.len(), expected.len());
    let events = expected
        .lines()
        .filter(|line| line.contains("\"stage_timestamp\""));
    assert_eq!(events.count(), total);
}
