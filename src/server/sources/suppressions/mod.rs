//! Files that silence dependency scanners, each as rules of one form.

mod dependency_check;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod nsp;
mod osv_scanner;
mod snyk;
mod trivy;
mod trivy_yaml;
mod yaml;
mod yarn;

use std::sync::LazyLock;

use regex::Regex;

use super::{file::is_cve, xml::shown};
use crate::server::model::{MAX_RULES, RuleFormat, SuppressionRule};

pub use dependency_check::{Suppressions, parse as dependency_check};

/// The maximum number of reported faults per file.
const MAX_FAULTS: usize = 3;

/// A parser of a file, by its path and its text.
type Parse = fn(&str, &str) -> FileRules;

/// The files in the root of a repository, besides those of dependency-check, and their parsers.
pub const FILES: [(&str, Parse); 6] = [
    (".trivyignore", trivy::parse),
    (".trivyignore.yaml", trivy_yaml::parse),
    ("osv-scanner.toml", osv_scanner::parse),
    ("yarn-audit-known-issues", yarn::parse),
    (".snyk", snyk::parse),
    (".nsprc", nsp::parse),
];

/// The rules of a file and its faults.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileRules {
    /// In file order.
    pub rules: Vec<SuppressionRule>,
    /// For readers; empty if the file is valid.
    pub faults: Vec<String>,
}

impl FileRules {
    /// Adds a rule, unless it silences nothing.
    fn push(&mut self, rule: SuppressionRule) {
        if rule.ids.is_empty() && rule.selectors.is_empty() && rule.cvss_below.is_none() {
            return;
        }
        if self.rules.len() < MAX_RULES {
            self.rules.push(rule);
        } else {
            self.fault(format!("only the first {MAX_RULES} rules are kept"));
        }
    }

    fn fault(&mut self, fault: String) {
        if !self.faults.contains(&fault) && self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Creates a rule of a file on these lines.
fn rule(format: RuleFormat, path: &str, lines: (u32, u32)) -> SuppressionRule {
    SuppressionRule {
        format,
        file: path.to_owned(),
        line: lines.0,
        last_line: lines.1,
        ..SuppressionRule::default()
    }
}

/// Returns a text unless it is blank.
fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// More ids than a rule keeps.
const MAX_IDS: usize = 1_000;

/// Adds an id in upper case, once.
fn add_id(rule: &mut SuppressionRule, id: &str) {
    if let Some(id) = filled(&id.to_uppercase())
        && rule.ids.len() < MAX_IDS
        && !rule.ids.contains(&id)
    {
        rule.ids.push(id);
    }
}

static ADVISORY: LazyLock<Regex> = LazyLock::new(|| {
    // GitHub; lists with a year (OSV's, Sonatype's); Snyk; numbers of npm.
    Regex::new(
        r"^(?:GHSA(?:-[0-9A-Z]{4}){3}|[A-Z]{2,12}-(?:19|20)[0-9]{2}-[0-9]{1,19}|SNYK-[A-Z0-9._-]+|[0-9]{1,9})$",
    )
    .expect("the pattern is tested")
});

/// Returns true if a text in upper case is the id of a CVE or of an advisory.
fn is_id(text: &str) -> bool {
    is_cve(text) || !text.starts_with("CVE-") && ADVISORY.is_match(text)
}

/// Returns the id of a GitHub advisory at the end of a URL.
fn advisory_of_url(url: &str) -> Option<String> {
    let last = url.trim().trim_end_matches('/').rsplit('/').next()?;
    let id = last.to_uppercase();
    is_id(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_prose() {
        for id in [
            "CVE-2019-0001",
            "GHSA-36JR-MH4H-2G58",
            "SNYK-JS-LODASH-567746",
            "GO-2022-0968",
            "SONATYPE-2020-0026",
            "1065",
        ] {
            assert!(is_id(id), "{id}");
        }
        for text in [
            "",
            "CVE-2022-083",
            "PROSE",
            "CWE-79",
            "CVE-20****-1471",
            ".*",
        ] {
            assert!(!is_id(text), "{text}");
        }
    }

    #[test]
    fn rules_beyond_the_limit_are_left_out_and_reported() {
        let text = "CVE-2019-0001\n".repeat(MAX_RULES + 1);
        let read = trivy::parse(".trivyignore", &text);
        assert_eq!(read.rules.len(), MAX_RULES);
        assert_eq!(read.faults, ["only the first 2000 rules are kept"]);
    }

    /// Otherwise a file of megabytes would take minutes.
    #[test]
    fn ids_and_comments_are_not_copied_without_end() {
        let ids: String = (0..2_000)
            .map(|id| format!("CVE-2019-{}\n", id + 10_000))
            .collect();
        let text = format!("<suppressions><suppress><cve>{ids}</cve></suppress></suppressions>");
        let found = dependency_check("s.xml", &text);
        assert_eq!(found.entries.len(), 2_000);
        assert_eq!(found.rules.rules[0].ids.len(), MAX_IDS);
        let text = format!("# {}\n# {}\n{ids}", "x".repeat(5_000), "y".repeat(5_000));
        let read = trivy::parse(".trivyignore", &text);
        let notes = read.rules[0].notes.as_deref().expect("a reason");
        assert!(notes.len() < 2_000, "{}", notes.len());
    }

    #[test]
    fn empty_files_hold_no_rules() {
        for (path, parse) in FILES {
            for text in ["", " \n\n"] {
                assert_eq!(parse(path, text), FileRules::default(), "{path}");
            }
        }
    }
}
