//! Access to the files of one repository; collects their faults.

use std::fmt;

use super::files::{FileText, Files};

/// A version that a file states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub version: String,
    /// The path of the file.
    pub file: String,
    /// The line, from 1; 0 if unknown.
    pub line: u32,
}

pub struct Reader<'a> {
    pub files: &'a Files,
    pub faults: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a Files) -> Self {
        Self {
            files,
            faults: Vec::new(),
        }
    }

    /// Returns the text of a file, if it exists and is readable.
    pub fn text(&mut self, path: &str) -> Option<&'a str> {
        let why = match self.files.texts.get(path)? {
            FileText::Whole(text) => return Some(text),
            FileText::Binary => "is not a text file",
            FileText::TooLarge => "is larger than 4 MiB",
            FileText::Truncated => "was truncated",
        };
        self.fault(path, why);
        None
    }

    /// Returns the result of parsing a file.
    pub fn parsed<T, E: fmt::Display>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(path)?);
        parsed.map_err(|error| self.fault(path, error)).ok()
    }

    /// Returns the version that a file states, and its line.
    pub fn stated(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Option<(String, u32)>,
    ) -> Option<Statement> {
        let (version, line) = parse(self.text(path)?)?;
        Some(Statement {
            version,
            file: path.to_owned(),
            line,
        })
    }

    pub fn fault(&mut self, path: &str, fault: impl fmt::Display) {
        self.faults.push(format!("{path}: {fault}"));
    }

    pub fn has(&self, path: &str) -> bool {
        self.files.entries.contains(path) || self.files.texts.contains_key(path)
    }

    /// Returns the first of these files that exists.
    pub fn first(&self, paths: &[&str]) -> Option<String> {
        let mut paths = paths.iter();
        let found = paths.find(|path| self.has(path))?;
        Some((*found).to_owned())
    }
}

#[cfg(test)]
pub mod testing {
    use super::*;

    /// The files of a repository in its root.
    pub fn files(texts: &[(&str, &str)]) -> Files {
        let text = |text: &str| FileText::Whole(text.to_owned());
        let texts = texts.iter();
        let texts = texts.map(|(path, content)| ((*path).to_owned(), text(content)));
        let texts: std::collections::BTreeMap<_, _> = texts.collect();
        Files {
            entries: texts.keys().cloned().collect(),
            texts,
            ..Files::default()
        }
    }

    /// Returns the statements of files as `version file:line`.
    pub fn stated(
        texts: &[(&str, &str)],
        statements: fn(&mut Reader<'_>) -> Vec<Statement>,
    ) -> Vec<String> {
        let files = files(texts);
        let mut reader = Reader::new(&files);
        let statements = statements(&mut reader).into_iter();
        let lines = statements.map(|one| format!("{} {}:{}", one.version, one.file, one.line));
        lines.collect()
    }
}
