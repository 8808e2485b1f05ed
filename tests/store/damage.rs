//! A store that cannot be used reports why and what to do, and is left unchanged.

use std::{fs, path::Path};

use rse_dashboard::server::{config::Config, store::Store};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{content, event, open, runtime};

const FILE: &str = "dashboard.sqlite";

fn fault(dir: &Path) -> String {
    let opened = runtime().block_on(Store::open(dir, &Config::built_in()));
    format!("{:#}", opened.err().expect("a fault"))
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_unchanged() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = Store::open(dir.path(), &Config::built_in()).await;
        store.expect("the store opens").close().await;
        let options = SqliteConnectOptions::new().filename(dir.path().join(FILE));
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .expect("a store");
        let newer = "INSERT INTO _sqlx_migrations \
                     (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'from the future', TRUE, x'00', 0)";
        sqlx::query(newer)
            .execute(&mut connection)
            .await
            .expect("written");
        connection.close().await.expect("closed");
    });
    let error = fault(dir.path());
    assert!(
        error.contains("newer version") && error.contains(FILE),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_named_with_the_remedy() {
    let dir = tempfile::tempdir().expect("a directory");
    let garbage = "no database ".repeat(1000);
    fs::write(dir.path().join(FILE), &garbage).expect("a file");
    let error = fault(dir.path());
    assert!(error.contains(FILE) && error.contains("backup"), "{error}");
    let kept = fs::read_to_string(dir.path().join(FILE)).expect("readable");
    assert_eq!(kept, garbage);
}

#[test]
fn a_file_instead_of_the_directory_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("data");
    fs::write(&path, "").expect("a file");
    let error = fault(&path);
    assert!(error.contains("not a directory"), "{error}");
    let error = fault(&path.join("below"));
    assert!(
        error.contains("cannot create") && error.contains("below"),
        "{error}"
    );
}

#[test]
fn a_removed_or_replaced_file_is_noticed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, aside) = (dir.path().join(FILE), dir.path().join("aside"));
    runtime().block_on(async {
        let opened = Store::open(dir.path(), &Config::built_in()).await;
        let mut store = opened.expect("the store opens");
        store.check_file().expect("the same file");
        fs::rename(&path, &aside).expect("renamed");
        let gone = store.check_file().expect_err("no file").to_string();
        assert!(gone.contains("is gone") && gone.contains(FILE), "{gone}");
        let refused = store.ingest(&[event(1, 1, 1)]).await;
        refused.expect_err("nothing is written into a removed file");
        fs::write(&path, "").expect("a file");
        let other = store.check_file().expect_err("another file").to_string();
        assert!(other.contains("replaced"), "{other}");
        fs::rename(&aside, &path).expect("renamed");
        store.check_file().expect("the same file");
    });
}

#[test]
fn a_new_store_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("new/data");
    runtime().block_on(async {
        let opened = Store::open(&*data, &Config::built_in()).await;
        let store = opened.expect("the store opens");
        let mode = |path: &Path| {
            let about = fs::metadata(path).expect("it exists");
            about.permissions().mode() & 0o777
        };
        assert_eq!(mode(&data), 0o700);
        for file in [FILE, "dashboard.sqlite-wal", "dashboard.sqlite-shm"] {
            assert_eq!(mode(&data.join(file)), 0o600, "{file}");
        }
        store.close().await;
    });
}

#[test]
fn damage_is_found_after_an_unclean_end() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let opened = Store::open(dir.path(), &Config::built_in()).await;
        let mut store = opened.expect("the store opens");
        let events: Vec<_> = (0..2_000).map(|build| event(1, build, 1)).collect();
        store.ingest(&events).await.expect("ingested");
        store.close().await;
    });
    // A page in the middle, which opening alone does not read, and the log of a process that was killed.
    let path = dir.path().join(FILE);
    let mut bytes = fs::read(&path).expect("a store");
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 64].fill(0xff);
    fs::write(&path, &bytes).expect("written");
    fs::write(dir.path().join("dashboard.sqlite-wal"), "").expect("written");
    let error = fault(dir.path());
    assert!(
        error.contains("damaged") && error.contains("backup"),
        "{error}"
    );
}

#[test]
fn two_programs_can_write_in_turns() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut one = open(dir.path()).await;
        let mut two = open(dir.path()).await;
        for n in 0..6 {
            let writer = if n % 2 == 0 { &mut one } else { &mut two };
            // Each adds names that the other has not seen.
            writer.ingest(&[event(n, 1, n)]).await.expect("ingested");
        }
        let (builds, events) = content(&one).await;
        assert_eq!((builds.lines().count(), events.lines().count()), (12, 6));
        for n in 0..6 {
            assert!(
                builds.contains(&format!("\"HMCTS_CMC/job{n}/master\"")),
                "{builds}"
            );
            assert!(events.contains(&format!("\"step {n}\"")), "{events}");
        }
    });
}
