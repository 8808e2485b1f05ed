//! Data older than the retention period.

use jiff::Timestamp;
use rse_dashboard::server::{config::Config, model::Event};

use crate::support::{content, event, load, open, open_by, runtime};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn ended(build: usize, text: &str) -> Event {
    Event {
        stage_ms: at(text).as_millisecond(),
        ..event(1, build, 0)
    }
}

#[test]
fn whole_months_are_deleted_with_their_events() {
    let dir = tempfile::tempdir().expect("a directory");
    let old = [
        ended(1, "2019-06-30T23:59:59Z"),
        ended(2, "2019-07-01T00:00:00Z"),
        ended(3, "2019-07-31T23:59:59Z"),
    ];
    let kept = [
        ended(4, "2019-08-01T00:00:00Z"),
        ended(5, "2019-10-20T12:00:00Z"),
    ];
    runtime().block_on(async {
        let mut store = open(&dir.path().join("a")).await;
        store.ingest(&old).await.expect("ingested");
        store.ingest(&kept).await.expect("ingested");
        assert_eq!(load(&store).await.builds.len(), 5);
        let dropped = store.keep_months(2, at("2019-10-25T00:00:00Z")).await;
        assert!(dropped.expect("dropped"));
        let mut only = open(&dir.path().join("b")).await;
        only.ingest(&kept).await.expect("ingested");
        assert_eq!(content(&store).await, content(&only).await);

        // Once a month is enough: the store keeps everything by its configuration.
        store.ingest(&old[2..]).await.expect("ingested");
        let again = store.keep_months(2, at("2019-10-31T00:00:00Z")).await;
        assert!(!again.expect("looked"));
        assert_eq!(load(&store).await.builds.len(), 3);
        let next = store.keep_months(2, at("2019-11-01T00:00:00Z")).await;
        assert!(next.expect("dropped"));
        assert_eq!(load(&store).await.builds.len(), 1);
    });
}

#[test]
fn snapshots_are_read_in_full_after_a_deletion() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let reader = open(dir.path()).await;
        let events = [
            ended(1, "2019-06-30T23:59:59Z"),
            ended(2, "2019-10-20T12:00:00Z"),
        ];
        store.ingest(&events).await.expect("ingested");
        let before = load(&reader).await;
        assert_eq!(before.builds.len(), 2);
        let dropped = store.keep_months(2, at("2019-10-25T00:00:00Z")).await;
        assert!(dropped.expect("dropped"));
        let after = reader.load_after(before.into()).await.expect("loaded");
        assert_eq!(after.builds.len(), 1);
    });
}

#[test]
fn events_older_than_the_first_kept_month_are_refused_and_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::built_in();
    config.store.keep_months = 2;
    let events = [
        ended(1, "2019-07-31T23:59:59Z"),
        ended(2, "2019-08-01T00:00:00Z"),
        ended(3, "2019-10-20T12:00:00Z"),
    ];
    runtime().block_on(async {
        let mut store = open_by(dir.path(), &config).await;
        let dropped = store.keep_months(2, at("2019-10-25T00:00:00Z")).await;
        assert!(!dropped.expect("looked"), "nothing to drop yet");
        let ingested = store.ingest(&events).await.expect("ingested");
        assert_eq!((ingested.new, ingested.expired), (2, 1));
        assert_eq!(load(&store).await.builds.len(), 2);
        let text = ingested.to_string();
        assert!(
            text.ends_with("1 refused as older than the first kept month"),
            "{text}"
        );

        // A store that keeps everything refuses nothing, whatever was dropped before.
        let mut all = open(dir.path()).await;
        let ingested = all.ingest(&events[..1]).await.expect("ingested");
        assert_eq!((ingested.new, ingested.expired), (1, 0));
    });
}

#[test]
fn a_batch_that_is_refused_whole_leaves_the_sample() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::built_in();
    config.store.keep_months = 2;
    let (old, new) = (
        [ended(1, "2019-07-31T23:59:59Z")],
        [ended(2, "2019-10-20T12:00:00Z")],
    );
    runtime().block_on(async {
        let mut sample = open_by(dir.path(), &config).await.for_sample();
        sample
            .ingest(&[ended(3, "2019-10-19T12:00:00Z")])
            .await
            .expect("ingested");
        let dropped = sample.keep_months(2, at("2019-10-25T00:00:00Z")).await;
        assert!(!dropped.expect("looked"), "nothing to drop yet");
        sample.close().await;

        let mut store = open_by(dir.path(), &config).await;
        let ingested = store.ingest(&old).await.expect("ingested");
        assert_eq!((ingested.new, ingested.expired), (0, 1));
        let left = load(&store).await;
        assert!(left.sample && left.builds.len() == 1);
        store.ingest(&new).await.expect("ingested");
        let replaced = load(&store).await;
        assert!(!replaced.sample && replaced.builds.len() == 1);
    });
}
