//! OSV-Scanner's JSON report.
//!
//! Complete: the list of results is there. Findings that `osv-scanner.toml` ignores are not in it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    Findings, Format, Parsed,
    identifier::{identifier, severity_of_score},
    items::Items,
    text,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::fields::{Field, object},
};

pub const FORMAT: Format = Format {
    name: "OSV-Scanner",
    detect: |shape| {
        shape.has(&["results", "experimental_config"])
            || shape.has(&["results", "experimental_licenses_summary"])
            || shape.is_only("results")
    },
    parse: |text| {
        let report: Report<'_> = object(text)?;
        let mut findings = Findings::default();
        match &report.results {
            Some(results) => findings.each(results, "results", result),
            None => findings.incomplete("its list of results is missing"),
        }
        Ok(vec![Parsed {
            scanner: "osv-scanner".to_owned(),
            findings,
            ..Parsed::default()
        }])
    },
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report<'a> {
    #[serde(borrow)]
    results: Option<Items<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scanned<'a> {
    #[serde(borrow)]
    source: Option<Source<'a>>,
    #[serde(borrow)]
    packages: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    path: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Affected<'a> {
    #[serde(borrow)]
    package: Option<Package<'a>>,
    #[serde(borrow)]
    vulnerabilities: Items<'a>,
    /// Vulnerabilities that are the same by other names.
    #[serde(borrow)]
    groups: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Package<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    version: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group<'a> {
    #[serde(borrow)]
    ids: Items<'a>,
    #[serde(borrow)]
    aliases: Items<'a>,
    #[serde(borrow)]
    max_severity: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    aliases: Items<'a>,
    #[serde(borrow)]
    database_specific: Option<DatabaseSpecific<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DatabaseSpecific<'a> {
    #[serde(borrow)]
    severity: Field<'a>,
}

fn result(findings: &mut Findings, scanned: Scanned<'_>) {
    let path = scanned.source.and_then(|source| text(source.path));
    let packages = &scanned.packages;
    findings.each(packages, "packages", |findings, affected: Affected<'_>| {
        package(findings, affected, path.as_deref());
    });
}

fn package(findings: &mut Findings, affected: Affected<'_>, path: Option<&str>) {
    let Package { name, version } = affected.package.unwrap_or_default();
    let Some(package) = text(name) else {
        return findings.incomplete("one of its packages has no name");
    };
    let version = text(version);
    let finding = |id, severity| ReportedFinding {
        id,
        package: package.clone(),
        version: version.clone(),
        severity,
        file_path: path.map(str::to_owned),
        ..ReportedFinding::default()
    };
    let mut grouped = BTreeSet::new();
    let groups = &affected.groups;
    findings.each(groups, "groups", |findings, group: Group<'_>| {
        let names: Vec<String> = group.ids.texts().chain(group.aliases.texts()).collect();
        let score = text(group.max_severity).and_then(|score| score.parse().ok());
        let severity = score.map_or(Severity::Unknown, severity_of_score);
        match identifier(names.iter().map(String::as_str)) {
            Some(id) => findings.push(finding(id, severity)),
            None => findings.incomplete("one of its groups has no id"),
        }
        grouped.extend(names);
    });
    let found = &affected.vulnerabilities;
    findings.each(
        found,
        "vulnerabilities",
        |findings, found: Vulnerability<'_>| {
            let id = text(found.id).unwrap_or_default();
            if grouped.contains(&id) {
                return;
            }
            let aliases: Vec<String> = found.aliases.texts().collect();
            let names = [id.as_str()];
            let names = names.into_iter().chain(aliases.iter().map(String::as_str));
            let word = found.database_specific.and_then(|said| text(said.severity));
            match identifier(names) {
                Some(id) => findings.push(finding(id, Severity::of(&word.unwrap_or_default()))),
                None => findings.incomplete("one of its vulnerabilities has no id"),
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    #[test]
    fn a_group_is_one_finding_by_its_cve() {
        let scanned = report(
            r#"{"results":[{"source":{"path":"/w/yarn.lock","type":"lockfile"},"packages":[
                {"package":{"name":"ansi-regex","version":"5.0.0","ecosystem":"npm"},
                 "vulnerabilities":[
                    {"id":"GHSA-93q8-gq69-wqmw","aliases":["CVE-2021-3807"],"database_specific":{"severity":"HIGH"}},
                    {"id":"GHSA-other","aliases":[],"database_specific":{"severity":"MODERATE"}}],
                 "groups":[{"ids":["GHSA-93q8-gq69-wqmw"],"aliases":["CVE-2021-3807"],"max_severity":"7.5"}]}]}],
                "experimental_config":{"licenses":{}}}"#,
        );
        assert_eq!(scanned.incomplete, None);
        let expected = [
            "CVE-2021-3807 ansi-regex 5.0.0 - high",
            "GHSA-OTHER ansi-regex 5.0.0 - medium",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn a_missing_or_damaged_part_leaves_it_incomplete() {
        for text in [
            r#"{"results":null}"#,
            r#"{"results":[{"packages":[{"vulnerabilities":[]}]}]}"#,
            r#"{"results":[{"packages":[{"package":{"name":"a"},"groups":[{}]}]}]}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
        assert!(report(r#"{"results":[]}"#).report.complete);
    }
}
