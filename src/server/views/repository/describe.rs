//! Rules, runtimes and places in words.

use crate::{
    api::{ExternalAddress, FilePlace},
    server::{
        charts::shorten,
        config::Links,
        model::{RepositoryFacts, SelectorKind, SuppressionRule},
        snapshot::Snapshot,
    },
};

/// The ids and selectors that name a rule, and the characters of each.
const MAX_NAMED: usize = 3;
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

/// The name of a rule: its ids, else what else it selects.
pub fn name_of(rule: &SuppressionRule) -> String {
    if !rule.ids.is_empty() {
        return listed(rule.ids.iter().map(String::as_str));
    }
    match (&rule.cvss_below, rule.selectors.is_empty()) {
        (Some(score), true) => format!("everything below a score of {score}"),
        (None, true) => "nothing that is named".to_owned(),
        (_, false) => listed(rule.selectors.iter().map(|selector| &*selector.text)),
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

/// `a, b, c and 2 more`.
pub fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = texts.len();
    let first = texts.take(MAX_NAMED).map(|text| shorten(text, MAX_LENGTH));
    let first: Vec<String> = first.collect();
    let first = first.join(", ");
    match count.saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The name of a product by its id at endoflife.date.
pub fn product(id: &str) -> &str {
    match id {
        "nodejs" => "Node.js",
        "java" => "Java",
        "eclipse-temurin" => "Eclipse Temurin",
        "oracle-jdk" => "Oracle JDK",
        "amazon-corretto" => "Amazon Corretto",
        "azul-zulu" => "Azul Zulu",
        "microsoft-build-of-openjdk" => "Microsoft Build of OpenJDK",
        "redhat-build-of-openjdk" => "Red Hat build of OpenJDK",
        "python" => "Python",
        "go" => "Go",
        "dotnet" => ".NET",
        "ruby" => "Ruby",
        "php" => "PHP",
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        "alpine" | "alpine-linux" => "Alpine Linux",
        other => other,
    }
}
