//! Places in files, and what rules are limited to.

use crate::{
    api::{ExternalAddress, FilePlace},
    server::{
        charts::shorten,
        config::Links,
        figures::security_words::listed,
        model::{RepositoryFacts, SelectorKind, SuppressionRule},
        snapshot::Snapshot,
    },
};

/// The characters of a selector.
const MAX_LENGTH: usize = 80;

/// Makes the places of a repository.
pub struct Place<'a> {
    links: &'a Links,
    repository: Option<&'a str>,
    branch: &'a str,
}

impl<'a> Place<'a> {
    pub fn new(
        snapshot: &'a Snapshot,
        address: Option<&'a ExternalAddress>,
        facts: Option<&'a RepositoryFacts>,
    ) -> Self {
        let branch = facts.and_then(|facts| facts.about.default_branch.as_deref());
        Self {
            links: &snapshot.config.links,
            repository: address.map(|address| &*address.text),
            // GitHub's name for the head of the default branch.
            branch: branch.unwrap_or("HEAD"),
        }
    }

    /// The place in a file; line 0 is the whole file.
    pub fn of(&self, file: &str, line: u32) -> FilePlace {
        let href = self
            .repository
            .and_then(|repository| self.links.file(repository, self.branch, file, line));
        FilePlace {
            file: file.to_owned(),
            line,
            href,
        }
    }
}

/// The dependencies that a rule is limited to, and its limit of scores.
pub fn selectors(rule: &SuppressionRule) -> String {
    let texts = rule.selectors.iter().map(|selector| {
        let kind = match selector.kind {
            SelectorKind::Sha1 => "SHA-1",
            SelectorKind::PackageUrl => "package URL",
            SelectorKind::Gav => "GAV",
            SelectorKind::FilePath => "file",
            SelectorKind::Cpe => "CPE",
            SelectorKind::Package => "package",
            SelectorKind::VulnerabilityName => "vulnerability",
        };
        format!("{kind} {}", shorten(&selector.text, MAX_LENGTH))
    });
    let texts: Vec<String> = texts.collect();
    let score = rule.cvss_below.iter();
    let score = score.map(|score| format!("scores below {score}"));
    let texts: Vec<String> = texts.into_iter().chain(score).collect();
    listed(texts.iter().map(String::as_str))
}
