//! Ingests a batch of events: merges them with the stored events of their builds, rolls up and writes.

use std::borrow::Cow;

use anyhow::Result;
use foldhash::HashMap;

use super::{
    Ingested,
    build_location::{self, BuildLookup, LookupKey, Tagged},
    engine::Transaction,
    keys,
    merge::{self, Entry, Origin},
    meta,
    names::Names,
    read,
    roll_up::roll_up,
    row::Row,
    tables::BuildRow,
    write,
};
use crate::server::model::{Event, Rules};

/// The number of builds that are rolled up again at once.
const BUILDS_PER_BATCH: i64 = 500;

/// The builds of a batch, numbered in order of appearance.
#[derive(Default)]
struct Builds<'a> {
    lookups: Vec<LookupKey<'a>>,
    numbers: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Builds<'a> {
    fn number(&mut self, tag: Cow<'a, str>, at_ms: i64) -> usize {
        if let Some(&number) = self.numbers.get(&tag) {
            let first_ms = &mut self.lookups[number].first_ms;
            *first_ms = at_ms.min(*first_ms);
            return number;
        }
        let number = self.lookups.len();
        self.numbers.insert(tag.clone(), number);
        let first_ms = at_ms;
        self.lookups.push(LookupKey { tag, first_ms });
        number
    }
}

/// Runs inside the caller's transaction; returns the counts and whether anything changed.
pub async fn ingest(
    transaction: &mut Transaction,
    names: &mut Names,
    rules: &Rules,
    events: &[Event],
) -> Result<(Ingested, bool)> {
    let mut builds = Builds::default();
    let numbers = events.iter();
    let numbers: Vec<usize> = numbers
        .map(|event| builds.number(keys::tag(event), event.stage_ms))
        .collect();
    // Rows are made while the engine looks up their builds.
    let offered = async {
        let offered = events.iter().zip(numbers);
        let offered = offered.map(|(event, build)| Entry {
            build,
            origin: Origin::Offered,
            row: Row::new(event),
        });
        offered.collect::<Vec<_>>()
    };
    let located = build_location::locate(transaction, &builds.lookups);
    let (located, mut entries) = tokio::join!(located, offered);
    let located = located?;
    let stored: HashMap<i64, usize> = located
        .iter()
        .enumerate()
        .filter(|(_, located)| !located.is_new)
        .map(|(number, located)| (located.location.id, number))
        .collect();
    // Stored rows borrow their names, while new names are added.
    let known = names.texts().clone();
    entries.extend(read::entries(transaction, &stored, &known).await?);
    let merged = merge::merge(entries);
    let change = meta::next_change(transaction).await?;

    let kept: Vec<&Entry<'_>> = merged.kept().collect();
    let is_offered = |entry: &Entry<'_>| entry.origin == Origin::Offered;
    let changed_events = kept.iter().filter(|entry| is_offered(entry));
    let changed_events: Vec<(BuildLookup, &Row<'_>)> = changed_events
        .map(|entry| (located[entry.build], &entry.row))
        .collect();
    write::events(transaction, &changed_events, names).await?;
    let changed_builds = kept.chunk_by(|a, b| a.build == b.build);
    let changed_builds =
        changed_builds.filter(|events| events.iter().any(|entry| is_offered(entry)));
    let rows = changed_builds.map(|events| {
        let number = events[0].build;
        let rows: Vec<&Row<'_>> = events.iter().map(|entry| &entry.row).collect();
        let tag = &builds.lookups[number].tag;
        let row = BuildRow::new(tag, &roll_up(&rows, rules), change, names)?;
        Ok((located[number], row))
    });
    write::builds(transaction, rows).await?;
    names.write(transaction).await?;
    let newest = events.iter().map(|event| event.stage_ms).max();
    let raised = match newest {
        Some(at_ms) => meta::raise(transaction, meta::BUILDS_AS_OF, at_ms).await?,
        None => false,
    };
    Ok((merged.counts, raised || !changed_events.is_empty()))
}

/// Rolls up every build again after the rules changed.
pub async fn roll_up_all(
    transaction: &mut Transaction,
    names: &mut Names,
    rules: &Rules,
) -> Result<()> {
    meta::reset(transaction).await?;
    let change = meta::next_change(transaction).await?;
    let known = names.texts().clone();
    let mut after = i64::MIN;
    loop {
        let batch = build_location::next_batch(transaction, after, BUILDS_PER_BATCH).await?;
        let Some(last) = batch.last() else {
            return names.write(transaction).await;
        };
        after = last.location.id;
        let numbers = batch.iter().enumerate();
        let numbers = numbers
            .map(|(number, build)| (build.location.id, number))
            .collect();
        let mut entries = read::entries(transaction, &numbers, &known).await?;
        entries.sort_by_key(|entry| entry.build);
        let rows = entries.chunk_by(|a, b| a.build == b.build).map(|events| {
            let Tagged { tag, location } = &batch[events[0].build];
            let located = BuildLookup {
                location: *location,
                is_new: false,
            };
            let rows: Vec<&Row<'_>> = events.iter().map(|entry| &entry.row).collect();
            let row = BuildRow::new(tag, &roll_up(&rows, rules), change, names)?;
            Ok((located, row))
        });
        write::builds(transaction, rows).await?;
    }
}
