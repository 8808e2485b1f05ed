//! Log lines captured for tests.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

pub use super::log::Format;
use super::log::{Lines, lines};

/// The captured log.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panics while it writes");
        String::from_utf8(bytes.clone()).expect("the log is text")
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().expect("no test panics while it writes");
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A layer of log lines in a format and at some levels, and the place where they are captured.
pub fn captured(format: Format, levels: &str) -> (Lines, Written) {
    let written = Written::default();
    let writer = {
        let written = written.clone();
        move || written.clone()
    };
    (lines(format, levels.into(), false, writer), written)
}
