//! Reports of dependency scanners, and alerts in the same form.

use serde::{Deserialize, Serialize};

use super::text::{MAX_NAME, MAX_VERSION, cut_to, shorten};

/// The most findings of one report that are kept; a longer report is not complete.
pub const MAX_FINDINGS: usize = 10_000;

/// The result of one scan of one kind of code in one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// The name of the repository, without the organisation.
    pub repository: String,
    /// `dependency-check`, `yarn-audit`, `trivy`, `dependabot`…
    pub scanner: String,
    /// `java`, `node`, `python`, or empty.
    pub codebase_type: String,
    /// The time of the scan, Unix ms.
    pub at_ms: i64,
    /// It names everything that the scanner found. A report that is not complete changes nothing.
    pub complete: bool,
    pub findings: Vec<ReportedFinding>,
}

impl ScanReport {
    /// Cuts every text and the list to its limit, and sorts the findings without duplicates. The repository's
    /// name identifies the report and stays.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        cut_to(&mut self.scanner, MAX_VERSION);
        cut_to(&mut self.codebase_type, MAX_VERSION);
        if self.findings.len() > MAX_FINDINGS {
            self.findings.truncate(MAX_FINDINGS);
            self.complete = false;
        }
        self.findings.iter_mut().for_each(ReportedFinding::bound);
        self.findings.sort();
        self.findings.dedup();
        self
    }
}

/// A vulnerability of a dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportedFinding {
    /// The CVE, else the advisory id, in upper case.
    pub id: String,
    /// The package without its version (`org.yaml:snakeyaml`, `lodash`); of code or a secret, its path.
    pub package: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    pub severity: Severity,
    /// The scanner left it out of its result because of a rule.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// The opening of the alert, Unix ms; none if the scanner does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
}

impl ReportedFinding {
    fn bound(&mut self) {
        cut_to(&mut self.id, MAX_VERSION);
        shorten(&mut self.package);
        for text in [&mut self.version, &mut self.fixed_in, &mut self.sha1]
            .into_iter()
            .flatten()
        {
            cut_to(text, MAX_VERSION);
        }
        for text in [&mut self.package_url, &mut self.file_path]
            .into_iter()
            .flatten()
        {
            cut_to(text, MAX_NAME);
        }
    }
}

/// Ordered from the worst.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    #[default]
    Unknown,
}

impl Severity {
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Unknown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a scanner's word, in any case (`moderate` is medium, `info` is low).
    pub fn of(word: &str) -> Self {
        match &*word.trim().to_ascii_lowercase() {
            "critical" => Self::Critical,
            "high" | "error" => Self::High,
            "medium" | "moderate" | "warning" => Self::Medium,
            "low" | "info" | "note" | "negligible" | "none" => Self::Low,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_scanners_are_severities() {
        for severity in Severity::ALL {
            assert_eq!(Severity::of(severity.as_str()), severity);
        }
        assert_eq!(Severity::of(" MODERATE "), Severity::Medium);
        assert_eq!(Severity::of("?"), Severity::Unknown);
    }

    #[test]
    fn a_report_that_is_too_long_is_not_complete() {
        let report = ScanReport {
            complete: true,
            findings: (0..=MAX_FINDINGS)
                .map(|number| ReportedFinding {
                    id: format!("CVE-2026-{number}"),
                    package: "p".repeat(1_000),
                    ..ReportedFinding::default()
                })
                .collect(),
            ..ScanReport::default()
        };
        let bounded = report.bounded();
        assert_eq!(
            (bounded.findings.len(), bounded.complete),
            (MAX_FINDINGS, false)
        );
        assert!(
            bounded
                .findings
                .iter()
                .all(|finding| finding.package.chars().count() == 300)
        );
    }

    #[test]
    fn findings_are_sorted_without_duplicates() {
        let finding = |id: &str| ReportedFinding {
            id: id.to_owned(),
            ..ReportedFinding::default()
        };
        let findings = ["CVE-2", "CVE-1", "CVE-2"].map(finding).to_vec();
        let report = ScanReport {
            complete: true,
            findings,
            ..ScanReport::default()
        }
        .bounded();
        assert_eq!(report.findings, ["CVE-1", "CVE-2"].map(finding));
        assert!(report.complete);
    }
}
