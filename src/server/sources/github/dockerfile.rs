//! The base images of a Dockerfile: its FROM lines, with build arguments replaced by their defaults.
//! Everything else is ignored.

use std::collections::BTreeMap;

use super::here_documents::{here_documents, last_lines};

/// Longer than any image's name; also limits arguments that repeat each other.
pub const MAX_NAME: usize = 1_000;
/// More stages than any real Dockerfile has.
pub const MAX_STAGES: usize = 200;
/// The maximum nesting of defaults in defaults.
const MAX_DEPTH: usize = 8;

/// One FROM line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// The image as written.
    pub written: String,
    /// The image with its arguments filled in; none if that gives no usable name.
    pub image: Option<String>,
    /// The name of this stage.
    pub alias: Option<String>,
    /// The index of the earlier stage that is its base.
    pub stage: Option<usize>,
    /// The line, from 1.
    pub line: u32,
}

/// Returns every FROM line, in file order.
pub fn parse(text: &str) -> Vec<From> {
    let mut arguments: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut stages: Vec<From> = Vec::new();
    for (line, instruction) in instructions(text) {
        let (keyword, rest) = split_word(&instruction);
        if keyword.eq_ignore_ascii_case("ARG") && stages.is_empty() {
            // Arguments inside a stage do not apply to FROM lines.
            for declared in words(rest) {
                let (name, default) = match declared.split_once('=') {
                    Some((name, default)) => (name, fill(unquoted(default), &arguments, 0)),
                    None => (declared.as_str(), None),
                };
                arguments.insert(name.to_owned(), default);
            }
        } else if keyword.eq_ignore_ascii_case("FROM") {
            stages.extend(stage(line, rest, &arguments, &stages));
            if stages.len() == MAX_STAGES {
                break;
            }
        }
    }
    stages
}

/// Returns the FROM line that a stage is ultimately based on, by the names of stages.
pub fn root(stages: &[From], index: usize) -> Option<&From> {
    let mut stage = stages.get(index)?;
    // A stage is only based on earlier ones, so this ends.
    while let Some(base) = stage.stage {
        stage = &stages[base];
    }
    Some(stage)
}

fn stage(
    line: u32,
    rest: &str,
    arguments: &BTreeMap<String, Option<String>>,
    earlier: &[From],
) -> Option<From> {
    let words = words(rest);
    let mut words = words.iter().skip_while(|word| word.starts_with("--"));
    let written = words.next()?.clone();
    let alias = match (words.next(), words.next()) {
        (Some(keyword), Some(alias)) if keyword.eq_ignore_ascii_case("AS") => Some(alias.clone()),
        _ => None,
    };
    let image = fill(unquoted(&written), arguments, 0);
    let image = image.map(|image| image.trim().to_owned());
    let image = image.filter(|image| !image.is_empty());
    let is_base = |stage: &From| {
        let alias = stage.alias.as_deref().zip(image.as_deref());
        alias.is_some_and(|(alias, image)| alias.eq_ignore_ascii_case(image))
    };
    let stage = earlier.iter().rposition(is_base);
    Some(From {
        written: written.chars().take(MAX_NAME).collect(),
        image,
        alias,
        stage,
        line,
    })
}

/// Splits a file into instructions of one line each: joins continued lines, and drops comments and
/// here-documents. Each has the line that it begins on.
fn instructions(text: &str) -> Vec<(u32, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let escape = escape(text);
    let mut instructions = Vec::new();
    let mut current = String::new();
    let mut first = 1;
    let last_lines = last_lines(text);
    let mut lines = text.lines().enumerate();
    while let Some((mut index, line)) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && !current.is_empty()) {
            continue;
        }
        if current.is_empty() {
            first = u32::try_from(index + 1).unwrap_or(u32::MAX);
        }
        if let Some(continued) = trimmed.strip_suffix(escape) {
            current.push_str(continued);
            current.push(' ');
            continue;
        }
        current.push_str(trimmed);
        for here in here_documents(&current) {
            // A here-document without an end does not count, and must not swallow the rest.
            let last = last_lines.get(&(here.tabs, here.end.as_str()));
            if last > Some(&index)
                && let Some((end, _)) = lines.find(|(_, line)| here.ends_at(line))
            {
                index = end;
            }
        }
        instructions.push((first, std::mem::take(&mut current)));
    }
    instructions.push((first, current));
    instructions.retain(|(_, instruction)| !instruction.is_empty());
    instructions
}

/// Returns the character that continues a line: a backslash, or the one that the first lines set.
fn escape(text: &str) -> char {
    let comments = text.lines().take_while(|line| line.trim().starts_with('#'));
    let directive = comments.into_iter().find_map(|line| {
        let (name, value) = line.trim().trim_start_matches('#').split_once('=')?;
        (name.trim().eq_ignore_ascii_case("escape")).then(|| value.trim().to_owned())
    });
    match directive.as_deref() {
        Some("`") => '`',
        _ => '\\',
    }
}

pub fn split_word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// Splits text at white space, except within braces and quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut braces) = (None, 0_usize);
    for c in text.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if open == c => quote = None,
            ('{', None) => braces += 1,
            ('}', None) => braces = braces.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && quote.is_none() && braces == 0 {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`. An argument without a default
/// is empty, as in a build that sets none. Returns none if the result grows too long.
fn fill(text: &str, arguments: &BTreeMap<String, Option<String>>, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        filled.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let value = |name: &str| arguments.get(name).cloned().flatten();
        if let Some(inner) = rest.strip_prefix('{') {
            let end = closing(inner)?;
            let name_end = inner.find(|c: char| !is_name(c)).unwrap_or(end).min(end);
            let (name, operator) = (&inner[..name_end], &inner[name_end..end]);
            let known = value(name);
            let set = known.as_ref().is_some_and(|known| !known.is_empty());
            let replacement = match operator.trim_start_matches(':').split_at_checked(1) {
                Some(("-", default)) if !set => fill(default, arguments, depth + 1)?,
                Some(("+", other)) if set => fill(other, arguments, depth + 1)?,
                Some(("+", _)) => String::new(),
                _ => known.unwrap_or_default(),
            };
            filled.push_str(&replacement);
            rest = &inner[end + 1..];
        } else {
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            filled.push_str(&value(&rest[..end]).unwrap_or_default());
            rest = &rest[end..];
        }
        if filled.len() > MAX_NAME {
            return None;
        }
    }
    filled.push_str(rest);
    (filled.len() <= MAX_NAME).then_some(filled)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns the index of the brace that closes one opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(index);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the image that the last stage is based on.
    fn base(text: &str) -> Option<String> {
        let stages = parse(text);
        root(&stages, stages.len().checked_sub(1)?)?.image.clone()
    }

    #[test]
    fn the_base_of_the_last_stage_is_found() {
        let cases = [
            ("FROM node:8.12.0", "node:8.12.0"),
            ("from node:20 as a\nfrom a", "node:20"),
            (
                "# FROM x\n\nFROM --platform=$BUILDPLATFORM node:20 AS a\nRUN x\nFROM A AS b\nFROM b",
                "node:20",
            ),
            ("ARG base=node:8\nFROM ${base} AS x", "node:8"),
            ("ARG V=8\nARG base=node:${V}\nFROM $base", "node:8"),
            (
                "ARG PLATFORM=\"\"\nFROM eclipse-temurin${PLATFORM}:21",
                "eclipse-temurin:21",
            ),
            (
                "ARG PLATFORM\nFROM eclipse-temurin${PLATFORM}:21",
                "eclipse-temurin:21",
            ),
            ("ARG A=1 B='x y'\nFROM a:$A", "a:1"),
            (
                "ARG BASE_IMAGE\nFROM ${BASE_IMAGE:-openjdk:21-jdk-slim}",
                "openjdk:21-jdk-slim",
            ),
            ("ARG A=node:9\nFROM ${A:-openjdk:21}", "node:9"),
            ("FROM ${A:-${B:-node:7}}", "node:7"),
            ("ARG A=1\nFROM node${A:+-slim}:8", "node-slim:8"),
            ("FROM \\\n  # why\n\n  node:10 \\\n  AS x", "node:10"),
            ("# escape=`\nFROM `\n node:10", "node:10"),
            (
                "FROM localhost:5000/a/node:10@sha256:0123",
                "localhost:5000/a/node:10@sha256:0123",
            ),
            ("FROM a\nRUN <<EOF\nFROM b\nEOF\n", "a"),
            (
                "FROM a\nRUN cat <<-\"END\" <<X\nFROM b\n\tEND\nFROM c\nX\nFROM d",
                "d",
            ),
            ("FROM a\nRUN cat <<EOF\nFROM b\n\tEOF\nFROM c\nEOF", "a"),
            ("FROM a\nRUN echo it\\'s <<'E O F'\nFROM b\nE O F\n", "a"),
            ("FROM a\nRUN (cat <<A; cat <<B)\nFROM b\nA\nFROM c\nB", "a"),
            // Looks like a here-document, or has no end.
            ("FROM a\nRUN sed 's/<<ENV>>/x/' y\nFROM b\nENV", "b"),
            (
                "FROM a\nRUN echo \"<<EOF\" \"\\\" <<EOF\"\nFROM b\nEOF",
                "b",
            ),
            ("FROM a\nRUN echo $((1<<4)) $(( 1 <<four ))\nFROM b\n4", "b"),
            ("FROM a\nRUN cat <<<x <<'y\nFROM b\nx\ny", "b"),
            ("FROM a\nRUN cat <<A <<B\nB\nA\nFROM c", "c"),
            ("EOF\nFROM a\nRUN cat <<EOF\nFROM b", "b"),
            ("FROM a AS one\nARG a=b\nFROM $a:1 AS two", ":1"),
            ("FROM busybox AS downloader\r\nFROM java:11\r\n", "java:11"),
            ("FROM node AS node\nFROM node", "node"),
        ];
        for (text, expected) in cases {
            assert_eq!(base(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "RUN x",
            "FROM",
            "FROM --platform=x",
            "FROM ${A}",
            "FROM ${A",
        ] {
            assert_eq!(base(text), None, "{text}");
        }
    }

    #[test]
    fn stages_have_the_line_that_they_begin_on() {
        let text =
            "# x\nARG A=1\n\nFROM a:$A \\\n  AS one\nRUN <<EOF\nFROM x\nEOF\nFROM \\\n# why\n b\n";
        let lines: Vec<u32> = parse(text).iter().map(|stage| stage.line).collect();
        assert_eq!(lines, [4, 9]);
    }

    #[test]
    fn arguments_that_repeat_each_other_are_limited() {
        let mut text = "ARG A0=xxxxxxxxxx\n".to_owned();
        for n in 1..64 {
            text.push_str(&format!("ARG A{n}=$A{0}$A{0}\n", n - 1));
        }
        text.push_str("FROM a:$A63");
        assert!(base(&text).is_none_or(|image| image.len() <= MAX_NAME));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "(FROM |ARG |RUN |AS |[a-c$\\{\\}:=\"'<\\\\ \n-]){0,60}") {
            let stages = parse(&text);
            for index in 0..stages.len() {
                root(&stages, index).expect("every stage has a root");
            }
        }
    }
}
