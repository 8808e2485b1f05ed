//! A figure's rows as the HTML of a table, made as one string: hundreds of rows are then one node
//! to the framework, and nothing of them is sent a second time for hydration.

use std::fmt::Write as _;

use crate::{
    api::{Cell, CellKind, ColumnInfo},
    numbers,
};

/// What goes inside `<table>`; text from data is escaped.
pub fn table_html(caption: &str, columns: &[ColumnInfo], rows: &[Vec<Cell>]) -> String {
    let mut html = String::with_capacity(200 + rows.len() * columns.len() * 24);
    html.push_str("<caption>");
    escape(&mut html, caption);
    html.push_str("</caption><thead><tr>");
    for column in columns {
        html.push_str("<th scope=\"col\"");
        html.push_str(class(column.kind));
        html.push('>');
        escape(&mut html, &column.title);
        html.push_str("</th>");
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
            let (open, close) = if index == 0 {
                ("<th scope=\"row\"", "</th>")
            } else {
                ("<td", "</td>")
            };
            html.push_str(open);
            html.push_str(class(column.kind));
            html.push('>');
            escape(&mut html, &cell_text(cell, column.kind));
            html.push_str(close);
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody>");
    html
}

const fn class(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Text => "",
        CellKind::Count | CellKind::Number | CellKind::Percent => " class=\"number\"",
        CellKind::Instant | CellKind::Date => " class=\"instant\"",
    }
}

fn cell_text(cell: &Cell, kind: CellKind) -> String {
    match cell {
        Cell::Count(count) => match u64::try_from(*count) {
            Ok(count) => with_unit(numbers::thousands(count), kind),
            Err(_) => count.to_string(),
        },
        Cell::Number(number) => with_unit(number.to_string(), kind),
        Cell::Text(text) if matches!(kind, CellKind::Instant) => numbers::instant(text),
        Cell::Text(text) => text.clone(),
        Cell::Missing => "–".to_owned(),
    }
}

fn with_unit(mut number: String, kind: CellKind) -> String {
    if matches!(kind, CellKind::Percent) {
        number.push_str(" %");
    }
    number
}

/// Text from data, for HTML.
pub fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            // Text of one direction must not turn what stands beside it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(html, "&lt;U+{:04X}&gt;", u32::from(character))
                    .expect("writing to a string cannot fail");
            }
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(title: &str, kind: CellKind) -> ColumnInfo {
        ColumnInfo {
            id: title.to_lowercase(),
            title: title.to_owned(),
            kind,
        }
    }

    #[test]
    fn markup_in_data_stays_text() {
        let columns = [column("Step", CellKind::Text)];
        let rows = [vec![Cell::Text("<script>\"&\u{202e}".to_owned())]];
        let html = table_html("<b>", &columns, &rows);
        assert!(html.contains("<caption>&lt;b&gt;</caption>"), "{html}");
        assert!(
            html.contains("&lt;script&gt;&quot;&amp;&lt;U+202E&gt;</th>"),
            "{html}"
        );
    }

    #[test]
    fn the_first_cell_heads_its_row_and_numbers_are_marked() {
        let columns = [
            column("Step", CellKind::Text),
            column("Builds", CellKind::Count),
            column("Percent", CellKind::Percent),
        ];
        let rows = [vec![
            Cell::Text("build".to_owned()),
            Cell::Count(1200),
            Cell::Missing,
        ]];
        let html = table_html("Steps", &columns, &rows);
        assert!(
            html.contains(
                "<th scope=\"row\">build</th><td class=\"number\">1,200</td><td class=\"number\">–</td>"
            ),
            "{html}"
        );
    }
}
