//! Suppression rules: entries of a repository's files that silence a dependency scanner.

use serde::{Deserialize, Serialize};

use super::text::{MAX_NAME, MAX_VERSION, cut_to, shorten};

/// The most rules of one repository that are kept.
pub const MAX_RULES: usize = 2_000;
/// The most ids and selectors of one rule that are kept.
const MAX_PARTS: usize = 500;

/// One `<suppress>` element, or the like of another tool, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuppressionRule {
    pub format: RuleFormat,
    /// The path of the file.
    pub file: String,
    /// The first and the last line of the entry, from 1; 0 if unknown.
    pub line: u32,
    pub last_line: u32,
    /// CVE and advisory ids, in upper case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Dependencies that the rule is limited to; every dependency if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selectors: Vec<Selector>,
    /// The score under which everything is suppressed, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss_below: Option<String>,
    /// The last day, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The reason, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl SuppressionRule {
    /// Cuts every text and list to its limit.
    pub fn bound(&mut self) {
        shorten(&mut self.file);
        self.ids.truncate(MAX_PARTS);
        self.selectors.truncate(MAX_PARTS);
        for id in &mut self.ids {
            cut_to(id, MAX_VERSION);
        }
        for selector in &mut self.selectors {
            cut_to(&mut selector.text, MAX_NAME);
        }
        for text in [&mut self.cvss_below, &mut self.until]
            .into_iter()
            .flatten()
        {
            cut_to(text, MAX_VERSION);
        }
        if let Some(notes) = &mut self.notes {
            cut_to(notes, MAX_NAME);
        }
    }
}

/// The tool whose file holds a rule.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum RuleFormat {
    #[default]
    DependencyCheck,
    Trivy,
    OsvScanner,
    YarnAudit,
    Snyk,
    Nsp,
}

impl RuleFormat {
    /// The text for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::DependencyCheck => "dependency-check",
            Self::Trivy => "Trivy",
            Self::OsvScanner => "OSV-Scanner",
            Self::YarnAudit => "yarn audit",
            Self::Snyk => "Snyk",
            Self::Nsp => "nsp",
        }
    }
}

/// A dependency that a rule is limited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    pub kind: SelectorKind,
    /// As written.
    pub text: String,
    /// The text is a regular expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regex: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelectorKind {
    Sha1,
    PackageUrl,
    /// Group, artefact and version of Maven.
    Gav,
    FilePath,
    Cpe,
    /// A package by its bare name.
    Package,
    /// A vulnerability by a name that is no id.
    VulnerabilityName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_rule_is_bounded() {
        let long = || "9".repeat(1_000);
        let mut rule = SuppressionRule {
            file: long(),
            ids: vec![long(); 1_000],
            selectors: vec![
                Selector {
                    kind: SelectorKind::Gav,
                    text: long(),
                    regex: false,
                };
                1_000
            ],
            cvss_below: Some(long()),
            until: Some(long()),
            notes: Some(long()),
            ..SuppressionRule::default()
        };
        rule.bound();
        assert_eq!((rule.ids.len(), rule.selectors.len()), (500, 500));
        let text = serde_json::to_string(&rule).expect("JSON");
        assert!(text.split(|c| c != '9').all(|nines| nines.len() <= 300));
    }
}
