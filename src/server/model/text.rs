//! Limits of texts from outside.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

/// The most characters of a name: of a job, a step, a node, a repository or a file.
pub const MAX_NAME: usize = 300;
/// The most characters of a version, a CVE id or a date.
pub const MAX_VERSION: usize = 40;
/// The most characters of a reason or a message.
pub const MAX_NOTE: usize = 2_000;

/// Shortens a name to 300 characters; the last ones are then a hash of the whole name, so that different
/// names stay different. A shortened name stays as it is.
pub fn short_name(name: &str) -> Cow<'_, str> {
    if is_within(name, MAX_NAME) {
        return name.into();
    }
    let hash = Sha256::digest(name);
    let hash: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let start: String = name.chars().take(MAX_NAME - hash.len() - 1).collect();
    format!("{start}…{hash}").into()
}

/// Cuts a text to this many characters, the last of which is then an ellipsis.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if is_within(text, max) {
        return text.into();
    }
    let start: String = text.chars().take(max - 1).collect();
    format!("{start}…").into()
}

/// Cuts a text in place.
pub fn cut_to(text: &mut String, max: usize) {
    if let Cow::Owned(short) = cut(text, max) {
        *text = short;
    }
}

/// Shortens a name in place.
pub fn shorten(name: &mut String) {
    if let Cow::Owned(short) = short_name(name) {
        *name = short;
    }
}

/// Replaces control characters by escapes such as `\u{1b}`, so that a terminal shows them. Line feeds and
/// tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

fn is_within(text: &str, max: usize) -> bool {
    text.len() <= max || text.chars().nth(max).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_different_and_short_ones_stay_as_they_are() {
        let long = |end: &str| format!("{}{end}", "ä".repeat(MAX_NAME));
        let (a, b) = (long("a"), long("b"));
        let (short_a, short_b) = (short_name(&a), short_name(&b));
        assert_ne!(short_a, short_b);
        for short in [&short_a, &short_b] {
            assert_eq!(short.chars().count(), MAX_NAME);
            assert_eq!(&short_name(short), short);
        }
        let longest = "ä".repeat(MAX_NAME);
        assert_eq!(short_name(&longest), longest);
    }

    #[test]
    fn control_characters_are_shown_as_escapes() {
        let clipboard = "a\u{1b}]52;c;eA==\u{7}\rb\u{9b}2J\u{7f}\t\n";
        let expected = r"a\u{1b}]52;c;eA==\u{7}\u{d}b\u{9b}2J\u{7f}".to_owned() + "\t\n";
        assert_eq!(visible(clipboard), expected);
        assert!(matches!(visible("ä\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_cut_text_ends_with_an_ellipsis() {
        assert_eq!(cut("ääää", 4), "ääää");
        assert_eq!(cut("äääää", 4), "äää…");
    }
}
