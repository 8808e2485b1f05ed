//! OWASP dependency-check, its JSON report.
//!
//! Complete: it has the report's header (`reportSchema` or `scanInfo`) and a list of dependencies, and the
//! scanner met no error (`scanInfo.analysisExceptions`).

use serde::Deserialize;

use super::{Findings, Format, Parsed, identifier::identifier, items::Items, package_url, text};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::{
        fields::{Field, object},
        rejection::Rejection,
    },
};

pub const SCANNER: &str = "dependency-check";

pub const FORMAT: Format = Format {
    name: "OWASP dependency-check",
    detect: |shape| shape.has(&["reportSchema"]) || shape.has(&["scanInfo", "dependencies"]),
    parse: |text| {
        let report: Report<'_> = object(text)?;
        Ok(vec![report.into_parsed()])
    },
};

/// A report, or what is left of one.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Report<'a> {
    #[serde(borrow)]
    report_schema: Field<'a>,
    #[serde(borrow)]
    scan_info: Option<ScanInfo<'a>>,
    #[serde(borrow)]
    project_info: Option<ProjectInfo<'a>>,
    #[serde(borrow)]
    dependencies: Option<Items<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScanInfo<'a> {
    #[serde(borrow)]
    analysis_exceptions: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProjectInfo<'a> {
    #[serde(borrow)]
    report_date: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(borrow)]
    file_name: Field<'a>,
    #[serde(borrow)]
    file_path: Field<'a>,
    #[serde(borrow)]
    sha1: Field<'a>,
    #[serde(borrow)]
    packages: Items<'a>,
    #[serde(borrow)]
    vulnerabilities: Items<'a>,
    #[serde(borrow)]
    suppressed_vulnerabilities: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PackageId<'a> {
    #[serde(borrow)]
    id: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    severity: Field<'a>,
}

impl<'a> Report<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Rejection> {
        object(text)
    }

    /// The scanner's own header is there: without it, nobody can tell an empty report from none.
    pub fn has_header(&self) -> bool {
        self.report_schema != Field::Missing
            || self.scan_info.is_some()
            || self.project_info.is_some()
    }

    pub fn into_parsed(self) -> Parsed {
        let mut findings = Findings::default();
        match &self.dependencies {
            Some(dependencies) => findings.each(dependencies, "dependencies", dependency),
            None => findings.incomplete("its list of dependencies is missing"),
        }
        let empty = self.dependencies.as_ref().is_none_or(Items::is_empty);
        if empty && !self.has_header() {
            findings.incomplete("it is empty and lacks the scanner's header");
        }
        if let Some(info) = &self.scan_info
            && !info.analysis_exceptions.is_empty()
        {
            findings.incomplete("the scanner met errors (analysisExceptions)");
        }
        let date = self.project_info.map(|info| info.report_date);
        Parsed {
            scanner: SCANNER.to_owned(),
            codebase_type: None,
            repository: None,
            branch: None,
            id: None,
            at: text(date.unwrap_or_default()),
            findings,
        }
    }
}

fn dependency(findings: &mut Findings, dependency: Dependency<'_>) {
    let file_name = text(dependency.file_name).unwrap_or_default();
    let urls = dependency.packages.values.iter().filter_map(|item| {
        let id: PackageId<'_> = serde_json::from_str(item.get()).ok()?;
        let url = text(id.id)?;
        package_url::package(&url).map(|package| (url, package))
    });
    let (package_url, package, version) = match urls.take(1).next() {
        Some((url, package)) => (Some(url), package.name, package.version),
        None => (None, package_of_file(&file_name).to_owned(), None),
    };
    let finding = ReportedFinding {
        package,
        version,
        package_url,
        file_path: text(dependency.file_path).or((!file_name.is_empty()).then_some(file_name)),
        sha1: text(dependency.sha1),
        ..ReportedFinding::default()
    };
    let lists = [
        (&dependency.vulnerabilities, false),
        (&dependency.suppressed_vulnerabilities, true),
    ];
    for (list, suppressed) in lists {
        findings.each(
            list,
            "vulnerabilities",
            |findings, found: Vulnerability<'_>| {
                let Some(id) = text(found.name).and_then(|name| identifier([name.as_str()])) else {
                    return findings.incomplete("one of its vulnerabilities has no name");
                };
                let severity = text(found.severity).unwrap_or_default();
                findings.push(ReportedFinding {
                    id,
                    severity: Severity::of(&severity),
                    suppressed,
                    ..finding.clone()
                });
            },
        );
    }
}

/// The name of a package by that of its file: `snakeyaml` of `app.war: snakeyaml-1.33.jar`, `lodash` of
/// `lodash:4.17.15`.
fn package_of_file(name: &str) -> &str {
    let name = name.rsplit(": ").next().unwrap_or(name);
    let digit_follows = |at: usize| {
        let rest = &name[at + 1..];
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut ends = name.match_indices(['-', ':']);
    let end = ends.find(|(at, _)| *at > 0 && digit_follows(*at));
    match end {
        Some((at, _)) => &name[..at],
        None => name.trim_end_matches(".jar"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};
    use super::*;

    const REPORT: &str = r#"{
        "reportSchema": "1.1",
        "scanInfo": { "engineVersion": "12.1.0", "dataSource": [{ "name": "NVD", "timestamp": "" }] },
        "projectInfo": { "name": "claim-store", "reportDate": "2026-11-28T07:15:30.123456789Z", "credits": {} },
        "dependencies": [
            { "isVirtual": false, "fileName": "snakeyaml-1.33.jar", "filePath": "/w/snakeyaml-1.33.jar",
              "md5": "0", "sha1": "2cd0a87ff7df953f810c344bdf2fe3340b954c69", "evidenceCollected": {},
              "packages": [{ "id": "pkg:maven/org.yaml/snakeyaml@1.33", "confidence": "HIGH", "url": "u" }],
              "vulnerabilityIds": [{ "id": "cpe:2.3:a:snakeyaml_project:snakeyaml:1.33:*:*:*:*:*:*:*" }],
              "vulnerabilities": [
                { "source": "NVD", "name": "CVE-2022-1471", "severity": "CRITICAL",
                  "cvssv3": { "baseScore": 9.8, "baseSeverity": "CRITICAL" }, "description": "…" } ],
              "suppressedVulnerabilities": [
                { "source": "NVD", "name": "CVE-2022-38752", "severity": "MEDIUM", "notes": "false" } ] },
            { "fileName": "clean.jar", "filePath": "/w/clean.jar" },
            { "isVirtual": true, "fileName": "app.war: jquery-3.4.0.js", "filePath": "/w/app.war",
              "vulnerabilities": [{ "source": "RETIREJS", "name": "ghsa-gxr4-xjj5-5px2", "unscored": "true",
                "severity": "medium" }] }
        ]
    }"#;

    #[test]
    fn vulnerabilities_and_suppressed_ones_are_read_with_their_packages() {
        let scanned = report(REPORT);
        assert_eq!(scanned.incomplete, None);
        let report = &scanned.report;
        assert!(report.complete);
        assert_eq!(report.scanner, "dependency-check");
        assert_eq!(report.at_ms, 1_795_850_130_123);
        let expected = [
            "CVE-2022-1471 org.yaml:snakeyaml 1.33 - critical",
            "CVE-2022-38752 org.yaml:snakeyaml 1.33 - medium suppressed",
            "GHSA-GXR4-XJJ5-5PX2 jquery - - medium",
        ];
        assert_eq!(lines(&scanned), expected);
        let first = &report.findings[0];
        let expected = Some("pkg:maven/org.yaml/snakeyaml@1.33");
        assert_eq!(first.package_url.as_deref(), expected);
        assert_eq!(first.file_path.as_deref(), Some("/w/snakeyaml-1.33.jar"));
        let sha1 = Some("2cd0a87ff7df953f810c344bdf2fe3340b954c69");
        assert_eq!(first.sha1.as_deref(), sha1);
    }

    #[test]
    fn a_report_with_its_header_and_no_findings_is_complete() {
        let scanned = report(r#"{"reportSchema":"1.1","dependencies":[]}"#);
        assert!(scanned.report.complete);
    }

    #[test]
    fn errors_of_the_scanner_and_missing_parts_leave_it_incomplete() {
        let cases = [
            (
                r#"{"reportSchema":"1.1","scanInfo":{"analysisExceptions":[{"exception":{"message":"x"}}]},"dependencies":[]}"#,
                "analysisExceptions",
            ),
            (r#"{"reportSchema":"1.1"}"#, "missing"),
            (r#"{"reportSchema":"1.1","dependencies":[1]}"#, "wrong form"),
            (
                r#"{"reportSchema":"1.1","dependencies":[{"fileName":"a","vulnerabilities":[{}]}]}"#,
                "no name",
            ),
        ];
        for (text, reason) in cases {
            let scanned = report(text);
            assert!(!scanned.report.complete, "{text}");
            let said = scanned.incomplete.expect("a reason");
            assert!(said.contains(reason), "{said}");
        }
    }

    #[test]
    fn packages_without_an_address_have_the_name_of_their_file() {
        let cases = [
            ("snakeyaml-1.33.jar", "snakeyaml"),
            ("app.war: spring-core-5.3.jar", "spring-core"),
            ("lodash:4.17.15", "lodash"),
            ("@babel/core:7.0.0", "@babel/core"),
            ("local.jar", "local"),
            ("", ""),
            ("-1", "-1"),
            ("é-1", "é"),
        ];
        for (file, expected) in cases {
            assert_eq!(package_of_file(file), expected, "{file}");
        }
    }
}
