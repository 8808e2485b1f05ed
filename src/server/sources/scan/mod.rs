//! Reports of dependency scanners, each format in one file. A format is recognised by its content.
//!
//! A report is *complete* if it proves that the scanner finished and says everything that it found. Only such
//! a report resolves findings of before, so each format states its rule.

mod cve_report;
mod cyclonedx;
mod dependency_check;
mod findings;
#[cfg(any(test, fuzzing))]
pub mod fuzz_targets;
mod identifier;
mod import;
mod items;
mod keys;
mod npm_audit;
mod osv_scanner;
mod package_url;
mod pip_audit;
mod safety;
mod sarif;
mod trivy;
mod yarn_audit;

use jiff::Timestamp;

pub use cve_report::document as cve_report;
pub use findings::Findings;
pub use import::import;
use keys::Shape;

use super::{
    fields::{Field, instant},
    rejection::{FaultKind, Rejection},
};
use crate::server::model::ScanReport;

/// The largest report that is read.
pub const MAX_REPORT_BYTES: u64 = 64 << 20;

/// A format of reports.
struct Format {
    /// The name for readers.
    name: &'static str,
    /// Returns whether a text of this shape is one.
    detect: fn(&Shape) -> bool,
    parse: fn(&str) -> Result<Vec<Parsed>, Rejection>,
}

/// All formats. The first that recognises a report reads it.
const FORMATS: [Format; 11] = [
    dependency_check::FORMAT,
    trivy::FORMAT,
    sarif::FORMAT,
    cyclonedx::FORMAT,
    npm_audit::FORMAT,
    yarn_audit::FORMAT,
    cve_report::FORMAT,
    cve_report::NODE,
    pip_audit::FORMAT,
    safety::FORMAT,
    osv_scanner::FORMAT,
];

/// A report as far as its file says.
#[derive(Debug, Default)]
pub struct Parsed {
    /// In lower case, with hyphens for spaces.
    pub scanner: String,
    /// `java`, `node`, `python`; none if a report may hold several.
    pub codebase_type: Option<&'static str>,
    pub repository: Option<String>,
    pub branch: Option<String>,
    /// The id of its document.
    pub id: Option<String>,
    /// An RFC 3339 instant.
    pub at: Option<String>,
    pub findings: Findings,
}

/// The values of reports that do not say them.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub repository: Option<String>,
    pub at_ms: Option<i64>,
    pub codebase_type: Option<String>,
}

/// A report, the branch that was scanned if it is named, and why the report is not complete.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned {
    pub report: ScanReport,
    pub branch: Option<String>,
    /// The id of its document.
    pub id: Option<String>,
    pub incomplete: Option<String>,
}

/// Parses a report of any known format; a SARIF file holds one per tool. A report of an unknown time counts
/// as one of `now`.
///
/// # Errors
/// The text has none of the formats, is damaged, or does not say which repository it is about.
pub fn parse(text: &str, defaults: &Defaults, now: Timestamp) -> Result<Vec<Scanned>, Rejection> {
    let shape = Shape::of(text)?;
    let format = FORMATS.iter().find(|format| (format.detect)(&shape));
    let Some(format) = format else {
        let names = FORMATS.map(|format| format.name).join(", ");
        return Err(Rejection::new(
            FaultKind::UnknownFormat,
            format!("no report of a known scanner ({names})"),
        ));
    };
    let parsed = (format.parse)(text)?;
    let complete = parsed.into_iter();
    complete
        .map(|parsed| parsed.into_report(defaults, now))
        .collect()
}

impl Parsed {
    /// Fills in what the report does not say.
    ///
    /// # Errors
    /// Its repository is unknown, or its time is impossible.
    pub fn into_report(self, defaults: &Defaults, now: Timestamp) -> Result<Scanned, Rejection> {
        let stated = self.repository.filter(|name| !name.trim().is_empty());
        let repository = stated.or_else(|| defaults.repository.clone());
        let Some(repository) = repository else {
            return Err(Rejection::of(
                "repository",
                FaultKind::MissingField,
                "the report does not name its repository; give --repository",
            ));
        };
        let stated = self.at.map_or(Field::Missing, |at| Field::Text(at.into()));
        let stated_ms = instant("the time of the report", stated, now)?;
        let at_ms = stated_ms.or(defaults.at_ms);
        let codebase_type = self.codebase_type.map(str::to_owned);
        let (findings, incomplete) = self.findings.into_parts();
        let report = ScanReport {
            repository,
            scanner: self.scanner,
            codebase_type: codebase_type
                .or_else(|| defaults.codebase_type.clone())
                .unwrap_or_default(),
            at_ms: at_ms.unwrap_or_else(|| now.as_millisecond()),
            complete: incomplete.is_none(),
            findings,
        };
        Ok(Scanned {
            report: report.bounded(),
            branch: self.branch,
            id: self.id,
            incomplete,
        })
    }
}

/// The text of a field; none if it is missing or of another type.
fn text(field: Field<'_>) -> Option<String> {
    field.text().ok().flatten()
}

/// Returns the name of a repository from its address: `claim-store` of
/// `https://github.com/hmcts/claim-store.git`.
fn repository_of_url(url: &str) -> Option<String> {
    let path = url.trim().trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (_, name) = path.rsplit_once(['/', ':'])?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn now() -> Timestamp {
        "2026-11-29T08:00:00Z".parse().expect("an instant")
    }

    /// The reports of a text about the repository `claim-store`.
    pub(super) fn reports(text: &str) -> Vec<Scanned> {
        let defaults = Defaults {
            repository: Some("claim-store".to_owned()),
            ..Defaults::default()
        };
        parse(text, &defaults, now()).expect("a report")
    }

    /// The only report of a text.
    pub(super) fn report(text: &str) -> Scanned {
        let mut reports = reports(text);
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }

    /// Each finding in one line: id, package, version, fix, severity, and whether it is suppressed.
    pub(super) fn lines(scanned: &Scanned) -> Vec<String> {
        let findings = scanned.report.findings.iter();
        let line = findings.map(|finding| {
            format!(
                "{} {} {} {} {}{}",
                finding.id,
                finding.package,
                finding.version.as_deref().unwrap_or("-"),
                finding.fixed_in.as_deref().unwrap_or("-"),
                finding.severity.as_str(),
                if finding.suppressed {
                    " suppressed"
                } else {
                    ""
                }
            )
        });
        line.collect()
    }

    #[test]
    fn other_files_are_refused_with_the_known_formats() {
        for text in ["{}", "[]", r#"{"result":1}"#, r#"[{"name":"a"}]"#] {
            let refused = parse(text, &Defaults::default(), now()).expect_err("no report");
            assert_eq!(refused.kind, FaultKind::UnknownFormat, "{text}");
            assert!(refused.reason.contains("Trivy"), "{}", refused.reason);
        }
        for text in ["", "<xml>", "{\"Results\":", "1"] {
            let refused = parse(text, &Defaults::default(), now()).expect_err("no report");
            assert_ne!(refused.kind, FaultKind::UnknownFormat, "{text}");
        }
    }

    #[test]
    fn a_report_without_a_repository_needs_one() {
        let text = r#"{"auditReportVersion":2,"vulnerabilities":{},"metadata":{}}"#;
        let refused = parse(text, &Defaults::default(), now()).expect_err("no repository");
        assert_eq!(refused.field, Some("repository"));
        let scanned = report(text);
        assert_eq!(scanned.report.repository, "claim-store");
        assert_eq!(scanned.report.at_ms, now().as_millisecond());
    }

    #[test]
    fn what_a_report_says_goes_before_the_defaults() {
        let defaults = Defaults {
            repository: Some("other".to_owned()),
            at_ms: Some(1),
            codebase_type: Some("go".to_owned()),
        };
        let trivy = r#"{"SchemaVersion":2,"ArtifactName":"https://github.com/hmcts/claim-store",
            "ArtifactType":"repository","CreatedAt":"2026-11-28T10:00:00Z"}"#;
        let scanned = parse(trivy, &defaults, now()).expect("a report").remove(0);
        assert_eq!(scanned.report.repository, "claim-store");
        assert_eq!(scanned.report.at_ms, 1_795_860_000_000);
        assert_eq!(scanned.report.codebase_type, "go");
        let npm = r#"{"auditReportVersion":2,"vulnerabilities":{},"metadata":{}}"#;
        let scanned = parse(npm, &defaults, now()).expect("a report").remove(0);
        let report = scanned.report;
        assert_eq!((&*report.repository, report.at_ms), ("other", 1));
        assert_eq!(report.codebase_type, "node");
    }

    #[test]
    fn repositories_are_the_last_part_of_an_address() {
        for url in [
            "https://github.com/hmcts/claim-store.git",
            "https://github.com/hmcts/claim-store/",
            "git@github.com:hmcts/claim-store.git",
            "git@github.com:claim-store",
        ] {
            assert_eq!(
                repository_of_url(url).as_deref(),
                Some("claim-store"),
                "{url}"
            );
        }
        for url in ["", "claim-store", "https://"] {
            assert_eq!(repository_of_url(url), None, "{url}");
        }
    }

    #[test]
    fn impossible_times_are_refused() {
        for at in ["1969-12-31T00:00:00Z", "2027-01-01T00:00:00Z", "soon"] {
            let text = format!(
                r#"{{"SchemaVersion":2,"ArtifactName":".","CreatedAt":"{at}","ArtifactType":"filesystem"}}"#
            );
            let defaults = Defaults {
                repository: Some("a".to_owned()),
                ..Defaults::default()
            };
            assert!(parse(&text, &defaults, now()).is_err(), "{at}");
        }
    }
}
