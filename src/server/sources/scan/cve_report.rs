//! Documents of the container `cve-reports`: a build, and what its audit found.
//!
//! Complete: for Java as dependency-check's report, of which only dependencies with findings are kept, so an
//! empty list is complete only with the report's own header; for Node.js if the summary is there and agrees
//! that nothing was found where the lists are empty; for Python as the report of the audit tool.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Findings, Format, Parsed, dependency_check, items::Items, keys::Shape, pip_audit,
    repository_of_url, safety, text, yarn_audit::Advisory,
};
use crate::server::sources::{
    fields::{Field, missing, object},
    rejection::{FaultKind, Rejection},
};

/// Documents, one per line or in an array.
pub const FORMAT: Format = Format {
    name: "cve-reports",
    detect: |shape| shape.items_have(&["build", "report"]),
    parse: documents,
};

/// The report of such a document for Node.js alone.
pub const NODE: Format = Format {
    name: "yarn audit of cve-reports",
    detect: |shape| shape.has(&["vulnerabilities", "summary"]),
    parse: |text| Ok(vec![node(text)?]),
};

/// The most documents of one file.
const MAX_DOCUMENTS: usize = 10_000;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    build: Option<Build<'a>>,
    #[serde(borrow)]
    report: Option<&'a RawValue>,
    #[serde(borrow, rename = "_ts")]
    ts: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Build<'a> {
    #[serde(borrow)]
    branch_name: Field<'a>,
    #[serde(borrow)]
    git_url: Field<'a>,
    #[serde(borrow)]
    codebase_type: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeReport<'a> {
    #[serde(borrow)]
    vulnerabilities: Option<Items<'a>>,
    #[serde(borrow)]
    suppressed: Items<'a>,
    #[serde(borrow)]
    summary: Option<Summary<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary<'a> {
    #[serde(borrow)]
    vulnerabilities: Option<Counts<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts<'a> {
    #[serde(borrow)]
    low: Field<'a>,
    #[serde(borrow)]
    moderate: Field<'a>,
    #[serde(borrow)]
    high: Field<'a>,
    #[serde(borrow)]
    critical: Field<'a>,
}

/// Parses one document.
///
/// # Errors
/// It names no repository or no known type of code, or its report has the wrong form.
pub fn document(json: &str) -> Result<Parsed, Rejection> {
    let document: Document<'_> = object(json)?;
    let build = document.build.ok_or_else(|| missing("build"))?;
    let address = text(build.git_url).ok_or_else(|| missing("git_url"))?;
    let repository = repository_of_url(&address).ok_or_else(|| {
        let reason = "git_url is not the address of a repository";
        Rejection::of("git_url", FaultKind::WrongType, reason)
    })?;
    let kind = text(build.codebase_type).ok_or_else(|| missing("codebase_type"))?;
    let report = document.report.map_or("null", RawValue::get);
    let parsed = match &*kind {
        "java" => Parsed {
            codebase_type: Some("java"),
            ..java(report)?
        },
        "node" => node(report)?,
        "python" => python(report)?,
        _ => {
            let reason = "codebase_type is none of java, node and python";
            return Err(Rejection::of("codebase_type", FaultKind::WrongType, reason));
        }
    };
    let written = document.ts.number().ok().flatten();
    let written = written.and_then(|ts| Timestamp::from_second(ts).ok());
    Ok(Parsed {
        repository: Some(repository),
        branch: text(build.branch_name),
        id: text(document.id),
        at: written.map(|at| at.to_string()).or(parsed.at),
        ..parsed
    })
}

fn documents(text: &str) -> Result<Vec<Parsed>, Rejection> {
    let wrong = |_| Rejection::new(FaultKind::NotJson, "not JSON, or truncated");
    let items: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        let items: Items<'_> = serde_json::from_str(text).map_err(wrong)?;
        items.values
    } else {
        let values = serde_json::Deserializer::from_str(text).into_iter();
        let values = values.take(MAX_DOCUMENTS + 1).collect::<Result<_, _>>();
        values.map_err(wrong)?
    };
    if items.len() > MAX_DOCUMENTS {
        let reason = format!("more than {MAX_DOCUMENTS} documents");
        return Err(Rejection::new(FaultKind::TooLong, reason));
    }
    items.iter().map(|item| document(item.get())).collect()
}

fn java(report: &str) -> Result<Parsed, Rejection> {
    // Without a report there is nothing that could be read.
    let report = if report == "null" { "{}" } else { report };
    Ok(dependency_check::Report::parse(report)?.into_parsed())
}

fn node(report: &str) -> Result<Parsed, Rejection> {
    let report = if report == "null" { "{}" } else { report };
    let report: NodeReport<'_> = object(report)?;
    let mut findings = Findings::default();
    match &report.vulnerabilities {
        Some(list) => findings.each(list, "vulnerabilities", |findings, found: Advisory<'_>| {
            found.add_to(findings, false);
        }),
        None => findings.incomplete("its list of vulnerabilities is missing"),
    }
    let suppressed = &report.suppressed;
    findings.each(
        suppressed,
        "suppressed ones",
        |findings, found: Advisory<'_>| {
            found.add_to(findings, true);
        },
    );
    let is_empty = report.vulnerabilities.is_none_or(|list| list.is_empty());
    let is_empty = is_empty && report.suppressed.is_empty();
    match report.summary.map(Summary::counts_any) {
        None => findings.incomplete("its summary is missing"),
        Some(true) if is_empty => {
            findings.incomplete("its summary counts vulnerabilities, but it lists none");
        }
        Some(_) => {}
    }
    Ok(Parsed {
        scanner: "yarn-audit".to_owned(),
        codebase_type: Some("node"),
        findings,
        ..Parsed::default()
    })
}

impl Summary<'_> {
    fn counts_any(self) -> bool {
        let counts = self.vulnerabilities.unwrap_or_default();
        let Counts {
            low,
            moderate,
            high,
            critical,
        } = counts;
        [low, moderate, high, critical]
            .into_iter()
            .any(|count| matches!(count.number(), Ok(Some(1..))))
    }
}

fn python(report: &str) -> Result<Parsed, Rejection> {
    let is_safety = Shape::of(report).is_ok_and(|shape| (safety::FORMAT.detect)(&shape));
    match report {
        "null" => pip_audit::parse("{}"),
        report if is_safety => safety::parse(report),
        report => pip_audit::parse(report),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report, reports};
    use super::*;

    fn text(kind: &str, report: &str) -> String {
        format!(
            r#"{{"id":"1","build":{{"branch_name":"master","build_display_name":"1","build_tag":"t",
            "git_url":"https://github.com/hmcts/cmc-claim-store.git","codebase_type":"{kind}"}},
            "report":{report},"_ts":1795850130}}"#
        )
    }

    #[test]
    fn documents_for_java_are_reports_of_dependency_check() {
        let scanned = report(&text(
            "java",
            r#"{"reportSchema":"1.1","dependencies":[{"fileName":"a-1.jar",
                "packages":[{"id":"pkg:maven/uk/a@1"}],
                "vulnerabilities":[{"name":"CVE-2022-1471","severity":"HIGH"}],
                "suppressedVulnerabilities":[{"name":"CVE-2022-38752","severity":"LOW"}]}]}"#,
        ));
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.branch.as_deref(), Some("master"));
        let report = &scanned.report;
        assert_eq!(
            (
                &*report.repository,
                &*report.scanner,
                &*report.codebase_type
            ),
            ("cmc-claim-store", "dependency-check", "java")
        );
        assert_eq!(report.at_ms, 1_795_850_130_000);
        let expected = [
            "CVE-2022-1471 uk:a 1 - high",
            "CVE-2022-38752 uk:a 1 - low suppressed",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn an_empty_list_is_complete_only_with_the_header_of_the_report() {
        let complete = |report_text| report(&text("java", report_text)).report.complete;
        assert!(!complete(r#"{"dependencies":[]}"#));
        assert!(!complete("{}"));
        assert!(!complete("null"));
        assert!(complete(
            r#"{"projectInfo":{"name":"a"},"dependencies":[]}"#
        ));
        assert!(complete(r#"{"reportSchema":"1.1","dependencies":[]}"#));
        assert!(complete(
            r#"{"dependencies":[{"fileName":"a","vulnerabilities":[{"name":"CVE-2022-1471"}]}]}"#
        ));
    }

    #[test]
    fn documents_for_node_are_advisories_of_yarn() {
        let advisory = r#"{"module_name":"ansi-regex","cves":["CVE-2021-3807"],"severity":"high",
            "findings":[{"version":"5.0.0"}],"patched_versions":">=5.0.1","id":1}"#;
        let inner = format!(r#"{{"type":"auditAdvisory","data":{{"advisory":{advisory}}}}}"#);
        let muted = r#"{"module_name":"lodash","cves":[],"severity":"low","id":577}"#;
        for vulnerability in [advisory, &inner] {
            let scanned = report(&text(
                "node",
                &format!(
                    r#"{{"vulnerabilities":[{vulnerability}],"suppressed":[{muted}],
                    "summary":{{"vulnerabilities":{{"low":1,"high":1}}}}}}"#
                ),
            ));
            assert_eq!(scanned.incomplete, None);
            assert_eq!(scanned.report.codebase_type, "node");
            let expected = [
                "577 lodash - - low suppressed",
                "CVE-2021-3807 ansi-regex 5.0.0 >=5.0.1 high",
            ];
            assert_eq!(lines(&scanned), expected);
        }
    }

    #[test]
    fn without_a_summary_that_agrees_a_report_for_node_is_incomplete() {
        for report_text in [
            r#"{"vulnerabilities":[]}"#,
            r#"{"summary":{}}"#,
            r#"{"vulnerabilities":[],"suppressed":[],"summary":{"vulnerabilities":{"high":"2"}}}"#,
            "null",
        ] {
            assert!(
                !report(&text("node", report_text)).report.complete,
                "{report_text}"
            );
        }
        let nothing =
            r#"{"vulnerabilities":[],"suppressed":[],"summary":{"vulnerabilities":{"high":0}}}"#;
        assert!(report(&text("node", nothing)).report.complete);
        assert!(report(nothing).report.complete, "the report alone");
    }

    #[test]
    fn documents_for_python_are_reports_of_pip_audit_or_safety() {
        let scanner = |report_text| {
            let scanned = report(&text("python", report_text));
            (scanned.report.scanner, scanned.report.complete)
        };
        let pip = r#"[{"name":"flask","version":"0.5","vulns":[]}]"#;
        assert_eq!(scanner(pip), ("pip-audit".to_owned(), true));
        let object = r#"{"dependencies":[]}"#;
        assert_eq!(scanner(object), ("pip-audit".to_owned(), true));
        let safety = r#"{"report_meta":{},"vulnerabilities":[]}"#;
        assert_eq!(scanner(safety), ("safety".to_owned(), true));
        for report_text in ["null", "[]", "{}"] {
            assert!(!scanner(report_text).1, "{report_text}");
        }
    }

    #[test]
    fn documents_stand_in_lines_or_in_an_array() {
        let one = text("java", r#"{"dependencies":[]}"#).replace('\n', " ");
        assert_eq!(reports(&format!("{one}\n{one}\n")).len(), 2);
        assert_eq!(reports(&format!("[{one},{one}]")).len(), 2);
    }

    #[test]
    fn documents_of_nobody_or_of_another_type_are_rejected() {
        let field = |text: &str| document(text).expect_err("rejected").field;
        assert_eq!(field("{}"), Some("build"));
        assert_eq!(field(r#"{"build":{}}"#), Some("git_url"));
        let no_type = r#"{"build":{"git_url":"https://github.com/hmcts/a"}}"#;
        assert_eq!(field(no_type), Some("codebase_type"));
        assert_eq!(field(&text("cobol", "{}")), Some("codebase_type"));
        assert!(document(&text("java", "[]")).is_err());
        assert!(document(&text("node", "1")).is_err());
    }
}
