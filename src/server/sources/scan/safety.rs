//! `safety check --json` (versions 2 and 3): an object with `report_meta`.
//!
//! Complete: the `report_meta` and the list of vulnerabilities are there.

use serde::Deserialize;

use super::{Findings, Format, Parsed, identifier::identifier, items::Items, text};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::{
        fields::{Field, object},
        rejection::Rejection,
    },
};

pub const FORMAT: Format = Format {
    name: "safety",
    detect: |shape| shape.has(&["report_meta"]) || shape.has(&["affected_packages"]),
    parse: |text| Ok(vec![parse(text)?]),
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report<'a> {
    report_meta: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    vulnerabilities: Option<Items<'a>>,
    #[serde(borrow)]
    ignored_vulnerabilities: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    vulnerability_id: Field<'a>,
    #[serde(borrow, rename = "CVE")]
    cve: Field<'a>,
    #[serde(borrow)]
    package_name: Field<'a>,
    #[serde(borrow)]
    analyzed_version: Field<'a>,
    #[serde(borrow)]
    fixed_versions: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow)]
    severity: Option<&'a serde_json::value::RawValue>,
    ignored: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scored<'a> {
    #[serde(borrow)]
    cvssv3: Option<Cvss<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cvss<'a> {
    #[serde(borrow)]
    base_severity: Field<'a>,
}

pub fn parse(text: &str) -> Result<Parsed, Rejection> {
    let report: Report<'_> = object(text)?;
    let mut findings = Findings::default();
    match &report.vulnerabilities {
        Some(list) => findings.each(list, "vulnerabilities", |findings, found| {
            add(findings, found, false);
        }),
        None => findings.incomplete("its list of vulnerabilities is missing"),
    }
    let ignored = &report.ignored_vulnerabilities;
    findings.each(ignored, "ignored vulnerabilities", |findings, found| {
        add(findings, found, true);
    });
    if report.report_meta.is_none() {
        findings.incomplete("its report_meta is missing");
    }
    Ok(Parsed {
        scanner: "safety".to_owned(),
        codebase_type: Some("python"),
        findings,
        ..Parsed::default()
    })
}

fn add(findings: &mut Findings, found: Vulnerability<'_>, ignored: bool) {
    let cve = text(found.cve).unwrap_or_default();
    let number = text(found.vulnerability_id).unwrap_or_default();
    let package = text(found.package_name);
    let (Some(id), Some(package)) = (identifier([&*cve, &*number]), package) else {
        return findings.incomplete("one of its vulnerabilities has no id or no package");
    };
    let fixed = found.fixed_versions.and_then(|fixed| {
        let items: Items<'_> = serde_json::from_str(fixed.get()).ok()?;
        items.texts().next()
    });
    let severity = found.severity.and_then(|severity| {
        let scored: Scored<'_> = serde_json::from_str(severity.get()).ok()?;
        text(scored.cvssv3?.base_severity)
    });
    findings.push(ReportedFinding {
        id,
        package,
        version: text(found.analyzed_version),
        fixed_in: fixed,
        severity: Severity::of(&severity.unwrap_or_default()),
        suppressed: ignored || found.ignored.unwrap_or(false),
        ..ReportedFinding::default()
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    #[test]
    fn vulnerabilities_and_ignored_ones_are_read() {
        let scanned = report(
            r#"{"report_meta":{"scan_target":"files","timestamp":"2026-11-28 10:00:00","safety_version":"2.3.5"},
                "scanned_packages":{},"affected_packages":{},"vulnerabilities":[
                    {"vulnerability_id":"44742","package_name":"jinja2","ignored":false,"analyzed_version":"2.0",
                     "fixed_versions":["2.11.3"],"CVE":"CVE-2020-28493",
                     "severity":{"source":"CVE-2020-28493","cvssv3":{"base_score":5.3,"base_severity":"MEDIUM"}}},
                    {"vulnerability_id":"51457","package_name":"py","ignored":true,"analyzed_version":"1.11.0",
                     "fixed_versions":[],"CVE":null,"severity":null}],
                "ignored_vulnerabilities":[
                    {"vulnerability_id":"1","package_name":"a","CVE":"CVE-2020-12345","analyzed_version":"1"}],
                "remediations":{}}"#,
        );
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.report.codebase_type, "python");
        let expected = [
            "51457 py 1.11.0 - unknown suppressed",
            "CVE-2020-12345 a 1 - unknown suppressed",
            "CVE-2020-28493 jinja2 2.0 2.11.3 medium",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn a_missing_part_leaves_it_incomplete() {
        for text in [
            r#"{"report_meta":{}}"#,
            r#"{"affected_packages":{},"vulnerabilities":[]}"#,
            r#"{"report_meta":{},"vulnerabilities":[{}]}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
    }
}
