//! Splits a stream into JSON texts: the lines of NDJSON, or the elements of an array.

use std::io::{self, BufRead, Read};

/// Longer lines or elements are faults, so that a file without line ends cannot fill the memory.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that should be JSON, trimmed.
    Record(&'a [u8]),
    TooLong,
    /// The file ends inside an array.
    Unfinished,
    /// Data follows the end of the array.
    Trailing,
}

#[derive(Clone, Copy)]
enum Shape {
    Unknown,
    Lines,
    Array,
    AfterArray,
    End,
}

pub struct Records<R> {
    input: R,
    shape: Shape,
    buffer: Vec<u8>,
    /// The next line to read, from 1.
    line: u64,
}

impl<R: BufRead> Records<R> {
    pub const fn new(input: R) -> Self {
        Self {
            input,
            shape: Shape::Unknown,
            buffer: Vec::new(),
            line: 1,
        }
    }

    /// The next piece and the line on which it begins; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<(u64, Piece<'_>)>> {
        if matches!(self.shape, Shape::Unknown) {
            self.shape = self.detect()?;
        }
        match self.shape {
            Shape::Lines => self.next_line(),
            Shape::Array => self.next_element(),
            Shape::AfterArray => {
                self.shape = Shape::End;
                let rest = self.skip(|byte| byte.is_ascii_whitespace())?;
                Ok(rest.map(|_| (self.line, Piece::Trailing)))
            }
            Shape::Unknown | Shape::End => Ok(None),
        }
    }

    fn detect(&mut self) -> io::Result<Shape> {
        // No JSON text begins with a byte of the byte order mark, so the bytes need no distinction.
        let mark_or_space =
            |byte: u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(&byte);
        Ok(match self.skip(mark_or_space)? {
            None => Shape::End,
            Some(b'[') => {
                self.input.consume(1);
                Shape::Array
            }
            Some(_) => Shape::Lines,
        })
    }

    /// Skips bytes and returns the first other one without consuming it; `None` at the end.
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) -> io::Result<Option<u8>> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|&byte| !skipped(byte));
            let found = end.map(|end| available[end]);
            let end = end.unwrap_or(available.len());
            self.line += line_ends(&available[..end]);
            self.input.consume(end);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Option<(u64, Piece<'_>)>> {
        loop {
            self.buffer.clear();
            let line = self.line;
            let limit = MAX_RECORD_BYTES as u64 + 1;
            let read = (&mut self.input)
                .take(limit)
                .read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read > MAX_RECORD_BYTES && self.buffer.last() != Some(&b'\n') {
                self.input.skip_until(b'\n')?;
                return Ok(Some((line, Piece::TooLong)));
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Some((line, Piece::Record(self.buffer.trim_ascii()))));
            }
        }
    }

    fn next_element(&mut self) -> io::Result<Option<(u64, Piece<'_>)>> {
        let between = |byte: u8| byte.is_ascii_whitespace() || byte == b',';
        match self.skip(between)? {
            None => {
                self.shape = Shape::End;
                return Ok(Some((self.line, Piece::Unfinished)));
            }
            Some(b']') => {
                self.input.consume(1);
                self.shape = Shape::AfterArray;
                return self.next();
            }
            Some(_) => {}
        }
        self.buffer.clear();
        let line = self.line;
        let mut element = Element::default();
        let mut too_long = false;
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                self.shape = Shape::End;
                return Ok(Some((line, Piece::Unfinished)));
            }
            let end = element.end_in(available);
            let taken = &available[..end.unwrap_or(available.len())];
            self.line += line_ends(taken);
            too_long |= self.buffer.len() + taken.len() > MAX_RECORD_BYTES;
            if !too_long {
                self.buffer.extend_from_slice(taken);
            }
            let count = taken.len();
            self.input.consume(count);
            if end.is_some() {
                let record = Piece::Record(self.buffer.trim_ascii());
                let piece = if too_long { Piece::TooLong } else { record };
                return Ok(Some((line, piece)));
            }
        }
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Finds the end of an array's element, by brackets and quotes alone.
#[derive(Default)]
struct Element {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Element {
    /// The end of the element in the next bytes; `None` if it continues.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.quoted = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => self.depth += 1,
                b',' | b']' if self.depth == 0 => return Some(index),
                b'}' | b']' if self.depth == 1 => {
                    self.depth = 0;
                    return Some(index + 1);
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// All pieces, the same when read byte by byte and in large blocks.
    fn pieces(text: &[u8]) -> Vec<(u64, String)> {
        let read = |block| {
            let input = io::BufReader::with_capacity(block, text);
            let mut records = Records::new(input);
            let mut pieces = Vec::new();
            while let Some((line, piece)) = records.next().expect("memory can be read") {
                let text = match piece {
                    Piece::Record(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    other => format!("{other:?}"),
                };
                pieces.push((line, text));
            }
            pieces
        };
        let pieces = read(4096);
        assert_eq!(read(1), pieces);
        pieces
    }

    fn expect(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<(u64, String)> = expected
            .iter()
            .map(|(line, text)| (*line, (*text).to_owned()))
            .collect();
        assert_eq!(pieces(text.as_bytes()), expected, "{text:?}");
    }

    #[test]
    fn lines_may_end_with_crlf_and_be_blank() {
        expect(
            "\u{feff}{\"a\":1}\r\n\r\n  \n{\"b\":2}",
            &[(1, "{\"a\":1}"), (4, "{\"b\":2}")],
        );
        expect("\n\n {}\n", &[(3, "{}")]);
        expect("", &[]);
        expect("\u{feff}\n", &[]);
    }

    #[test]
    fn arrays_are_split_into_their_elements() {
        expect(
            "\u{feff}\n[{\"a\":\"}],\\\"\"},\n {\"b\":[1,{}]} , 7,\"x\"\n]\n",
            &[
                (2, "{\"a\":\"}],\\\"\"}"),
                (3, "{\"b\":[1,{}]}"),
                (3, "7"),
                (3, "\"x\""),
            ],
        );
        expect("[]", &[]);
    }

    #[test]
    fn an_unfinished_array_and_data_after_its_end_are_faults() {
        expect(
            "[{\"a\":1},\n{\"b\":",
            &[(1, "{\"a\":1}"), (2, "Unfinished")],
        );
        expect("[{\"a\":1}", &[(1, "{\"a\":1}"), (1, "Unfinished")]);
        expect("[{}]\n{}", &[(1, "{}"), (2, "Trailing")]);
    }

    #[test]
    fn records_that_are_too_long_are_skipped() {
        let long = "x".repeat(MAX_RECORD_BYTES + 10);
        let lines = pieces(format!("\"{long}\"\n{{}}\n").as_bytes());
        assert_eq!(lines, [(1, "TooLong".to_owned()), (2, "{}".to_owned())]);
        let array = pieces(format!("[\"{long}\",\n{{}}]").as_bytes());
        assert_eq!(array, [(1, "TooLong".to_owned()), (2, "{}".to_owned())]);
    }

    proptest! {
        /// Reading in blocks of any size splits at the same places, and reads nothing twice.
        #[test]
        fn any_bytes_are_split(bytes in "(\\PC|[\\[\\]{}\",\\\\ \n\t]){0,200}") {
            let cut: usize = pieces(bytes.as_bytes()).iter().map(|(_, text)| text.len()).sum();
            // The names of faults are text as well.
            prop_assert!(cut <= bytes.len() + "Unfinished".len() + "Trailing".len());
        }

        #[test]
        fn lines_and_array_hold_the_same_records(records in vec("\\{\"[a-z\\]},]{0,9}\":[0-9]{1,5}\\}", 0..9)) {
            let texts = |text: String| {
                let pieces = pieces(text.as_bytes()).into_iter();
                pieces.map(|(_, text)| text).collect::<Vec<_>>()
            };
            prop_assert_eq!(&texts(records.join("\n")), &records);
            prop_assert_eq!(&texts(format!("[{}]", records.join(","))), &records);
        }
    }
}
