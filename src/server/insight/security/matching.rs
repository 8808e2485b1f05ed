//! The match of a rule and a finding.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use crate::server::{
    model::{ReportedFinding, Selector, SelectorKind, SuppressionRule},
    snapshot::Finding,
};

/// The largest compiled expression, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// A vulnerability of a dependency, of a report or of a finding.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub id: &'a str,
    pub package: &'a str,
    pub version: Option<&'a str>,
    pub package_url: Option<&'a str>,
    pub file_path: Option<&'a str>,
    pub sha1: Option<&'a str>,
}

impl<'a> From<&'a ReportedFinding> for Subject<'a> {
    fn from(finding: &'a ReportedFinding) -> Self {
        Self {
            id: &finding.id,
            package: &finding.package,
            version: finding.version.as_deref(),
            package_url: finding.package_url.as_deref(),
            file_path: finding.file_path.as_deref(),
            sha1: finding.sha1.as_deref(),
        }
    }
}

impl<'a> From<&'a Finding> for Subject<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: &finding.id,
            package: &finding.package,
            version: finding.version.as_deref(),
            package_url: finding.package_url.as_deref(),
            file_path: finding.file_path.as_deref(),
            sha1: finding.sha1.as_deref(),
        }
    }
}

/// Matches rules, and keeps what it compiled.
#[derive(Default)]
pub struct Matcher {
    /// None of an expression that cannot be read, as of Java's that Rust does not know.
    expressions: HashMap<String, Option<Regex>>,
}

impl Matcher {
    /// Returns whether a report holds a suppressed vulnerability that a rule matches; none if that cannot be known.
    /// Scanners no longer apply a rule that has expired: of such a rule, any vulnerability that it matches counts.
    pub fn holds(
        &mut self,
        rule: &SuppressionRule,
        expired: bool,
        findings: &[ReportedFinding],
    ) -> Option<bool> {
        // A rule that cannot be decided is not unused because a report is empty.
        if !self.is_decidable(rule) {
            return None;
        }
        for finding in findings
            .iter()
            .filter(|finding| finding.suppressed || expired)
        {
            if self.matches(rule, finding.into())? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Returns whether a rule names what reports know: a vulnerability or a dependency, in an expression that can be
    /// read.
    fn is_decidable(&mut self, rule: &SuppressionRule) -> bool {
        let names = !rule.ids.is_empty() || !rule.selectors.is_empty();
        let by_cpe = |selector: &Selector| selector.kind == SelectorKind::Cpe;
        names
            && !rule.selectors.iter().any(by_cpe)
            && rule
                .selectors
                .iter()
                .all(|selector| !selector.regex || self.compiled(&selector.text).is_some())
    }

    /// Returns whether a rule suppresses a vulnerability; none if that cannot be known. Of selectors of one kind one
    /// has to match, of selectors of several kinds each kind.
    pub fn matches(&mut self, rule: &SuppressionRule, subject: Subject<'_>) -> Option<bool> {
        let named = rule
            .ids
            .iter()
            .any(|id| id.eq_ignore_ascii_case(subject.id));
        let by_name = |selector: &&Selector| selector.kind == SelectorKind::VulnerabilityName;
        let has_names = !rule.ids.is_empty() || rule.selectors.iter().any(|known| by_name(&known));
        if has_names && !named {
            let mut matched = false;
            for selector in rule.selectors.iter().filter(by_name) {
                matched |= self.text_matches(selector, subject.id)?;
            }
            if !matched {
                return Some(false);
            }
        }
        let mut kinds: Vec<SelectorKind> = rule.selectors.iter().map(|known| known.kind).collect();
        kinds.retain(|kind| *kind != SelectorKind::VulnerabilityName);
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let mut matched = false;
            for selector in rule.selectors.iter().filter(|known| known.kind == kind) {
                matched |= self.selects(selector, subject)?;
            }
            if !matched {
                return Some(false);
            }
        }
        Some(has_names || !rule.selectors.is_empty())
    }

    /// Returns whether a selector matches a dependency. What a report does not say matches: it proves nothing.
    fn selects(&mut self, selector: &Selector, subject: Subject<'_>) -> Option<bool> {
        let text = match selector.kind {
            SelectorKind::Sha1 => subject.sha1.map(str::to_owned),
            SelectorKind::PackageUrl => subject.package_url.map(str::to_owned),
            SelectorKind::FilePath => subject.file_path.map(str::to_owned),
            SelectorKind::Package => Some(subject.package.to_owned()),
            SelectorKind::Gav => Some(match subject.version {
                Some(version) => format!("{}:{version}", subject.package),
                None => subject.package.to_owned(),
            }),
            SelectorKind::Cpe => return None,
            SelectorKind::VulnerabilityName => Some(subject.id.to_owned()),
        };
        match text {
            Some(text) => self.text_matches(selector, &text),
            None => Some(true),
        }
    }

    /// Compares as dependency-check does: without regard to case; an expression has to match the whole text.
    fn text_matches(&mut self, selector: &Selector, text: &str) -> Option<bool> {
        let wanted = selector.text.trim();
        if selector.regex {
            return self
                .compiled(&selector.text)
                .map(|expression| expression.is_match(text));
        }
        let (wanted, text) = (wanted.to_lowercase(), text.to_lowercase());
        Some(match selector.kind {
            // A path in the repository, however the scanner begins it.
            SelectorKind::FilePath => text.ends_with(&wanted),
            // With or without its version.
            SelectorKind::PackageUrl | SelectorKind::Gav => {
                let rest = text.strip_prefix(&wanted);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', ':', '?']))
            }
            _ => text == wanted,
        })
    }

    fn compiled(&mut self, pattern: &str) -> Option<&Regex> {
        if !self.expressions.contains_key(pattern) {
            let whole = format!("^(?:{})$", pattern.trim());
            let expression = RegexBuilder::new(&whole)
                .case_insensitive(true)
                .size_limit(MAX_REGEX)
                .build();
            self.expressions.insert(pattern.to_owned(), expression.ok());
        }
        self.expressions.get(pattern)?.as_ref()
    }
}
