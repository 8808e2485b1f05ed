//! A store that cannot be used reports why and what to do, and is left unchanged.

use std::{fs, path::Path, sync::Arc};

use rse_dashboard::server::{
    config::Config,
    model::RepositoryFacts,
    store::{Repair, Store, repair},
};
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
    let middle = bytes.len() / 2 / page_size(&bytes) * page_size(&bytes);
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

/// Opens a SQLite file also where the other tests use a database.
async fn open_file(dir: &Path) -> Store {
    let opened = Store::open(dir, &Config::built_in()).await;
    opened.expect("the store opens")
}

/// The bytes of a closed store with some builds and facts, with its content.
fn stored(dir: &Path) -> (Vec<u8>, (String, String)) {
    let content = runtime().block_on(async {
        let mut store = open_file(dir).await;
        let events: Vec<_> = (0..600)
            .flat_map(|build| [event(build % 7, build, 1), event(build % 7, build, 2)])
            .collect();
        store.ingest(&events).await.expect("ingested");
        store.put_facts(&facts(), 1).await.expect("stored");
        let content = content(&store).await;
        store.close().await;
        content
    });
    (fs::read(dir.join(FILE)).expect("a store"), content)
}

fn facts() -> Vec<RepositoryFacts> {
    let facts = (0..40).map(|number| RepositoryFacts {
        repository: format!("team-repository-{number}"),
        node_version: Some("20".to_owned()),
        ..RepositoryFacts::default()
    });
    facts.collect()
}

fn repaired(dir: &Path) -> anyhow::Result<Repair> {
    runtime().block_on(repair(&dir.into(), &Config::built_in()))
}

fn read_all(dir: &Path) -> ((String, String), usize) {
    runtime().block_on(async {
        let store = open_file(dir).await;
        let snapshot = store.load(Arc::new(Config::built_in())).await;
        let facts = snapshot.expect("a snapshot").security.repositories.len();
        let content = content(&store).await;
        store.close().await;
        (content, facts)
    })
}

/// Overwrites a part of a page of the file.
fn damage(dir: &Path, bytes: &[u8], page: usize) {
    let mut damaged = bytes.to_vec();
    let first = page * page_size(bytes);
    damaged[first..first + 64].fill(0xff);
    fs::write(dir.join(FILE), damaged).expect("written");
}

/// The bytes of a page, as the file says.
fn page_size(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[16], bytes[17]]))
}

#[test]
fn a_repair_of_a_sound_store_loses_nothing_and_keeps_the_old_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let (bytes, before) = stored(dir.path());
    let repair = repaired(dir.path()).expect("repaired");
    assert_eq!(
        (repair.events, repair.builds, repair.repositories),
        (1_200, 600, 40)
    );
    assert_eq!(repair.lost, Vec::<String>::new());
    assert_eq!(read_all(dir.path()), (before, 40));
    assert_eq!(fs::read(&repair.kept).expect("kept"), bytes);
    let kept = repair.kept.to_string_lossy().into_owned();
    assert!(kept.contains("dashboard.sqlite.damaged-20"), "{kept}");
    assert!(!dir.path().join("repair").exists());
}

#[test]
fn a_repair_saves_what_can_be_read_and_names_the_rest() {
    let dir = tempfile::tempdir().expect("a directory");
    let (bytes, (_, before)) = stored(dir.path());
    let before: Vec<&str> = before.lines().collect();
    let (mut damaged, mut whole, mut roots) = (0, 0, 0);
    for page in 1..bytes.len() / page_size(&bytes) {
        damage(dir.path(), &bytes, page);
        let repair = repaired(dir.path()).unwrap_or_else(|error| panic!("page {page}: {error:#}"));
        let ((_, events), _) = read_all(dir.path());
        let saved: Vec<&str> = events.lines().collect();
        assert!(
            saved.iter().all(|line| before.contains(line)),
            "page {page}"
        );
        assert_eq!(saved.len() as u64, repair.events, "page {page}");
        if saved.len() < before.len() {
            damaged += 1;
            assert!(
                !repair.lost.is_empty(),
                "page {page}: {} events",
                saved.len()
            );
            // Damage to one page does not cost the others, except for the roots of tables.
            roots += usize::from(saved.len() < before.len() / 2);
        } else {
            whole += 1;
        }
        fs::remove_file(&repair.kept).expect("removed");
    }
    assert!(
        damaged > 5 && whole > 5 && roots <= 3,
        "{damaged}, {whole}, {roots}"
    );
}

#[test]
fn a_file_that_cannot_be_read_at_all_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let (bytes, _) = stored(dir.path());
    damage(dir.path(), &bytes, 0);
    let before = fs::read(dir.path().join(FILE)).expect("a file");
    let error = format!("{:#}", repaired(dir.path()).expect_err("nothing to read"));
    assert!(
        error.contains("nothing can be read") && error.contains("backup"),
        "{error}"
    );
    assert_eq!(fs::read(dir.path().join(FILE)).expect("a file"), before);
    let names = fs::read_dir(dir.path()).expect("a directory");
    let kept = names.filter(|name| {
        let name = name.as_ref().expect("a name").file_name();
        name.to_string_lossy().contains("damaged")
    });
    assert_eq!(kept.count(), 0);
}

#[test]
fn a_store_in_use_is_not_repaired() {
    let dir = tempfile::tempdir().expect("a directory");
    stored(dir.path());
    let store = runtime().block_on(open_file(dir.path()));
    let error = repaired(dir.path()).expect_err("in use").to_string();
    assert!(error.contains("in use"), "{error}");
    drop(store);
}

/// Flips of single bits: no panic, no import that succeeds into a file that cannot be read, and a repair
/// after which it can.
#[test]
fn a_flipped_bit_is_refused_or_harmless_and_can_be_repaired() {
    let dir = tempfile::tempdir().expect("a directory");
    let (bytes, _) = stored(dir.path());
    let (mut seed, mut refused, mut harmless) = (17_u64, 0, 0);
    for flip in 0..40 {
        // SplitMix64.
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bit = (mixed ^ (mixed >> 31)) as usize % (bytes.len() * 8);
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let fresh = tempfile::tempdir().expect("a directory");
        fs::write(fresh.path().join(FILE), &flipped).expect("written");
        let new: Vec<_> = (0..50).map(|build| event(3, 600 + build, 1)).collect();
        let imported = runtime().block_on(async {
            let mut store = Store::open(fresh.path(), &Config::built_in()).await?;
            let mut imported = store.ingest(&new).await.map(drop);
            if imported.is_ok() {
                imported = store.verify().await;
            }
            store.close().await;
            imported
        });
        if imported.is_ok() {
            harmless += 1;
            let read = runtime().block_on(async {
                let store = Store::open(fresh.path(), &Config::built_in()).await?;
                store.load(Arc::new(Config::built_in())).await?;
                store.each_event(&mut |_| Ok(())).await?;
                store.each_build(&mut |_, _| Ok(())).await?;
                store.close().await;
                anyhow::Ok(())
            });
            read.unwrap_or_else(|error| panic!("flip {flip} at {bit}: {error:#}"));
            continue;
        }
        refused += 1;
        match repaired(fresh.path()) {
            Ok(_) => drop(read_all(fresh.path())),
            Err(error) => {
                let error = format!("{error:#}");
                assert!(
                    error.contains("nothing can be read"),
                    "flip {flip} at {bit}: {error}"
                );
            }
        }
    }
    assert!(refused > 0 && harmless > 0, "{refused} and {harmless}");
}

#[test]
fn an_export_changes_nothing_in_a_directory_that_it_cannot_write_to() {
    let dir = tempfile::tempdir().expect("a directory");
    let (_, before) = stored(dir.path());
    for name in ["dashboard.lock", "dashboard.in-use"] {
        fs::remove_file(dir.path().join(name)).expect("removed");
    }
    let files = || {
        let names = fs::read_dir(dir.path()).expect("a directory");
        let names = names.map(|name| name.expect("a name").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    assert_eq!(files(), [FILE]);
    runtime().block_on(async {
        let opened = Store::open_read_only(dir.path(), &Config::built_in()).await;
        let mut store = opened.expect("the store opens");
        assert_eq!(content(&store).await, before);
        assert!(store.ingest(&[event(1, 9_000, 1)]).await.is_err());
        store.close().await;
    });
    assert_eq!(files(), [FILE]);
}
