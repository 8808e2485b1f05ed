//! Lines of a text file, and values in JSON and TOML with the line that they are on.

use std::{borrow::Cow, fmt, ops::Range};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

/// A counter of lines for positions that only grow.
pub struct Lines<'a> {
    text: &'a str,
    position: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            line: 1,
        }
    }

    /// Returns the first and the last line of a part of the text.
    pub fn of(&mut self, part: &str) -> (u32, u32) {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let first = self.at(start as u64);
        (first, self.at((start + part.len()) as u64))
    }

    /// Returns the line of a byte, from 1. A position before an earlier one has the line of the latter.
    pub fn at(&mut self, position: u64) -> u32 {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        let position = position.min(self.text.len()).max(self.position);
        self.line = self
            .line
            .saturating_add(line_ends(&self.text.as_bytes()[self.position..position]));
        self.position = position;
        self.line
    }
}

fn line_ends(bytes: &[u8]) -> u32 {
    let ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
    u32::try_from(ends).unwrap_or(u32::MAX)
}

/// Returns the line of a byte, from 1.
pub fn line_at(text: &str, position: usize) -> u32 {
    Lines::new(text).at(position as u64)
}

/// Returns the line of a part of a text.
pub fn line_of(text: &str, part: &str) -> u32 {
    line_at(
        text,
        (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize),
    )
}

/// The members of a JSON object, in its order, each as the text of its value.
///
/// # Errors
/// If the text is not a JSON object.
pub fn json_members(text: &str) -> serde_json::Result<Vec<(String, &str)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                members.push((name, value.get()));
            }
            Ok(members)
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Members)?;
    json.end()?;
    Ok(members)
}

/// Returns the text at a path of names in a JSON object, and its line.
pub fn json_text(text: &str, path: &[&str]) -> Option<(String, u32)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut value = text;
    for name in path {
        let members = json_members(value).ok()?;
        value = members
            .into_iter()
            .rev()
            .find(|(known, _)| known == name)?
            .1;
    }
    let found: String = serde_json::from_str(value).ok()?;
    let found = found.trim();
    (!found.is_empty()).then(|| (found.to_owned(), line_of(text, value)))
}

/// Parses TOML.
///
/// # Errors
/// If it is not valid; the message names the line and holds nothing of the file.
pub fn toml(text: &str) -> Result<DeTable<'_>, String> {
    let text = text.trim_start_matches('\u{feff}');
    DeTable::parse(text)
        .map(toml::Spanned::into_inner)
        .map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let reason: String = error.message().chars().take(200).collect();
            format!("malformed TOML on line {}: {reason}", line_at(text, at))
        })
}

/// Returns the text at a path of names in a TOML table, and its line.
pub fn toml_text(text: &str, table: &DeTable<'_>, path: &[&str]) -> Option<(String, u32)> {
    let text = text.trim_start_matches('\u{feff}');
    let (last, above) = path.split_last()?;
    let mut table = table;
    for name in above {
        table = table.get(*name)?.get_ref().as_table()?;
    }
    let value = table.get(*last)?;
    let found = toml_scalar(value.get_ref())?;
    let found = found.trim();
    (!found.is_empty()).then(|| (found.to_owned(), line_at(text, value.span().start)))
}

/// Returns a scalar of TOML as text.
pub fn toml_scalar<'a>(value: &'a DeValue<'_>) -> Option<Cow<'a, str>> {
    Some(match value {
        DeValue::String(text) => Cow::Borrowed(text.as_ref()),
        DeValue::Integer(number) => Cow::Borrowed(number.as_str()),
        DeValue::Float(number) => Cow::Borrowed(number.as_str()),
        DeValue::Boolean(is) => Cow::Borrowed(if *is { "true" } else { "false" }),
        DeValue::Datetime(time) => Cow::Owned(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

/// Returns the bytes that a TOML table and everything in it cover.
pub fn toml_extent(own: Range<usize>, table: &DeTable<'_>) -> Range<usize> {
    let spans = table
        .iter()
        .flat_map(|(name, value)| [name.span(), value.span()]);
    spans.fold(own, |whole, span| {
        whole.start.min(span.start)..whole.end.max(span.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let mut lines = Lines::new("a\nb\n\nc");
        let read = [0, 1, 2, 4, 2, 5, 900].map(|position| lines.at(position));
        assert_eq!(read, [1, 1, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn values_of_json_and_toml_have_their_line() {
        let json = "\u{feff}{\n \"engines\": {\"x\": 1,\n  \"node\": \" >=18 \"}\n}";
        let engines = ["engines", "node"];
        assert_eq!(json_text(json, &engines), Some((">=18".to_owned(), 3)));
        for odd in ["{}", "[]", "", "{\"engines\":{\"node\":18}}", "{} x"] {
            assert_eq!(json_text(odd, &engines), None, "{odd}");
        }
        let text = "[project]\nname = \"x\"\nrequires-python = \">=3.9\"\n";
        let table = toml(text).expect("TOML");
        let python = ["project", "requires-python"];
        assert_eq!(
            toml_text(text, &table, &python),
            Some((">=3.9".to_owned(), 3))
        );
        let error = toml("a = 1\nb = [").expect_err("malformed");
        assert!(error.starts_with("malformed TOML on line 2: "), "{error}");
    }
}
