//! Stores of the last program whose builds had neither systems nor steps: scripts/store-fixture made them.

use std::{fs, io::Read as _, path::Path};

use flate2::read::GzDecoder;
use rse_dashboard::server::{model::System, sources::file, store::migrate};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::support::{content, database_url, open, runtime};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new("tests/store/fixtures").join(name);
    let mut bytes = Vec::new();
    let file = fs::File::open(path).expect("a fixture");
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// Puts the old store of the engine that the tests run on into a directory.
async fn restore(dir: &Path) {
    fs::create_dir_all(dir).expect("a directory");
    let Some(url) = database_url(dir).await else {
        fs::write(dir.join("dashboard.sqlite"), fixture("store.sqlite.gz")).expect("a file");
        return;
    };
    let dump = String::from_utf8(fixture("store.postgres.sql.gz")).expect("SQL");
    let mut connection = PgConnection::connect(&url).await.expect("connected");
    let restored = sqlx::raw_sql(&dump).execute(&mut connection).await;
    restored.expect("restored");
    connection.close().await.expect("closed");
}

/// The lines of an export, each with the named fields only.
fn lines(export: &str, fields: &[String]) -> Vec<Vec<Value>> {
    let line = |line: &str| {
        let object: Value = serde_json::from_str(line).expect("JSON");
        fields.iter().map(|field| object[field].clone()).collect()
    };
    export.lines().map(line).collect()
}

fn fields(export: &str) -> Vec<String> {
    let first = export.lines().next().expect("a line");
    let object: serde_json::Map<_, _> = serde_json::from_str(first).expect("an object");
    object.keys().cloned().collect()
}

#[test]
fn an_old_store_is_opened_with_the_same_builds_and_events() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let old = dir.path().join("old");
        restore(&old).await;
        let store = open(&old).await;
        let (builds, events) = content(&store).await;
        let builds: Vec<&str> = builds
            .lines()
            .filter(|line| line.contains("finished_at"))
            .collect();
        let builds = builds.join("\n");
        for (name, exported, count) in [
            ("builds.ndjson.gz", &builds, 244),
            ("events.ndjson.gz", &events, 1021),
        ] {
            let expected = String::from_utf8(fixture(name)).expect("text");
            // The end of a build was taken for its failing step.
            let expected = expected.replace(
                "\"failing_step\":\"AUTO_ABORT newer build\"",
                "\"failing_step\":null",
            );
            let fields = fields(&expected);
            assert_eq!(expected.lines().count(), count);
            assert_eq!(
                lines(exported, &fields),
                lines(&expected, &fields),
                "{name}"
            );
        }
    });
}

#[test]
fn an_old_store_holds_what_an_import_of_its_events_gives() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let old = dir.path().join("old");
        restore(&old).await;
        let store = open(&old).await;
        let file = dir.path().join("events.ndjson");
        fs::write(&file, fixture("events.ndjson.gz")).expect("a file");
        let mut new = open(&dir.path().join("new")).await;
        let now = "2026-11-20T12:00:00Z".parse().expect("an instant");
        let report = file::import_events(&mut new, &[file], |_| System::default(), now).await;
        assert!(report.expect("imported").is_clean());
        let upgraded = content(&store).await;
        assert_eq!(upgraded, content(&new).await);
        assert!(upgraded.0.contains("\"duration_is\":\"derived\""));

        // It can be read, written and moved like a new one.
        let mut moved = open(&dir.path().join("moved")).await;
        migrate(&store, &mut moved, &|_| ()).await.expect("moved");
        assert_eq!(content(&moved).await, upgraded);
    });
}
