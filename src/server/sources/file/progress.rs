//! The progress of an import: a bar on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// The records between two plain lines.
const RECORDS_PER_LINE: u64 = 500_000;

#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes of the files, before decompression.
    pub bytes: u64,
    /// `None` if standard input is read.
    pub total_bytes: Option<u64>,
    /// Records in the store.
    pub records: u64,
}

/// Shows progress on standard error.
pub struct Meter {
    bar: Option<ProgressBar>,
    shown: AtomicU64,
}

impl Meter {
    pub fn new() -> Self {
        Self {
            bar: stderr().is_terminal().then(|| {
                let bar = ProgressBar::no_length();
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            }),
            shown: AtomicU64::new(0),
        }
    }

    pub fn show(&self, progress: &Progress) {
        let Some(bar) = &self.bar else {
            let lines = progress.records / RECORDS_PER_LINE;
            if self.shown.swap(lines, Ordering::Relaxed) < lines {
                eprintln!("{} records imported", progress.records);
            }
            return;
        };
        if let Some(total) = progress.total_bytes
            && bar.length().is_none()
        {
            bar.set_length(total);
            let style = "{bar:30} {percent} %  {msg}  {bytes_per_sec}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template"));
        }
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        let rate = (progress.records as f64 / seconds) as u64;
        bar.set_message(format!("{} records, {rate} a second", progress.records));
        bar.set_position(progress.bytes);
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
