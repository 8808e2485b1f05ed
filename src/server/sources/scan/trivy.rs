//! Trivy's JSON report, schema version 2.
//!
//! Complete: it has `SchemaVersion` 2 and the name of what was scanned. Trivy leaves `Results` out if it found
//! nothing, and writes no report if it failed.

use serde::Deserialize;

use super::{
    Findings, Format, Parsed, identifier::identifier, items::Items, package_url, repository_of_url,
    text,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::fields::{Field, object},
};

pub const FORMAT: Format = Format {
    name: "Trivy",
    detect: |shape| shape.has(&["SchemaVersion", "ArtifactName"]),
    parse: |text| {
        let report: Report<'_> = object(text)?;
        Ok(vec![report.into_parsed()])
    },
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Report<'a> {
    #[serde(borrow)]
    schema_version: Field<'a>,
    #[serde(borrow)]
    created_at: Field<'a>,
    #[serde(borrow)]
    artifact_name: Field<'a>,
    #[serde(borrow)]
    artifact_type: Field<'a>,
    #[serde(borrow)]
    results: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Scanned<'a> {
    #[serde(borrow)]
    target: Field<'a>,
    #[serde(borrow)]
    vulnerabilities: Items<'a>,
    #[serde(borrow)]
    experimental_modified_findings: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow, rename = "VulnerabilityID")]
    id: Field<'a>,
    #[serde(borrow, rename = "PkgName")]
    name: Field<'a>,
    #[serde(borrow, rename = "PkgPath")]
    path: Field<'a>,
    #[serde(borrow, rename = "PkgIdentifier")]
    identifier: Option<PackageId<'a>>,
    #[serde(borrow, rename = "InstalledVersion")]
    version: Field<'a>,
    #[serde(borrow, rename = "FixedVersion")]
    fixed: Field<'a>,
    #[serde(borrow, rename = "Severity")]
    severity: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PackageId<'a> {
    #[serde(borrow, rename = "PURL")]
    url: Field<'a>,
}

/// A finding that a file of exceptions or a VEX document took out of the result.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Modified<'a> {
    #[serde(borrow)]
    r#type: Field<'a>,
    #[serde(borrow)]
    status: Field<'a>,
    #[serde(borrow)]
    finding: Option<&'a serde_json::value::RawValue>,
}

impl Report<'_> {
    fn into_parsed(self) -> Parsed {
        let mut findings = Findings::default();
        findings.each(&self.results, "results", result);
        if self.schema_version.number() != Ok(Some(2)) {
            findings.incomplete("its schema version is not 2");
        }
        let is_repository = text(self.artifact_type).as_deref() == Some("repository");
        let name = text(self.artifact_name);
        if name.is_none() {
            findings.incomplete("the name of what was scanned is missing");
        }
        let name = name.filter(|_| is_repository);
        Parsed {
            scanner: "trivy".to_owned(),
            codebase_type: None,
            repository: name.as_deref().and_then(repository_of_url),
            branch: None,
            id: None,
            at: text(self.created_at),
            findings,
        }
    }
}

fn result(findings: &mut Findings, scanned: Scanned<'_>) {
    let target = text(scanned.target);
    let found = &scanned.vulnerabilities;
    findings.each(found, "vulnerabilities", |findings, found| {
        add(findings, found, target.as_deref(), false);
    });
    let modified = &scanned.experimental_modified_findings;
    findings.each(
        modified,
        "modified findings",
        |findings, modified: Modified<'_>| {
            let is_vulnerability = text(modified.r#type).as_deref() == Some("vulnerability");
            let status = text(modified.status).unwrap_or_default();
            let is_suppressed = matches!(&*status, "ignored" | "not_affected" | "fixed");
            let Some(finding) = modified.finding.filter(|_| is_vulnerability) else {
                return;
            };
            match serde_json::from_str(finding.get()) {
                Ok(finding) => add(findings, finding, target.as_deref(), is_suppressed),
                Err(_) => findings.incomplete("one of its modified findings has the wrong form"),
            }
        },
    );
}

fn add(findings: &mut Findings, found: Vulnerability<'_>, target: Option<&str>, suppressed: bool) {
    let id = text(found.id).and_then(|id| identifier([id.as_str()]));
    let url = found.identifier.and_then(|package| text(package.url));
    let of_url = url.as_deref().and_then(package_url::package);
    let package = of_url
        .map(|package| package.name)
        .or_else(|| text(found.name));
    let (Some(id), Some(package)) = (id, package) else {
        return findings.incomplete("one of its vulnerabilities has no id or no package");
    };
    findings.push(ReportedFinding {
        id,
        package,
        version: text(found.version),
        fixed_in: text(found.fixed),
        severity: Severity::of(&text(found.severity).unwrap_or_default()),
        suppressed,
        package_url: url,
        file_path: text(found.path).or_else(|| target.map(str::to_owned)),
        ..ReportedFinding::default()
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    #[test]
    fn vulnerabilities_and_ignored_ones_are_read() {
        let scanned = report(
            r#"{"SchemaVersion":2,"CreatedAt":"2026-11-28T10:00:00.5+01:00","ArtifactName":".",
                "ArtifactType":"filesystem","Metadata":{},"Results":[
                {"Target":"yarn.lock","Class":"lang-pkgs","Type":"yarn","Vulnerabilities":[
                    {"VulnerabilityID":"CVE-2021-3807","PkgID":"ansi-regex@5.0.0","PkgName":"ansi-regex",
                     "PkgIdentifier":{"PURL":"pkg:npm/ansi-regex@5.0.0","UID":"1"},"InstalledVersion":"5.0.0",
                     "FixedVersion":"5.0.1, 6.0.1","Status":"fixed","Severity":"HIGH","Title":"t"},
                    {"VulnerabilityID":"GHSA-a-b-c","PkgName":"org.yaml:snakeyaml","PkgPath":"app.jar",
                     "InstalledVersion":"1.33","Severity":"UNKNOWN"}],
                 "ExperimentalModifiedFindings":[
                    {"Type":"vulnerability","Status":"ignored","Statement":"s","Source":".trivyignore.yaml",
                     "Finding":{"VulnerabilityID":"CVE-2022-1471","PkgName":"yaml","InstalledVersion":"1","Severity":"LOW"}},
                    {"Type":"secret","Status":"ignored","Finding":{"RuleID":"aws"}}]},
                {"Target":"config","Class":"config","Misconfigurations":[{}]}]}"#,
        );
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.report.at_ms, 1_795_856_400_500);
        let expected = [
            "CVE-2021-3807 ansi-regex 5.0.0 5.0.1, 6.0.1 high",
            "CVE-2022-1471 yaml 1 - low suppressed",
            "GHSA-A-B-C org.yaml:snakeyaml 1.33 - unknown",
        ];
        assert_eq!(lines(&scanned), expected);
        let paths = scanned.report.findings.iter();
        let paths: Vec<_> = paths.map(|finding| finding.file_path.as_deref()).collect();
        assert_eq!(
            paths,
            [Some("yarn.lock"), Some("yarn.lock"), Some("app.jar")]
        );
    }

    #[test]
    fn without_results_nothing_was_found() {
        let scanned = report(
            r#"{"SchemaVersion":2,"ArtifactName":"image:1","ArtifactType":"container_image"}"#,
        );
        assert!(scanned.report.complete && scanned.report.findings.is_empty());
    }

    #[test]
    fn another_schema_or_a_damaged_result_leaves_it_incomplete() {
        for text in [
            r#"{"SchemaVersion":1,"ArtifactName":"a"}"#,
            r#"{"SchemaVersion":2,"ArtifactName":""}"#,
            r#"{"SchemaVersion":2,"ArtifactName":"a","Results":[{"Vulnerabilities":[{}]}]}"#,
            r#"{"SchemaVersion":2,"ArtifactName":"a","Results":[1]}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
    }
}
