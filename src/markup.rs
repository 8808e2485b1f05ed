//! HTML that both sides make from data. Templates escape every text by themselves.
//!
//! A figure's table is one string: hundreds of rows are then one node to the framework, and hydration
//! needs no second copy of them.

use std::borrow::Cow;

use maud::{Markup, PreEscaped, html};

use crate::{
    api::{Cell, CellKind, ColumnInfo},
    numbers,
};

/// Text from data with its bidirectional controls spelled out, as in `<U+202E>`: these would turn the
/// text beside it. Templates escape the result.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_bidi_control) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_bidi_control(character) {
            visible.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            visible.push(character);
        }
    }
    Cow::Owned(visible)
}

const fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The most rows of a table on a page.
pub const MAX_ROWS: usize = 500;
/// The most bytes of their HTML, which only extremely long names reach.
const MAX_BYTES: usize = 240_000;

/// The content of a `<table>` element.
pub struct Table {
    pub html: Markup,
    /// The number of rows in it.
    pub rows: usize,
}

/// Makes a table of the first rows, at most [`MAX_ROWS`]. Cells are links where `address` has one for a row and the id
/// of a column.
pub fn table(
    caption: &str,
    columns: &[ColumnInfo],
    rows: &[Vec<Cell>],
    address: impl Fn(usize, &str) -> Option<String>,
) -> Table {
    let mut body = String::new();
    let mut shown = 0;
    for (index, cells) in rows.iter().take(MAX_ROWS).enumerate() {
        let row = row(columns, cells, |column| address(index, column)).into_string();
        if body.len() + row.len() > MAX_BYTES {
            break;
        }
        body.push_str(&row);
        shown += 1;
    }
    let html = html! {
        caption { (visible(caption)) }
        thead {
            tr {
                @for column in columns {
                    th scope="col" class=[class(column.kind)] { (visible(&column.title)) }
                }
            }
        }
        tbody { (PreEscaped(body)) }
    };
    Table { html, rows: shown }
}

fn row(columns: &[ColumnInfo], cells: &[Cell], address: impl Fn(&str) -> Option<String>) -> Markup {
    html! {
        tr {
            @for (index, (cell, column)) in cells.iter().zip(columns).enumerate() {
                @let text = cell_text(cell, column.kind);
                // Nothing is behind a zero or what is unknown.
                @let is_none = matches!(cell, Cell::Count(0) | Cell::Missing);
                @let href = if is_none { None } else { address(&column.id) };
                @let content = html! {
                    @match &href {
                        Some(href) => a href=(href) { (visible(&text)) },
                        None => (visible(&text)),
                    }
                };
                @if index == 0 {
                    th scope="row" class=[class(column.kind)] { (content) }
                } @else {
                    td class=[class(column.kind)] { (content) }
                }
            }
        }
    }
}

const fn class(kind: CellKind) -> Option<&'static str> {
    match kind {
        CellKind::Text => None,
        CellKind::Count | CellKind::Number | CellKind::Percent => Some("number"),
        CellKind::Instant | CellKind::Date => Some("instant"),
    }
}

fn cell_text(cell: &Cell, kind: CellKind) -> Cow<'_, str> {
    match (cell, kind) {
        (Cell::Count(count), _) => match u64::try_from(*count) {
            Ok(count) => with_unit(numbers::thousands(count), kind).into(),
            Err(_) => count.to_string().into(),
        },
        (Cell::Number(number), _) => with_unit(number.to_string(), kind).into(),
        (Cell::Text(text), CellKind::Instant) => numbers::instant(text).into(),
        (Cell::Text(text), CellKind::Date) => numbers::date(text).into(),
        (Cell::Text(text), _) => text.into(),
        (Cell::Missing, _) => "–".into(),
    }
}

fn with_unit(mut number: String, kind: CellKind) -> String {
    if matches!(kind, CellKind::Percent) {
        number.push('%');
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>\"&\u{202e}";
    const ESCAPED: &str = "&lt;script&gt;&quot;&amp;&lt;U+202E&gt;";

    fn column(title: &str, kind: CellKind) -> ColumnInfo {
        ColumnInfo {
            id: title.to_lowercase(),
            title: title.to_owned(),
            kind,
        }
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn hostile_text_stays_text_in_every_part_of_a_table() {
        let kinds = [
            CellKind::Text,
            CellKind::Count,
            CellKind::Number,
            CellKind::Percent,
            CellKind::Instant,
            CellKind::Date,
        ];
        let columns = kinds.map(|kind| column(HOSTILE, kind));
        let rows = [kinds.map(|_| text(HOSTILE)).to_vec()];
        let html = table(HOSTILE, &columns, &rows, |_, _| None)
            .html
            .into_string();
        assert!(
            html.contains(&format!("<caption>{ESCAPED}</caption>")),
            "{html}"
        );
        assert_eq!(html.matches(ESCAPED).count(), 1 + 2 * kinds.len(), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains('\u{202e}'), "{html}");
    }

    #[test]
    fn every_bidirectional_control_is_spelled_out() {
        for control in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            let code = format!("a<U+{:04X}>b", u32::from(control));
            assert_eq!(visible(&format!("a{control}b")), code);
        }
        assert_eq!(visible("é – 😀 <b>"), "é – 😀 <b>");
    }

    #[test]
    fn the_first_cell_heads_its_row_and_numbers_are_marked() {
        let columns = [
            column("Step", CellKind::Text),
            column("Builds", CellKind::Count),
            column("Percent", CellKind::Percent),
        ];
        let rows = [vec![text("build"), Cell::Count(1200), Cell::Missing]];
        let html = table("Steps", &columns, &rows, |_, _| None)
            .html
            .into_string();
        assert!(
            html.contains(
                "<th scope=\"row\">build</th><td class=\"number\">1,200</td><td class=\"number\">–</td>"
            ),
            "{html}"
        );
    }

    #[test]
    fn a_table_ends_after_so_many_rows_or_bytes() {
        let columns = [column("Step", CellKind::Text)];
        let made = |name: &str| {
            table("Steps", &columns, &vec![vec![text(name)]; 5_000], |_, _| {
                None
            })
        };
        let many = made("build");
        assert_eq!(many.rows, MAX_ROWS);
        assert_eq!(
            many.html.into_string().matches("<tr>").count(),
            1 + MAX_ROWS
        );
        let long = made(&"\u{202e}".repeat(300));
        let html = long.html.into_string();
        assert!((1..MAX_ROWS).contains(&long.rows), "{} rows", long.rows);
        assert_eq!(html.matches("<tr>").count(), 1 + long.rows);
        assert!(html.len() < 241_000, "{} bytes", html.len());
    }

    #[test]
    fn cells_read_as_their_column_says() {
        for (cell, kind, expected) in [
            (Cell::Number(16.8), CellKind::Percent, "16.8%"),
            (Cell::Count(17), CellKind::Percent, "17%"),
            (Cell::Number(0.5), CellKind::Number, "0.5"),
            (Cell::Count(-3), CellKind::Count, "-3"),
            (
                text("2019-10-25T17:15:00Z"),
                CellKind::Instant,
                "25 Oct 2019, 17:15 UTC",
            ),
            (text("2019-10-05"), CellKind::Date, "5 Oct 2019"),
            (text("2019-10-05"), CellKind::Text, "2019-10-05"),
        ] {
            assert_eq!(cell_text(&cell, kind), expected);
        }
    }
}
