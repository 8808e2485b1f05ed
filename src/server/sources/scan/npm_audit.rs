//! `npm audit --json`, version 1 (npm 6, and yarn 2 and 3) and version 2 (npm 7 and later).
//!
//! Complete: it has the `metadata` at its end and no `error`.

use serde::Deserialize;

use super::{
    Findings, Format, Parsed,
    identifier::{advisory, identifier},
    items::Items,
    text,
    yarn_audit::Advisory,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::fields::{Field, object},
};

pub const FORMAT: Format = Format {
    name: "npm audit",
    detect: |shape| {
        shape.has(&["auditReportVersion"])
            || shape.has(&["advisories", "metadata"])
            || shape.has(&["error", "message"])
            || shape.is_only("error")
    },
    parse: |text| {
        let report: Report<'_> = object(text)?;
        Ok(vec![report.into_parsed()])
    },
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report<'a> {
    /// Of version 1.
    #[serde(borrow)]
    advisories: Items<'a>,
    /// Of version 1: advisories that were muted.
    #[serde(borrow)]
    muted: Items<'a>,
    /// Of version 2, by package.
    #[serde(borrow)]
    vulnerabilities: Items<'a>,
    metadata: Option<serde::de::IgnoredAny>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Vulnerable<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    /// Advisories, and the names of packages that have some.
    #[serde(borrow)]
    via: Items<'a>,
    #[serde(borrow)]
    nodes: Items<'a>,
    #[serde(borrow)]
    fix_available: Option<&'a serde_json::value::RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Via<'a> {
    #[serde(borrow)]
    source: Field<'a>,
    #[serde(borrow)]
    dependency: Field<'a>,
    #[serde(borrow)]
    url: Field<'a>,
    #[serde(borrow)]
    severity: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fix<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    version: Field<'a>,
}

impl Report<'_> {
    fn into_parsed(self) -> Parsed {
        let mut findings = Findings::default();
        findings.each(
            &self.advisories,
            "advisories",
            |findings, found: Advisory<'_>| {
                found.add_to(findings, false);
            },
        );
        findings.each(
            &self.muted,
            "muted advisories",
            |findings, found: Advisory<'_>| {
                found.add_to(findings, true);
            },
        );
        findings.each(&self.vulnerabilities, "vulnerabilities", vulnerable);
        if self.error.is_some() {
            findings.incomplete("npm reported an error");
        }
        if self.metadata.is_none() {
            findings.incomplete("its metadata is missing");
        }
        Parsed {
            scanner: "npm-audit".to_owned(),
            codebase_type: Some("node"),
            findings,
            ..Parsed::default()
        }
    }
}

fn vulnerable(findings: &mut Findings, vulnerable: Vulnerable<'_>) {
    let name = text(vulnerable.name).unwrap_or_default();
    let fix: Fix<'_> = vulnerable
        .fix_available
        .and_then(|fix| serde_json::from_str(fix.get()).ok())
        .unwrap_or_default();
    let fixes_itself = text(fix.name).is_some_and(|fixed| fixed == name);
    let fixed_in = text(fix.version).filter(|_| fixes_itself);
    let path = vulnerable.nodes.texts().next();
    let advisories = vulnerable.via.values.iter();
    // A name stands for a package whose advisories are listed with it.
    for via in advisories.filter(|via| via.get().starts_with('{')) {
        let Ok(via) = serde_json::from_str::<Via<'_>>(via.get()) else {
            findings.incomplete("one of its advisories has the wrong form");
            continue;
        };
        let url = text(via.url).unwrap_or_default();
        let number = text(via.source).unwrap_or_default();
        let package = text(via.dependency).unwrap_or_else(|| name.clone());
        let id = identifier([advisory(&url).unwrap_or_default(), &number]);
        let Some(id) = id.filter(|_| !package.is_empty()) else {
            findings.incomplete("one of its advisories has no id or no package");
            continue;
        };
        findings.push(ReportedFinding {
            id,
            package,
            fixed_in: fixed_in.clone(),
            severity: Severity::of(&text(via.severity).unwrap_or_default()),
            file_path: path.clone(),
            ..ReportedFinding::default()
        });
    }
    if vulnerable.via.is_cut {
        findings.incomplete("it has too many advisories");
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    #[test]
    fn advisories_of_version_1_are_read() {
        let scanned = report(
            r#"{"actions":[],"advisories":{"1004946":{"findings":[{"version":"5.0.0","paths":["a>b"]}],
                "cves":["CVE-2021-3807"],"module_name":"ansi-regex","patched_versions":">=5.0.1",
                "severity":"moderate","id":1004946,"url":"https://github.com/advisories/GHSA-93q8-gq69-wqmw"}},
                "muted":[],"metadata":{"vulnerabilities":{"moderate":1}},"runId":"1"}"#,
        );
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.report.scanner, "npm-audit");
        let expected = ["CVE-2021-3807 ansi-regex 5.0.0 >=5.0.1 medium"];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn advisories_of_version_2_stand_with_the_package_that_has_them() {
        let scanned = report(
            r#"{"auditReportVersion":2,"vulnerabilities":{
                "ansi-regex":{"name":"ansi-regex","severity":"high","isDirect":false,
                    "via":[{"source":1004946,"name":"ansi-regex","dependency":"ansi-regex","title":"t",
                        "url":"https://github.com/advisories/GHSA-93q8-gq69-wqmw","severity":"high",
                        "cwe":["CWE-697"],"cvss":{"score":7.5},"range":">2.1.1 <5.0.1"}],
                    "effects":["jest"],"range":">2.1.1 <5.0.1","nodes":["node_modules/ansi-regex"],
                    "fixAvailable":{"name":"ansi-regex","version":"5.0.1","isSemVerMajor":false}},
                "jest":{"name":"jest","severity":"high","isDirect":true,"via":["ansi-regex"],"effects":[],
                    "range":"*","nodes":["node_modules/jest"],"fixAvailable":true}},
                "metadata":{"vulnerabilities":{"high":2,"total":2},"dependencies":{"total":900}}}"#,
        );
        assert_eq!(scanned.incomplete, None);
        assert_eq!(
            lines(&scanned),
            ["GHSA-93Q8-GQ69-WQMW ansi-regex - 5.0.1 high"]
        );
        let path = scanned.report.findings[0].file_path.as_deref();
        assert_eq!(path, Some("node_modules/ansi-regex"));
    }

    #[test]
    fn an_error_or_a_missing_end_leave_it_incomplete() {
        for text in [
            r#"{"message":"request failed","error":{"code":"ENOLOCK","summary":"no lockfile"}}"#,
            r#"{"auditReportVersion":2,"vulnerabilities":{}}"#,
            r#"{"auditReportVersion":2,"vulnerabilities":{"a":{"via":[{}]}},"metadata":{}}"#,
            r#"{"advisories":{"1":{}},"metadata":{}}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
        assert!(report(r#"{"advisories":{},"metadata":{}}"#).report.complete);
    }
}
