//! Here-documents of a Dockerfile: lines that belong to the instruction before them.

use std::collections::HashMap;

use super::dockerfile::split_word;

/// A here-document that an instruction begins.
pub struct HereDocument {
    /// The line that ends it.
    pub end: String,
    /// Tabs before that line are ignored.
    pub tabs: bool,
}

impl HereDocument {
    /// Parses the here-document at the start of the text.
    fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("<<")?;
        let word = rest.strip_prefix('-');
        let (tabs, word) = (word.is_some(), word.unwrap_or(rest));
        let end = match word.chars().next()? {
            quote @ ('"' | '\'') => word[1..].split_once(quote)?.0,
            _ => word
                .split(|c: char| c.is_whitespace() || "<>()|&;".contains(c))
                .next()?,
        };
        (!end.is_empty()).then(|| Self {
            end: end.to_owned(),
            tabs,
        })
    }

    pub fn ends_at(&self, line: &str) -> bool {
        self.end == if self.tabs { without_tabs(line) } else { line }
    }
}

fn without_tabs(line: &str) -> &str {
    line.trim_start_matches('\t')
}

/// Maps each line, and (with `true`) each line without leading tabs, to its last position.
pub fn last_lines(text: &str) -> HashMap<(bool, &str), usize> {
    let lines = text.lines().enumerate();
    let both = lines
        .flat_map(|(index, line)| [((false, line), index), ((true, without_tabs(line)), index)]);
    both.collect()
}

/// Returns the here-documents that an instruction begins: at the start of a word, not in quotes.
pub fn here_documents(instruction: &str) -> Vec<HereDocument> {
    let keyword = split_word(instruction).0.to_ascii_uppercase();
    if !matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut quote, mut before) = (None, ' ');
    let mut signs = instruction.char_indices();
    while let Some((index, c)) = signs.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => {
                signs.next();
            }
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if open == c => quote = None,
            ('<', None) if before.is_whitespace() => {
                found.extend(HereDocument::of(&instruction[index..]));
            }
            _ => {}
        }
        before = c;
    }
    found
}
