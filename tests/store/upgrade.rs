//! Stores of the last program whose builds had neither systems nor steps: scripts/store-fixture made them.

use std::{fs, io::Read as _, path::Path};

use flate2::read::GzDecoder;
use rse_dashboard::server::{model::System, sources::file, store::migrate};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

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

/// Rows with a provenance of both groups, of one group, and of none, on SQLite.
const PROVENANCES: &str = r#"
    INSERT INTO strings (id, text) VALUES (1, 'job'),
        (2, '{"git_url":"a.git","node_labels":"java ubuntu","product":"p\"","shared_library_version":"1"}'),
        (3, '{"node_labels":"java ubuntu","shared_library_version":"1"}');
    INSERT INTO builds (id, provenance, tag, job, nightly, result, started_ms, finished_ms, events)
    VALUES (1, 2, 'a', 1, FALSE, 0, 0, 0, 1), (2, 3, 'b', 1, FALSE, 0, 0, 0, 1),
        (3, NULL, 'c', 1, FALSE, 0, 0, 0, 1);
    INSERT INTO events (build, provenance, id, stage_ms, result, job)
    VALUES (1, 2, 'a', 0, 0, 1), (2, 3, 'a', 0, 0, 1), (3, NULL, 'a', 0, 0, 1);
"#;

/// The columns that only PostgreSQL has get values by themselves.
const POSTGRES: &str = "
    CREATE TABLE builds_of_test PARTITION OF builds DEFAULT;
    CREATE TABLE events_of_test PARTITION OF events DEFAULT;
    ALTER TABLE builds ALTER month SET DEFAULT 0, ALTER ordinal SET DEFAULT 0, ALTER changed SET DEFAULT 0;
    ALTER TABLE events ALTER month SET DEFAULT 0;
";

const GROUPS: &str = "
    SELECT c.text, t.text FROM events
    LEFT JOIN strings AS c ON c.id = codebase LEFT JOIN strings AS t ON t.id = toolchain ORDER BY build
";

/// Returns the scripts that make a store with provenances and then split them.
fn scripts(engine: &str) -> Vec<String> {
    let files = fs::read_dir(Path::new("src/server/store/migrations").join(engine));
    let files = files.expect("migrations").map(|file| file.expect("a file"));
    let mut files: Vec<_> = files.map(|file| file.path()).collect();
    files.sort();
    let split = files.iter().position(|file| {
        let name = file.to_string_lossy();
        name.contains("codebases_and_toolchains")
    });
    let read = |file| fs::read_to_string(file).expect("SQL");
    let mut scripts: Vec<String> = files.iter().map(read).collect();
    let rows = [
        if engine == "postgres" { POSTGRES } else { "" },
        PROVENANCES,
    ]
    .concat();
    let split = split.expect("the migration");
    scripts.insert(split, rows);
    scripts.truncate(split + 2);
    scripts
}

macro_rules! groups_after_the_split {
    ($connection:expr, $engine:literal) => {{
        let mut connection = $connection.expect("connected");
        for script in scripts($engine) {
            let run = sqlx::raw_sql(&script).execute(&mut connection).await;
            run.expect(&script);
        }
        let of_events = sqlx::query_as(GROUPS).fetch_all(&mut connection).await;
        let of_builds = GROUPS
            .replace("events", "builds")
            .replace("BY build", "BY builds.id");
        let of_builds = sqlx::query_as(&of_builds).fetch_all(&mut connection).await;
        [of_events.expect("rows"), of_builds.expect("rows")]
    }};
}

#[test]
fn provenances_are_split_into_codebases_and_toolchains() {
    let dir = tempfile::tempdir().expect("a directory");
    let tables: [Vec<(Option<String>, Option<String>)>; 2] = runtime().block_on(async {
        match database_url(dir.path()).await {
            Some(url) => groups_after_the_split!(PgConnection::connect(&url).await, "postgres"),
            None => {
                let url = "sqlite::memory:";
                groups_after_the_split!(SqliteConnection::connect(url).await, "sqlite")
            }
        }
    });
    let parse =
        |text: Option<String>| text.map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    let codebase = json!({"git_url": "a.git", "product": "p\""});
    let toolchain = Some(json!({"node_labels": "java ubuntu", "shared_library_version": "1"}));
    let expected = [
        (Some(codebase), toolchain.clone()),
        (None, toolchain),
        (None, None),
    ];
    for rows in tables {
        let rows = rows
            .into_iter()
            .map(|(codebase, toolchain)| (parse(codebase), parse(toolchain)));
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }
}
