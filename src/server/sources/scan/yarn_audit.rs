//! `yarn audit --json` of yarn 1: one JSON object per line. Its advisories are those of `npm audit`
//! version 1, too, and of the documents for Node.js in `cve-reports`.
//!
//! Complete: the last line is the summary, no line is an error, and each line can be read.

use serde::Deserialize;

use super::{
    Findings, Format, Parsed,
    identifier::{advisory, identifier},
    items::Items,
    text,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::fields::Field,
};

pub const FORMAT: Format = Format {
    name: "yarn audit",
    detect: |shape| shape.has(&["type", "data"]),
    parse: |text| Ok(vec![lines(text)]),
};

#[derive(Deserialize)]
struct Line<'a> {
    r#type: String,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    advisory: Option<Advisory<'a>>,
}

/// An advisory of the npm registry about one package.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Advisory<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    module_name: Field<'a>,
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    severity: Field<'a>,
    #[serde(borrow)]
    cves: Items<'a>,
    #[serde(borrow)]
    github_advisory_id: Field<'a>,
    #[serde(borrow)]
    url: Field<'a>,
    #[serde(borrow)]
    patched_versions: Field<'a>,
    #[serde(borrow)]
    findings: Items<'a>,
    /// The advisory itself, in the form of yarn's lines.
    #[serde(borrow)]
    advisory: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Installed<'a> {
    #[serde(borrow)]
    version: Field<'a>,
}

fn lines(text: &str) -> Parsed {
    let mut findings = Findings::default();
    let mut has_summary = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // Nothing follows the summary of a run that went well.
        has_summary = false;
        let Ok(line) = serde_json::from_str::<Line<'_>>(line) else {
            findings.incomplete("one of its lines is damaged");
            continue;
        };
        match &*line.r#type {
            "auditSummary" => has_summary = true,
            "auditAdvisory" => {
                let data = line.data.map_or("null", |data| data.get());
                match serde_json::from_str::<Data<'_>>(data) {
                    Ok(Data {
                        advisory: Some(advisory),
                    }) => advisory.add_to(&mut findings, false),
                    _ => findings.incomplete("one of its advisories has the wrong form"),
                }
            }
            "error" => findings.incomplete("yarn reported an error"),
            // Warnings and steps.
            _ => {}
        }
    }
    if !has_summary {
        findings.incomplete("the summary at its end is missing");
    }
    Parsed {
        scanner: "yarn-audit".to_owned(),
        codebase_type: Some("node"),
        findings,
        ..Parsed::default()
    }
}

impl Advisory<'_> {
    /// Adds the advisory for its package.
    pub fn add_to(self, findings: &mut Findings, suppressed: bool) {
        if let Some(inner) = self.advisory.or(self.data) {
            return match serde_json::from_str::<Advisory<'_>>(inner.get()) {
                Ok(inner) => inner.add_to(findings, suppressed),
                Err(_) => findings.incomplete("one of its advisories has the wrong form"),
            };
        }
        let url = text(self.url).unwrap_or_default();
        let number = text(self.id).unwrap_or_default();
        let github = text(self.github_advisory_id).unwrap_or_default();
        let cves: Vec<String> = self.cves.texts().collect();
        let names = cves.iter().map(String::as_str);
        let names = names.chain([&*github, advisory(&url).unwrap_or_default(), &*number]);
        let package = text(self.module_name).or_else(|| text(self.name));
        let (Some(id), Some(package)) = (identifier(names), package) else {
            return findings.incomplete("one of its advisories has no id or no package");
        };
        let installed = self.findings.first::<Installed<'_>>();
        findings.push(ReportedFinding {
            id,
            package,
            version: installed.and_then(|installed| text(installed.version)),
            fixed_in: text(self.patched_versions).filter(|versions| versions != "<0.0.0"),
            severity: Severity::of(&text(self.severity).unwrap_or_default()),
            suppressed,
            ..ReportedFinding::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    const ADVISORY: &str = r#"{"type":"auditAdvisory","data":{"resolution":{"id":1004946,"path":"jest>ansi-regex","dev":true,"optional":false,"bundled":false},"advisory":{"findings":[{"version":"5.0.0","paths":["jest>ansi-regex"]}],"cves":["CVE-2021-3807"],"title":"Inefficient Regular Expression","module_name":"ansi-regex","vulnerable_versions":">2.1.1 <5.0.1","patched_versions":">=5.0.1","severity":"high","github_advisory_id":"GHSA-93q8-gq69-wqmw","id":1004946,"url":"https://github.com/advisories/GHSA-93q8-gq69-wqmw"}}}"#;
    const OLD: &str = r#"{"type":"auditAdvisory","data":{"advisory":{"module_name":"kind-of","severity":"low","patched_versions":"<0.0.0","id":1490,"cves":[],"url":"https://npmjs.com/advisories/1490"}}}"#;
    const SUMMARY: &str = r#"{"type":"auditSummary","data":{"vulnerabilities":{"info":0,"low":1,"moderate":0,"high":1,"critical":0},"dependencies":900,"totalDependencies":900}}"#;

    #[test]
    fn advisories_are_read_and_repeated_ones_count_once() {
        let warning = r#"{"type":"warning","data":"No license field"}"#;
        let text = [warning, ADVISORY, ADVISORY, OLD, SUMMARY].join("\n");
        let scanned = report(&text);
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.report.codebase_type, "node");
        let expected = [
            "1490 kind-of - - low",
            "CVE-2021-3807 ansi-regex 5.0.0 >=5.0.1 high",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn without_its_summary_or_with_an_error_it_is_incomplete() {
        let error = r#"{"type":"error","data":"503"}"#;
        let truncated = &ADVISORY[..100];
        for text in [
            ADVISORY.to_owned(),
            [ADVISORY, error, SUMMARY].join("\n"),
            [SUMMARY, ADVISORY].join("\n"),
            [SUMMARY, truncated].join("\n"),
        ] {
            let scanned = report(&text);
            assert!(!scanned.report.complete, "{text}");
        }
        assert!(report(SUMMARY).report.complete);
    }
}
