//! Behaviour of a shared store only: leases that change hands, programs of two versions, an
//! unreachable server, and keys fit for distribution. Skipped if the tests run on SQLite.

use std::{path::Path, sync::Arc, time::Duration};

use rse_dashboard::server::{
    config::Config,
    model::Checkpoint,
    sources::{CheckResult, Run, Source, SourceError, SyncReport},
    store::{Location, Store},
    sync::Syncer,
};
use sqlx::{Connection as _, PgConnection, migrate::Migrate as _};

use crate::support::{content, database_url, event, load, location, open, runtime, server};

fn skipped() -> bool {
    let skipped = server().is_none();
    if skipped {
        eprintln!("skipped: RSE_TEST_DATABASE_URL names no PostgreSQL server");
    }
    skipped
}

async fn connect(dir: &Path) -> PgConnection {
    let url = database_url(dir).await.expect("a server");
    PgConnection::connect(&url).await.expect("connected")
}

fn at(url: &str, dir: &Path) -> Location {
    let database = url.parse().expect("a URL");
    Location::new(dir.to_owned(), Some(database), None)
}

async fn fault(location: &Location) -> String {
    let opened = Store::open(location, &Config::built_in()).await;
    format!("{:#}", opened.err().expect("a fault"))
}

#[test]
fn every_key_of_the_big_tables_includes_the_key_of_the_build() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        store.ingest(&[event(0, 0, 0)]).await.expect("ingested");
        let keys = "SELECT CAST(t.relname AS TEXT), CAST(array_agg(CAST(a.attname AS TEXT)) AS TEXT[]) \
                    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid \
                    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey) \
                    WHERE i.indisunique AND t.relnamespace = CAST(current_schema() AS REGNAMESPACE) \
                    GROUP BY i.indexrelid, t.relname";
        let mut connection = connect(dir.path()).await;
        let keys: Vec<(String, Vec<String>)> = sqlx::query_as(keys)
            .fetch_all(&mut connection)
            .await
            .expect("read");
        let of = |table: &str, column: &str| {
            let keys = keys.iter().filter(|(name, _)| name.starts_with(table));
            let keys: Vec<_> = keys.collect();
            // The table itself and its monthly partition.
            assert_eq!(keys.len(), 2, "{keys:?}");
            assert!(keys.iter().all(|(_, key)| key.iter().any(|part| part == column)), "{keys:?}");
        };
        of("builds", "id");
        of("events", "build");
        let foreign = "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'f' \
                       AND connamespace = CAST(current_schema() AS REGNAMESPACE)";
        let (foreign,): (i64,) = sqlx::query_as(foreign)
            .fetch_one(&mut connection)
            .await
            .expect("read");
        assert_eq!(foreign, 0);
    });
}

#[test]
fn a_lease_has_one_holder_and_is_released_at_once() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let (mut one, mut two) = (open(dir.path()).await, open(dir.path()).await);
        let held = one.claim("a").await.expect("asked").expect("a free lease");
        assert!(two.claim("a").await.expect("asked").is_none());
        let other = two.claim("b").await.expect("asked");
        assert!(other.is_some(), "another source");
        one.release(held).await.expect("released");
        assert!(two.claim("a").await.expect("asked").is_some());
    });
}

#[test]
fn a_process_that_lost_the_lease_writes_nothing_more() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let (mut one, mut two) = (open(dir.path()).await, open(dir.path()).await);
        let mut held = one.claim("a").await.expect("asked").expect("a free lease");
        one.ingest(&[event(0, 0, 0)]).await.expect("ingested");
        // As if it had been paused for longer than its lease.
        let mut connection = connect(dir.path()).await;
        let expire = "UPDATE leases SET until = clock_timestamp() - INTERVAL '1 second'";
        sqlx::query(expire)
            .execute(&mut connection)
            .await
            .expect("written");
        let before = content(&one).await;

        let checkpoint = Checkpoint {
            source: "a",
            feed: "feed",
            state: Some("further"),
            coverage: None,
            as_of_ms: None,
        };
        let written = one.ingest_from(&[event(0, 0, 1)], &checkpoint).await;
        let error = format!("{:#}", written.expect_err("refused"));
        assert!(error.contains("lost the right to sync a"), "{error}");
        let taken = two
            .claim("a")
            .await
            .expect("asked")
            .expect("it has run out");
        let written = one.ingest(&[event(0, 0, 2)]).await;
        assert!(written.is_err());
        assert!(one.finish_sync("a", 1, Ok(1)).await.is_err());
        assert_eq!(content(&two).await, before);
        assert_eq!(two.cursor("a", "feed").await.expect("read"), None);
        two.ingest(&[event(0, 0, 3)]).await.expect("ingested");
        held.lost().await;
        // Releasing a lost claim takes it from no one else.
        one.release(held).await.expect("nothing is left to give up");
        two.ingest(&[event(0, 0, 4)]).await.expect("ingested");
        two.release(taken).await.expect("released");
    });
}

/// A source that fails as in a frozen process: its lease expires, and the process that takes over
/// ends its connections.
struct Frozen(String);

#[async_trait::async_trait]
impl Source for Frozen {
    fn name(&self) -> &'static str {
        "a"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn sync(&self, _: &mut Store, _: &Run<'_>) -> Result<SyncReport, SourceError> {
        let connection = PgConnection::connect(&self.0).await;
        let mut connection = connection.expect("connected");
        let take = "UPDATE leases SET token = token + 1, holder = 'another'";
        let taken = sqlx::query(take).execute(&mut connection).await;
        taken.expect("written");
        Err(anyhow::anyhow!("terminating connection due to administrator command").into())
    }

    async fn check(&self) -> Vec<CheckResult> {
        Vec::new()
    }
}

#[test]
fn a_sync_that_lost_its_lease_is_not_saved_as_failed() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let syncer = Syncer {
            location: location(dir.path()).await,
            config: Arc::new(Config::built_in()),
        };
        let source = Frozen(database_url(dir.path()).await.expect("a server"));
        let synced = syncer.sync(&source, None, &|_, _, _| ()).await;
        let error = synced.expect_err("not synced").to_string();
        assert!(error.contains("another process is syncing a"), "{error}");
        let ledger = open(dir.path()).await.ledger().await.expect("read");
        assert_eq!(ledger.syncs[0].failed_ms, None);
    });
}

#[test]
fn two_writers_without_a_lease_duplicate_and_lose_nothing() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let events: Vec<_> = (0..20_000)
        .map(|n| event(n % 37, n / 400, n / 37))
        .collect();
    runtime().block_on(async {
        let write = async |reversed: bool| {
            let mut store = open(dir.path()).await;
            let mut batches: Vec<_> = events.chunks(1_000).collect();
            if reversed {
                batches.reverse();
            }
            for batch in batches {
                store.ingest(batch).await.expect("ingested");
            }
        };
        tokio::join!(write(false), write(true));
        let mut clean = open(&dir.path().join("clean")).await;
        clean.ingest(&events).await.expect("ingested");
        let store = open(dir.path()).await;
        assert!(
            content(&store).await == content(&clean).await,
            "the same content"
        );
    });
}

#[test]
fn listeners_are_notified_of_changes() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let follower = open(dir.path()).await;
        let mut writer = open(dir.path()).await;
        let mut changes = follower.changes();
        // The first wait starts listening.
        changes.wait().await;
        let version = follower.version(&Config::built_in()).await.expect("read");
        let notified = tokio::spawn(async move {
            let began = tokio::time::Instant::now();
            loop {
                changes.wait().await;
                if follower.version(&Config::built_in()).await.expect("read") != version {
                    return began.elapsed();
                }
            }
        });
        writer.ingest(&[event(0, 0, 0)]).await.expect("ingested");
        let notified = tokio::time::timeout(Duration::from_secs(60), notified).await;
        notified.expect("notified").expect("no panic");
    });
}

#[test]
fn programs_of_one_generation_are_compatible() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        store.ingest(&[event(0, 0, 0)]).await.expect("ingested");
        let mut connection = connect(dir.path()).await;
        let mut migrate = async |version: i64, sql: &str| {
            sqlx::query(sql)
                .execute(&mut connection)
                .await
                .expect("changed");
            let applied = "INSERT INTO _sqlx_migrations \
                           (version, description, success, checksum, execution_time) \
                           VALUES ($1, 'from the future', TRUE, '', 0)";
            let applied = sqlx::query(applied).bind(version);
            applied.execute(&mut connection).await.expect("noted");
        };
        migrate(99, "ALTER TABLE builds ADD COLUMN owner TEXT").await;
        // The running program continues, and so does one that starts now.
        store.ingest(&[event(0, 0, 1)]).await.expect("ingested");
        let mut new = open(dir.path()).await;
        new.ingest(&[event(1, 0, 1)]).await.expect("ingested");
        assert_eq!(load(&new).await.builds.len(), 2);

        migrate(100, "ALTER TABLE builds DROP COLUMN owner").await;
        let error = fault(&location(dir.path()).await).await;
        assert!(error.contains("newer version"), "{error}");
    });
}

#[test]
fn a_new_store_can_be_set_up_by_many_at_once() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let opening = (0..8).map(|_| open(dir.path()));
        let stores = futures::future::join_all(opening).await;
        let mut versions = Vec::new();
        for store in &stores {
            versions.push(store.version(&Config::built_in()).await.expect("read"));
        }
        versions.dedup();
        assert_eq!(versions.len(), 1, "{versions:?}");
    });
}

#[test]
fn readers_do_not_wait_for_writers_or_migrations() {
    if skipped() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut holder = open(dir.path()).await;
        let held = holder.claim("a").await.expect("asked");
        // As if a process had been frozen while holding all locks.
        let mut frozen = connect(dir.path()).await;
        frozen.lock().await.expect("locked");
        let mut frozen = frozen.begin().await.expect("begun");
        let writer = sqlx::query("SELECT value FROM meta WHERE key = 'writer' FOR UPDATE");
        writer.execute(&mut *frozen).await.expect("locked");

        let look = async { open(dir.path()).await.claim("a").await };
        let looked = tokio::time::timeout(Duration::from_secs(60), look).await;
        let claim = looked.expect("it does not wait").expect("asked");
        assert!(held.is_some() && claim.is_none());
    });
}

#[test]
fn an_unusable_server_is_named_with_the_remedy_and_without_the_password() {
    let Some(server) = server().filter(|_| !skipped()) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let (scheme, rest) = server.split_once("://").expect("a URL");
        let (_, host) = rest.split_once('@').expect("a URL");
        let wrong = format!("{scheme}://dashboard:wrong-secret@{host}");
        let error = fault(&at(&wrong, dir.path())).await;
        assert!(error.contains("the password in DATABASE_URL"), "{error}");
        assert!(!error.contains("wrong-secret"), "{error}");

        let (server, _) = server.rsplit_once('/').expect("a URL");
        let error = fault(&at(&format!("{server}/nowhere"), dir.path())).await;
        assert!(error.contains("create this database"), "{error}");

        // Nothing listens on port 1.
        let error = fault(&at("postgres://me:secret@127.0.0.1:1/x", dir.path())).await;
        assert!(
            error.contains("127.0.0.1:1/x") && error.contains("can be reached"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    });
}
