//! The reading side of an import: parses files into batches of records, on a thread of its own.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64, mpsc::Receiver},
};

use anyhow::{Context, Result};
use tokio::sync::mpsc;

use super::{
    input::{self, Input},
    records::{MAX_RECORD_BYTES, Piece, Records},
    report::Faults,
};
use crate::server::sources::rejection::{FaultKind, Rejection};

/// Parses a record of the numbered file from JSON text; passes on faults that leave the record usable.
pub type Parse<T> =
    Box<dyn Fn(usize, &str, &mut dyn FnMut(Rejection)) -> Result<T, Rejection> + Send>;

pub struct Reader<T> {
    pub paths: Vec<PathBuf>,
    pub parse: Parse<T>,
    pub bytes: Arc<AtomicU64>,
    pub limits: BatchLimits,
    pub batches: mpsc::Sender<Vec<T>>,
    /// Stored batches, to be freed.
    pub stored: Receiver<Vec<T>>,
}

/// The largest batch: its number of records and the length of their JSON text.
#[derive(Clone, Copy)]
pub struct BatchLimits {
    pub records: usize,
    pub bytes: usize,
}

/// Records that are not yet passed to the store.
struct Batch<T> {
    records: Vec<T>,
    /// The length of the records' JSON text.
    bytes: usize,
}

impl<T> Batch<T> {
    fn new(limits: BatchLimits) -> Self {
        Self {
            records: Vec::with_capacity(limits.records),
            bytes: 0,
        }
    }
}

/// The number of records read, and the faults found.
#[derive(Default)]
pub struct Outcome {
    pub read: u64,
    pub faults: Faults,
}

/// The store failed and accepts no more; its own error has the reason.
struct StoreClosed;

impl<T> Reader<T> {
    pub fn run(self) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut batch = Batch::new(self.limits);
        for (number, path) in self.paths.iter().enumerate() {
            let name = input::name(path);
            let cannot_read = || format!("cannot read {name}");
            let input = input::open(path, &self.bytes).with_context(cannot_read)?;
            let read = self.file((number, &name), input, &mut batch, &mut outcome);
            if matches!(read.with_context(cannot_read)?, Err(StoreClosed)) {
                return Ok(outcome);
            }
        }
        // If the store failed, nobody waits for the rest.
        let _ = self.batches.blocking_send(batch.records);
        Ok(outcome)
    }

    fn file(
        &self,
        file: (usize, &str),
        input: Input,
        batch: &mut Batch<T>,
        outcome: &mut Outcome,
    ) -> io::Result<Result<(), StoreClosed>> {
        let read_before = outcome.read;
        let mut records = Records::new(input.reader);
        let mut last_line = 1;
        loop {
            let piece = match records.next() {
                Ok(Some((line, piece))) => {
                    last_line = line;
                    piece
                }
                Ok(None) => break,
                Err(error) if input.gzip && is_damage(&error) => {
                    let reason = format!(
                        "the gzip data is truncated or damaged ({error}); records before that are kept"
                    );
                    let rejection = Rejection::new(FaultKind::DamagedGzip, reason);
                    outcome.faults.add(file, last_line, rejection);
                    return Ok(Ok(()));
                }
                Err(error) => return Err(error),
            };
            let bytes = match piece {
                Piece::Record(text) => text.len(),
                _ => 0,
            };
            let Some(record) = self.record(piece, file, last_line, outcome) else {
                continue;
            };
            let is_full = batch.records.len() == self.limits.records
                || batch.bytes + bytes > self.limits.bytes;
            if is_full && !batch.records.is_empty() {
                let full = std::mem::replace(batch, Batch::new(self.limits));
                if self.batches.blocking_send(full.records).is_err() {
                    return Ok(Err(StoreClosed));
                }
                self.stored.try_iter().for_each(drop);
            }
            batch.records.push(record);
            batch.bytes += bytes;
        }
        if outcome.read == read_before {
            let rejection = Rejection::new(FaultKind::EmptyFile, "the file holds no records");
            outcome.faults.add(file, last_line, rejection);
        }
        Ok(Ok(()))
    }

    fn record(
        &self,
        piece: Piece<'_>,
        file: (usize, &str),
        line: u64,
        outcome: &mut Outcome,
    ) -> Option<T> {
        outcome.read += 1;
        let faults = &mut outcome.faults;
        let parsed = match piece {
            Piece::Record(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => {
                    let mut reject = |rejection| faults.add(file, line, rejection);
                    (self.parse)(file.0, text, &mut reject)
                }
                Err(_) => Err(Rejection::new(FaultKind::NotUtf8, "not UTF-8")),
            },
            Piece::TooLong => Err(Rejection::new(
                FaultKind::TooLong,
                format!("longer than {} KiB", MAX_RECORD_BYTES / 1024),
            )),
            Piece::Unfinished => Err(Rejection::new(
                FaultKind::UnfinishedArray,
                "the file ends inside the array",
            )),
            Piece::Trailing => Err(Rejection::new(
                FaultKind::AfterArray,
                "data after the end of the array was ignored",
            )),
        };
        parsed
            .map_err(|rejection| faults.add(file, line, rejection))
            .ok()
    }
}

/// True if the data is damaged rather than the disk.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the records of each batch.
    fn batches(text: &str, limits: BatchLimits) -> Vec<Vec<usize>> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("records.ndjson");
        std::fs::write(&path, text).expect("a file");
        let (sender, mut receiver) = mpsc::channel(64);
        let reader = Reader {
            paths: vec![path],
            parse: Box::new(|_, text, _| Ok(text.len())),
            bytes: Arc::default(),
            limits,
            batches: sender,
            stored: std::sync::mpsc::channel().1,
        };
        let outcome = reader.run().expect("a readable file");
        let mut batches = Vec::new();
        while let Ok(batch) = receiver.try_recv() {
            batches.push(batch);
        }
        let passed: usize = batches.iter().map(Vec::len).sum();
        assert_eq!(outcome.read, passed as u64);
        batches
    }

    #[test]
    fn a_batch_holds_at_most_16_mib_of_text() {
        let record = "x".repeat(MAX_RECORD_BYTES - 1);
        let text = format!("{record}\n").repeat(40);
        let batches = batches(&text, super::super::BATCH);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 40);
        for batch in &batches {
            assert!(batch.iter().sum::<usize>() <= 16 << 20, "{batch:?}");
        }
        assert_eq!(batches.len(), 3);
    }

    #[test]
    fn a_batch_holds_a_limited_number_of_records() {
        let limits = BatchLimits {
            records: 2,
            bytes: 4,
        };
        let lengths = batches("1\n1\n1\n333\n22\n999999\n1\n", limits);
        assert_eq!(lengths, [vec![1, 1], vec![1, 3], vec![2], vec![6], vec![1]]);
    }
}
