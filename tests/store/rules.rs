//! Builds are rolled up again when the rules change.

use regex::Regex;
use rse_dashboard::server::{config::Config, model::Event};

use crate::support::{content, event, open, open_by, runtime};

#[test]
fn other_rules_roll_up_all_builds_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let events: Vec<Event> = (0..2400).map(|n| event(n % 2, n / 2, n % 2)).collect();
    let mut config = Config::built_in();
    config.rules.nightly = Regex::new("job1").expect("a pattern");
    config.rules.smoke_test_step = "step 0".to_owned();
    runtime().block_on(async {
        let mut store = open(&dir.path().join("a")).await;
        store.ingest(&events).await.expect("ingested");
        let before = content(&store).await;
        let version = store.version(&config).await.expect("readable");
        store.close().await;

        let again = open_by(&dir.path().join("a"), &config).await;
        assert_ne!(again.version(&config).await.expect("readable"), version);
        let mut new = open_by(&dir.path().join("b"), &config).await;
        new.ingest(&events).await.expect("ingested");
        let after = content(&again).await;
        assert_ne!(after.0, before.0);
        assert_eq!(after, content(&new).await);
    });
}

#[test]
fn a_store_opened_with_other_rules_refuses_events_under_the_old_ones() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::built_in();
    config.rules.nightly = Regex::new("job1").expect("a pattern");
    runtime().block_on(async {
        let mut old = open(dir.path()).await;
        let _new = open_by(dir.path(), &config).await;
        let refused = old.ingest(&[event(0, 0, 0)]).await;
        assert!(format!("{:#}", refused.expect_err("refused")).contains("rules"));
    });
}
