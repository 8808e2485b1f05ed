//! One batch of events: merged with what is stored of their builds, rolled up and written.

use std::{borrow::Cow, collections::HashMap};

use anyhow::Result;
use sqlx::SqliteConnection;

use super::{
    Ingested, keys,
    merge::{self, Entry, Origin},
    meta,
    names::Names,
    read,
    roll_up::roll_up,
    row::Row,
    write::{self, NamedBuild},
};
use crate::server::{config::Rules, sources::Event};

/// The builds of a batch, numbered in the order of their coming.
#[derive(Default)]
struct Builds<'a> {
    tags: Vec<Cow<'a, str>>,
    numbers: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Builds<'a> {
    fn number(&mut self, tag: Cow<'a, str>) -> usize {
        if let Some(&number) = self.numbers.get(&tag) {
            return number;
        }
        self.tags.push(tag.clone());
        self.numbers.insert(tag, self.tags.len() - 1);
        self.tags.len() - 1
    }
}

/// Runs inside the caller's transaction. Says what changed, and whether anything did.
pub async fn ingest(
    connection: &mut SqliteConnection,
    names: &mut Names,
    rules: &Rules,
    events: &[Event],
) -> Result<(Ingested, bool)> {
    let mut builds = Builds::default();
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        names.intern(&event.job_name);
        for name in [&event.step, &event.branch].into_iter().flatten() {
            names.intern(name);
        }
        entries.push(Entry {
            build: builds.number(keys::tag(event)),
            origin: Origin::Offered,
            row: Row::new(event),
        });
    }
    let names = &*names;
    let known = read::build_ids(connection, &builds.tags).await?;
    let stored: HashMap<i64, usize> = known
        .iter()
        .enumerate()
        .filter_map(|(number, id)| Some(((*id)?, number)))
        .collect();
    entries.extend(read::entries(connection, &stored, names).await?);
    let ids = with_new_ids(connection, &known).await?;
    let merged = merge::merge(entries);

    let (origins, rows): (Vec<(usize, Origin)>, Vec<Row<'_>>) = merged
        .entries
        .into_iter()
        .map(|entry| ((entry.build, entry.origin), entry.row))
        .unzip();
    let mut changed_builds = Vec::new();
    let mut changed_events = Vec::new();
    let mut first = 0;
    for group in origins.chunk_by(|a, b| a.0 == b.0) {
        let rows = &rows[first..first + group.len()];
        first += group.len();
        let number = group[0].0;
        let id = ids[number];
        let changed = group.iter().zip(rows);
        let before = changed_events.len();
        changed_events.extend(
            changed
                .filter(|((_, origin), _)| *origin == Origin::Offered)
                .map(|(_, row)| (id, row)),
        );
        if changed_events.len() > before {
            changed_builds.push(NamedBuild {
                id,
                tag: &builds.tags[number],
                build: roll_up(rows, rules),
            });
        }
    }
    names.write(connection).await?;
    let change = meta::next_change(connection).await?;
    write::builds(connection, &changed_builds, change, names).await?;
    write::events(connection, &changed_events, names).await?;
    let newest = events.iter().map(|event| event.stage_ms).max();
    let raised = match newest {
        Some(at_ms) => meta::raise(connection, meta::BUILDS_AS_OF, at_ms).await?,
        None => false,
    };
    Ok((merged.counts, raised || !changed_events.is_empty()))
}

/// New builds get the ids after the greatest there is.
async fn with_new_ids(
    connection: &mut SqliteConnection,
    known: &[Option<i64>],
) -> Result<Vec<i64>> {
    let query = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM builds");
    let mut last: i64 = query.fetch_one(connection).await?;
    let id = |known: &Option<i64>| {
        known.unwrap_or_else(|| {
            last += 1;
            last
        })
    };
    Ok(known.iter().map(id).collect())
}

/// Rolls every build up again, by other rules than before.
pub async fn roll_up_all(
    connection: &mut SqliteConnection,
    names: &Names,
    rules: &Rules,
) -> Result<()> {
    meta::reset(connection).await?;
    let change = meta::next_change(connection).await?;
    let mut after = 0;
    loop {
        let page = read::build_page(connection, after).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.0;
        let numbers = page.iter().enumerate();
        let numbers = numbers.map(|(number, (id, _))| (*id, number)).collect();
        let mut entries = read::entries(connection, &numbers, names).await?;
        entries.sort_by_key(|entry| entry.build);
        let (builds, rows): (Vec<usize>, Vec<Row<'_>>) = entries
            .into_iter()
            .map(|entry| (entry.build, entry.row))
            .unzip();
        let mut first = 0;
        let mut changed = Vec::new();
        for group in builds.chunk_by(|a, b| a == b) {
            let (id, tag) = &page[group[0]];
            changed.push(NamedBuild {
                id: *id,
                tag,
                build: roll_up(&rows[first..first + group.len()], rules),
            });
            first += group.len();
        }
        write::builds(connection, &changed, change, names).await?;
    }
}
