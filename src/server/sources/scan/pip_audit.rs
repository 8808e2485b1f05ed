//! `pip-audit --format=json`: an object with `dependencies`, or the bare list of versions before 2.0.
//!
//! Complete: the list of dependencies is there, and not empty if it stands alone. A dependency that the tool skips (`skip_reason`), such as a
//! package of one's own, has no advisories in its database; the report is complete without it.

use serde::Deserialize;

use super::{Findings, Format, Parsed, identifier::identifier, items::Items, text};
use crate::server::{
    model::ReportedFinding,
    sources::{
        fields::{Field, object},
        rejection::{FaultKind, Rejection},
    },
};

pub const FORMAT: Format = Format {
    name: "pip-audit",
    detect: |shape| {
        shape.has(&["dependencies", "fixes"])
            || (shape.is_array
                && (shape.items_have(&["name", "vulns"])
                    || shape.items_have(&["name", "skip_reason"])))
    },
    parse: |text| Ok(vec![parse(text)?]),
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report<'a> {
    #[serde(borrow)]
    dependencies: Option<Items<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Dependency<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    version: Field<'a>,
    #[serde(borrow)]
    vulns: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    aliases: Items<'a>,
    #[serde(borrow)]
    fix_versions: Items<'a>,
}

pub fn parse(text: &str) -> Result<Parsed, Rejection> {
    let dependencies = if text.trim_start().starts_with('[') {
        let items: Result<Items<'_>, _> = serde_json::from_str(text);
        let items = items.map_err(|_| Rejection::new(FaultKind::WrongType, "wrong form"))?;
        // An empty list may be of any tool, or of none.
        Some(items).filter(|items| !items.is_empty())
    } else {
        object::<Report<'_>>(text)?.dependencies
    };
    let mut findings = Findings::default();
    match dependencies {
        Some(dependencies) => findings.each(&dependencies, "dependencies", dependency),
        None => findings.incomplete("its list of dependencies is missing"),
    }
    Ok(Parsed {
        scanner: "pip-audit".to_owned(),
        codebase_type: Some("python"),
        findings,
        ..Parsed::default()
    })
}

fn dependency(findings: &mut Findings, dependency: Dependency<'_>) {
    let name = text(dependency.name).unwrap_or_default();
    let version = text(dependency.version);
    let vulns = &dependency.vulns;
    findings.each(
        vulns,
        "vulnerabilities",
        |findings, found: Vulnerability<'_>| {
            let id = text(found.id).unwrap_or_default();
            let aliases: Vec<String> = found.aliases.texts().collect();
            let names = [id.as_str()];
            let names = names.into_iter().chain(aliases.iter().map(String::as_str));
            let Some(id) = identifier(names).filter(|_| !name.is_empty()) else {
                return findings.incomplete("one of its vulnerabilities has no id or no package");
            };
            findings.push(ReportedFinding {
                id,
                package: name.clone(),
                version: version.clone(),
                fixed_in: found.fix_versions.texts().next(),
                ..ReportedFinding::default()
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    const DEPENDENCIES: &str = r#"[
        {"name":"flask","version":"0.5","vulns":[
            {"id":"PYSEC-2019-179","fix_versions":["1.0"],"aliases":["CVE-2019-1010083","GHSA-5wv5-4vpf-pj6m"],"description":"d"},
            {"id":"PYSEC-2018-66","fix_versions":[],"aliases":[]}]},
        {"name":"ours","skip_reason":"Dependency not found on PyPI and could not be audited: ours (0.1)"},
        {"name":"pip","version":"21.3.1","vulns":[]}]"#;

    #[test]
    fn vulnerabilities_are_read_in_both_forms() {
        let object = format!(r#"{{"dependencies":{DEPENDENCIES},"fixes":[]}}"#);
        for text in [DEPENDENCIES, &object] {
            let scanned = report(text);
            assert_eq!(scanned.incomplete, None);
            assert_eq!(scanned.report.scanner, "pip-audit");
            let expected = [
                "CVE-2019-1010083 flask 0.5 1.0 unknown",
                "PYSEC-2018-66 flask 0.5 - unknown",
            ];
            assert_eq!(lines(&scanned), expected);
        }
    }

    #[test]
    fn a_missing_or_damaged_list_leaves_it_incomplete() {
        for text in [
            r#"{"fixes":[],"dependencies":null}"#,
            r#"{"dependencies":[1],"fixes":[]}"#,
            r#"{"dependencies":[{"name":"a","vulns":[{}]}],"fixes":[]}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
        let empty = r#"{"dependencies":[],"fixes":[]}"#;
        assert!(report(empty).report.complete);
    }
}
