//! A writer of tables as NDJSON or CSV.

use std::{borrow::Cow, io::Write};

use anyhow::Result;
use serde::Serializer;

use super::Format;
use crate::{api::Cell, server::model::text::visible};

pub struct Table<'a, W: Write> {
    names: &'a [&'a str],
    out: Out<W>,
}

enum Out<W: Write> {
    Ndjson(W),
    Csv(Box<csv::Writer<W>>),
}

impl<'a, W: Write> Table<'a, W> {
    /// Starts the table. A CSV always has its header, even without rows.
    pub fn new(format: Format, names: &'a [&'a str], out: W) -> Result<Self> {
        let out = match format {
            Format::Ndjson => Out::Ndjson(out),
            Format::Csv => {
                let mut csv = csv::WriterBuilder::new()
                    .quote_style(csv::QuoteStyle::NonNumeric)
                    .from_writer(out);
                csv.write_record(names.iter().map(|name| harmless(name).into_owned()))?;
                Out::Csv(Box::new(csv))
            }
        };
        Ok(Self { names, out })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match &mut self.out {
            Out::Ndjson(out) => object(out, self.names, cells),
            Out::Csv(csv) => {
                Ok(csv.write_record(cells.iter().map(|cell| csv_text(cell).into_owned()))?)
            }
        }
    }

    pub fn finish(self) -> Result<()> {
        match self.out {
            Out::Ndjson(mut out) => out.flush()?,
            Out::Csv(mut csv) => csv.flush()?,
        }
        Ok(())
    }
}

/// Writes a row as a JSON object on one line, its names in order.
pub fn object(mut out: impl Write, names: &[&str], cells: &[Cell]) -> Result<()> {
    let mut json = serde_json::Serializer::new(&mut out);
    json.collect_map(names.iter().zip(cells))?;
    out.write_all(b"\n")?;
    Ok(())
}

fn csv_text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Count(number) => number.to_string().into(),
        Cell::Number(number) => number.to_string().into(),
        Cell::Text(text) => harmless(text),
        Cell::Missing => "".into(),
    }
}

/// Prefixes text that a spreadsheet would run as a formula with an apostrophe, and shows control
/// characters as escapes, because an export may go to a terminal.
fn harmless(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}").into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, rows: &[[Cell; 2]]) -> String {
        let mut bytes = Vec::new();
        let mut table = Table::new(format, &["name", "number"], &mut bytes).expect("memory");
        for row in rows {
            table.row(row).expect("memory");
        }
        table.finish().expect("memory");
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn text_that_looks_like_a_formula_is_neutralised_and_numbers_are_not() {
        for start in ["=", "+", "-", "@", "\t"] {
            let csv = written(
                Format::Csv,
                &[[text(&format!("{start}1")), Cell::Count(-5)]],
            );
            assert_eq!(csv, format!("\"name\",\"number\"\n\"'{start}1\",-5\n"));
        }
        let csv = written(Format::Csv, &[[text("a"), Cell::Number(-2.5)]]);
        assert_eq!(csv, "\"name\",\"number\"\n\"a\",-2.5\n");
    }

    #[test]
    fn csv_shows_control_characters_as_escapes() {
        let csv = written(
            Format::Csv,
            &[[text("\u{1b}]52;c;eA==\u{7}\r\u{9b}"), Cell::Count(1)]],
        );
        let expected = r#""\u{1b}]52;c;eA==\u{7}\u{d}\u{9b}",1"#;
        assert_eq!(csv, format!("\"name\",\"number\"\n{expected}\n"));
    }

    #[test]
    fn csv_quotes_every_text_that_is_no_number() {
        let csv = written(Format::Csv, &[[text("a,\"b\"\nc"), Cell::Missing]]);
        assert_eq!(csv, "\"name\",\"number\"\n\"a,\"\"b\"\"\nc\",\"\"\n");
        assert_eq!(written(Format::Csv, &[]), "\"name\",\"number\"\n");
    }

    #[test]
    fn ndjson_keeps_text_numbers_and_the_order_of_columns() {
        let json = written(
            Format::Ndjson,
            &[
                [text("=1\n\"</script>"), Cell::Number(2.0)],
                [Cell::Missing, Cell::Count(3)],
            ],
        );
        let expected =
            "{\"name\":\"=1\\n\\\"</script>\",\"number\":2.0}\n{\"name\":null,\"number\":3}\n";
        assert_eq!(json, expected);
    }
}
