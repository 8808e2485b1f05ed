//! Log lines that tests read again.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

pub use super::log::Format;
use super::log::{Lines, lines};

/// What was logged.
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

/// Lines in a format and of some levels, and where they are found.
pub fn captured(format: Format, levels: &str) -> (Lines, Written) {
    let written = Written::default();
    let writer = {
        let written = written.clone();
        move || written.clone()
    };
    (lines(format, levels.into(), false, writer), written)
}
