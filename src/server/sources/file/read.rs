//! The reading side of an import: parses files into batches of records, on a thread of its own.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
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
    pub records_per_batch: usize,
    pub batches: mpsc::Sender<Vec<T>>,
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
        let mut batch = Vec::with_capacity(self.records_per_batch);
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
        let _ = self.batches.blocking_send(batch);
        Ok(outcome)
    }

    fn file(
        &self,
        file: (usize, &str),
        input: Input,
        batch: &mut Vec<T>,
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
            if let Some(record) = self.record(piece, file, last_line, outcome) {
                batch.push(record);
            }
            if batch.len() == self.records_per_batch {
                let full = std::mem::replace(batch, Vec::with_capacity(self.records_per_batch));
                if self.batches.blocking_send(full).is_err() {
                    return Ok(Err(StoreClosed));
                }
            }
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
