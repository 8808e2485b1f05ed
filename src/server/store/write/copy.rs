//! Rows in the text format of PostgreSQL's `COPY`: one line per row, tabs between values.

/// Rows encoded for copying.
#[derive(Default)]
pub struct Rows {
    text: String,
    /// The current row already has a value.
    within: bool,
}

impl Rows {
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn separate(&mut self) {
        if self.within {
            self.text.push('\t');
        }
        self.within = true;
    }

    pub fn number(&mut self, number: impl Into<Option<i64>>) {
        use std::fmt::Write as _;
        self.separate();
        match number.into() {
            // Writing to a string cannot fail.
            Some(number) => write!(self.text, "{number}").unwrap_or_default(),
            None => self.text.push_str("\\N"),
        }
    }

    pub fn flag(&mut self, flag: bool) {
        self.separate();
        self.text.push(if flag { 't' } else { 'f' });
    }

    pub fn text<'t>(&mut self, text: impl Into<Option<&'t str>>) {
        self.separate();
        let Some(text) = text.into() else {
            self.text.push_str("\\N");
            return;
        };
        let mut left = text;
        while let Some(at) = left.find(['\\', '\t', '\n', '\r']) {
            self.text.push_str(&left[..at]);
            self.text.push_str(match left.as_bytes()[at] {
                b'\\' => "\\\\",
                b'\t' => "\\t",
                b'\n' => "\\n",
                _ => "\\r",
            });
            left = &left[at + 1..];
        }
        self.text.push_str(left);
    }

    pub fn end_row(&mut self) {
        self.text.push('\n');
        self.within = false;
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_escaped_and_null_differs_from_empty_text() {
        let mut rows = Rows::default();
        rows.text("a\tb\\N\r\n");
        rows.text("");
        rows.text(None);
        rows.number(-7);
        rows.number(None);
        rows.flag(true);
        rows.end_row();
        rows.text("é");
        rows.end_row();
        let text = String::from_utf8(rows.into_bytes()).expect("text");
        assert_eq!(text, "a\\tb\\\\N\\r\\n\t\t\\N\t-7\t\\N\tt\né\n");
    }
}
