//! Copies the whole content of a store into another one, of either engine. Continues where it was
//! interrupted, and compares both contents at the end.

use std::io::Write as _;

use anyhow::{Result, bail};
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{
    Store,
    engine::{Transaction, Value},
    meta,
    names::NameTexts,
    sample,
    scan::{self, TaggedEvent},
};
use crate::server::model::{Checkpoint, Event};

/// Builds are copied whole, so that a batch can be somewhat larger.
const EVENTS_PER_BATCH: usize = 20_000;
/// The source name under which the target store saves the progress of a migration.
const MOVE: &str = "migrate";

/// The small tables: their names, their keys and their other columns.
pub const TABLES: [Table; 8] = [
    Table("security_facts", "repository, collected_at_ms", "facts"),
    Table(
        "scan_reports",
        "repository, scanner, codebase_type, at_ms",
        "complete, findings",
    ),
    Table("documents", "name", "at_ms, body"),
    Table("cursors", "source, feed", "state"),
    Table(
        "coverage",
        "source, item",
        "state, reason, tried_ms, read_ms",
    ),
    Table(
        "syncs",
        "source",
        "started_ms, finished_ms, succeeded_ms, failed_ms, failure, changed, not_before_ms",
    ),
    Table("http_cache", "source, key", "etag, body"),
    Table(
        "snoozes",
        "problem",
        "reason, until_ms, failures, reader, at_ms",
    ),
];
/// The number of columns of the widest table.
const COLUMNS: usize = 8;

pub struct Table(pub &'static str, pub &'static str, &'static str);

type Text = Option<String>;
pub type Row = (Text, Text, Text, Text, Text, Text, Text, Text);

/// The content of a store for comparison: counts, and sums that do not depend on the order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub events: u64,
    pub builds: u64,
    /// Rows of the small tables.
    pub others: u64,
    sum: u128,
}

impl Content {
    fn add(&mut self, bytes: &[u8]) {
        let hash = Sha256::digest(bytes);
        let first = hash.first_chunk().copied().unwrap_or_default();
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(first));
    }
}

/// Copies the content of `from` into `to` and returns a summary. `progress` gets the number of events
/// copied so far.
///
/// # Errors
/// If a store cannot be used, `to` holds other data, or `from` has changed meanwhile. What was
/// copied stays, and the next migration continues from there.
pub async fn migrate(from: &Store, to: &mut Store, progress: &dyn Fn(u64)) -> Result<Content> {
    let mut reading = from.begin_reading().await?;
    let id = meta::read(&mut reading, meta::STORE_ID)
        .await?
        .unwrap_or_default();
    let change = meta::number(&mut reading, meta::VERSION)
        .await?
        .unwrap_or(0);
    let began = to.cursor(MOVE, &id).await?;
    if began.is_none() && !to.is_empty().await? {
        bail!(
            "{} already holds other data; name an empty store",
            to.location()
        );
    }
    to.sample = sample::is_present(&mut reading).await?;
    // After a change, any build may be different.
    let after = began.and_then(|state| {
        let (of, after) = state.split_once(' ')?;
        (of == change.to_string()).then(|| after.parse().ok())?
    });
    move_events(
        &mut reading,
        to,
        (&id, change),
        after.unwrap_or(i64::MIN),
        progress,
    )
    .await?;
    move_others(&mut reading, to).await?;
    let expected = content(&mut reading).await?;
    let moved = content(&mut to.begin_reading().await?).await?;
    if moved != expected {
        bail!(
            "{} does not have the same content as {}: {moved:?} instead of {expected:?}; check that nothing else writes to it",
            to.location(),
            from.location()
        );
    }
    if from.change_count().await? != change {
        bail!(
            "{} has changed meanwhile; run the command again",
            from.location()
        );
    }
    Ok(moved)
}

async fn move_events(
    reading: &mut Transaction,
    to: &mut Store,
    (id, change): (&str, i64),
    after: i64,
    progress: &dyn Fn(u64),
) -> Result<()> {
    let names = NameTexts::read(reading).await?;
    let sql = format!(
        "{} WHERE e.build > $1 ORDER BY e.build",
        TaggedEvent::select()
    );
    let mut rows = reading.each::<TaggedEvent>(&sql, &[after.into()])?;
    let mut batch: Vec<Event> = Vec::new();
    let (mut build, mut done) = (after, 0);
    loop {
        let row = rows.try_next().await?;
        let ended = row.as_ref().is_none_or(|row| row.build != build);
        if ended && (batch.len() >= EVENTS_PER_BATCH || row.is_none()) {
            let state = format!("{change} {build}");
            let checkpoint = Checkpoint {
                source: MOVE,
                feed: id,
                state: Some(&state),
                coverage: None,
                as_of_ms: None,
            };
            to.ingest_from(&batch, &checkpoint).await?;
            done += batch.len() as u64;
            progress(done);
            batch.clear();
        }
        let Some(row) = row else {
            return Ok(());
        };
        build = row.build;
        batch.push(row.into_event(&names)?);
    }
}

async fn move_others(reading: &mut Transaction, to: &Store) -> Result<()> {
    let mut writing = to.begin().await?;
    for table in &TABLES {
        let (select, upsert) = (table.select(), table.upsert());
        let rows: Vec<Row> = reading.all(&select, &[]).await?;
        for row in rows {
            let texts = texts(&row);
            let values: Vec<Value<'_>> = texts.into_iter().map(Value::from).collect();
            writing
                .execute(&upsert, &values[..table.columns().count()])
                .await?;
        }
    }
    for key in [meta::BUILDS_AS_OF, meta::SECURITY_AS_OF] {
        if let Some(at_ms) = meta::number(reading, key).await? {
            meta::raise(&mut writing, key, at_ms).await?;
        }
    }
    meta::count(&mut writing, meta::LEDGER).await?;
    meta::mark_security(&mut writing).await?;
    meta::count_change(&mut writing).await?;
    writing.commit().await
}

/// Summarises the content of a store, except the progress of a migration.
async fn content(transaction: &mut Transaction) -> Result<Content> {
    let mut content = Content::default();
    let mut line = Vec::new();
    let names = NameTexts::read(transaction).await?;
    let sql = TaggedEvent::select();
    let mut rows = transaction.each::<TaggedEvent>(&sql, &[])?;
    while let Some(row) = rows.try_next().await? {
        line.clear();
        write!(line, "{:?}", row.into_event(&names)?)?;
        content.add(&line);
        content.events += 1;
    }
    drop(rows);
    scan::build(transaction, &mut |key, build| {
        content.add(format!("{key:?} {build:?}").as_bytes());
        content.builds += 1;
        Ok(())
    })
    .await?;
    for table in &TABLES {
        let rows: Vec<Row> = transaction.all(&table.select(), &[]).await?;
        for row in rows {
            content.add(format!("{} {row:?}", table.0).as_bytes());
            content.others += 1;
        }
    }
    Ok(content)
}

pub fn texts(row: &Row) -> [Option<&str>; COLUMNS] {
    let (a, b, c, d, e, f, g, h) = row;
    [a, b, c, d, e, f, g, h].map(Option::as_deref)
}

impl Table {
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.1.split(", ").chain(self.2.split(", "))
    }

    /// All rows, every value as text.
    pub fn select(&self) -> String {
        let columns = self
            .columns()
            .map(|column| format!("CAST({column} AS TEXT)"));
        let nothing = std::iter::repeat("CAST(NULL AS TEXT)".to_owned());
        let columns: Vec<String> = columns.chain(nothing).take(COLUMNS).collect();
        let mut sql = format!("SELECT {} FROM {}", columns.join(", "), self.0);
        if self.0 == "cursors" {
            sql.push_str(&format!(" WHERE source <> '{MOVE}'"));
        }
        sql
    }

    pub fn upsert(&self) -> String {
        let columns: Vec<&str> = self.columns().collect();
        let is_number = |column: &str| {
            column.ends_with("_ms") || ["changed", "complete", "failures"].contains(&column)
        };
        let values = columns.iter().enumerate().map(|(position, column)| {
            let position = position + 1;
            let of = if is_number(column) { "BIGINT" } else { "TEXT" };
            format!("CAST(${position} AS {of})")
        });
        let values: Vec<String> = values.collect();
        let set = self
            .2
            .split(", ")
            .map(|column| format!("{column} = excluded.{column}"));
        let set: Vec<String> = set.collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
            self.0,
            columns.join(", "),
            values.join(", "),
            self.1,
            set.join(", ")
        )
    }
}
