//! Event and security files: NDJSON or a JSON array, plain or gzip.
//!
//! One thread reads and parses, while the store writes the previous batch. Records that cannot be
//! used are counted by kind; the rest is kept.

mod facts;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod input;
mod progress;
mod read;
mod records;
mod report;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::sync::mpsc;

pub(super) use facts::{date, is_cve};
pub(super) use input::{name as file_name, read_text};
use progress::{Meter, Progress};
use read::{BatchLimits, Parse, Reader};
pub(super) use report::Faults;
pub use report::{RecordFault, Report};

pub use super::rejection::FaultKind;
use crate::server::{
    model::{RepositoryFacts, System},
    sources::jenkins,
    store::Store,
};

/// Large enough that few builds span two transactions, small enough for memory: three batches exist at
/// once, one being read, one waiting and one being written.
const BATCH: BatchLimits = BatchLimits {
    records: 20_000,
    bytes: 16 << 20,
};

/// Imports build events, with progress on standard error; `-` is standard input. Events that name no
/// system belong to that of their file, by its name. Events later than a day after `now` are refused.
///
/// # Errors
/// A file or the store failed; records written before are kept.
pub async fn import_events(
    store: &mut Store,
    paths: &[PathBuf],
    system_of: impl Fn(&str) -> System,
    now: Timestamp,
) -> Result<Report> {
    let systems = paths.iter().map(|path| system_of(&input::name(path)));
    let systems: Vec<System> = systems.collect();
    let parse = move |file: usize, text: &str, _: &mut dyn FnMut(_)| {
        jenkins::parse(text, &systems[file], now)
    };
    let mut import = Import::start(paths, Box::new(parse))?;
    while let Some(events) = import.batch().await {
        import.report.ingested += store.ingest(&events).await?;
        import.show(events.len());
        import.give_back(events);
    }
    import.finish().await
}

/// Imports security facts of repositories; facts without a collection time count as collected `now`.
///
/// # Errors
/// A file or the store failed; records written before are kept.
pub async fn import_security(
    store: &mut Store,
    paths: &[PathBuf],
    now: Timestamp,
) -> Result<Report> {
    let parse = move |_, text: &str, reject: &mut dyn FnMut(_)| facts::parse(text, now, reject);
    let mut import = Import::start(paths, Box::new(parse))?;
    while let Some(batch) = import.batch().await {
        let count = batch.len();
        let mut by_time: BTreeMap<i64, Vec<RepositoryFacts>> = BTreeMap::new();
        for collected in batch {
            let facts = by_time.entry(collected.at_ms).or_default();
            facts.push(collected.facts);
        }
        for (at_ms, facts) in by_time {
            import.report.ingested += store.put_facts(&facts, at_ms).await?;
        }
        import.show(count);
    }
    import.finish().await
}

/// A reading thread and the result so far.
struct Import<T> {
    batches: mpsc::Receiver<Vec<T>>,
    /// Returns stored batches to the reading thread.
    stored: std::sync::mpsc::Sender<Vec<T>>,
    thread: tokio::task::JoinHandle<Result<read::Outcome>>,
    bytes: Arc<std::sync::atomic::AtomicU64>,
    total_bytes: Option<u64>,
    taken: u64,
    meter: Meter,
    report: Report,
}

impl<T: Send + 'static> Import<T> {
    fn start(paths: &[PathBuf], parse: Parse<T>) -> Result<Self> {
        let sizes = paths.iter().map(|path| input::check(path));
        let sizes: Vec<Option<u64>> = sizes.collect::<Result<_>>()?;
        let bytes = Arc::default();
        let (sender, batches) = mpsc::channel(1);
        let (stored, to_free) = std::sync::mpsc::channel();
        let reader = Reader {
            paths: paths.to_vec(),
            parse,
            bytes: Arc::clone(&bytes),
            limits: BATCH,
            batches: sender,
            stored: to_free,
        };
        Ok(Self {
            batches,
            stored,
            thread: tokio::task::spawn_blocking(move || reader.run()),
            bytes,
            total_bytes: sizes.into_iter().sum(),
            taken: 0,
            meter: Meter::new(),
            report: Report::default(),
        })
    }

    async fn batch(&mut self) -> Option<Vec<T>> {
        self.batches.recv().await
    }

    /// Shows that so many more records are stored.
    fn show(&mut self, records: usize) {
        self.taken += records as u64;
        self.meter.show(&Progress {
            bytes: self.bytes.load(Ordering::Relaxed),
            total_bytes: self.total_bytes,
            records: self.taken,
        });
    }

    /// Frees a stored batch on the thread that made it, which is cheaper, and delays no transaction.
    fn give_back(&self, batch: Vec<T>) {
        // Once that thread has ended, the batch is freed here.
        let _ = self.stored.send(batch);
    }

    async fn finish(self) -> Result<Report> {
        self.meter.finish();
        let outcome = self.thread.await.context("the reading thread failed")??;
        Ok(Report {
            read: outcome.read,
            rejected: outcome.read - self.taken,
            faults: outcome.faults.into_vec(),
            ..self.report
        })
    }
}
