//! CycloneDX documents with vulnerabilities: VEX, or a bill of materials with both.
//!
//! Complete: the list of vulnerabilities is there, and no composition calls it incomplete.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Findings, Format, Parsed,
    identifier::{identifier, severity_of_score},
    items::Items,
    package_url, text,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::fields::{Field, object},
};

pub const FORMAT: Format = Format {
    name: "CycloneDX VEX",
    detect: |shape| shape.has(&["bomFormat", "specVersion"]),
    parse: |text| {
        let document: Document<'_> = object(text)?;
        Ok(vec![document.into_parsed()])
    },
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    components: Items<'a>,
    #[serde(borrow)]
    vulnerabilities: Option<Items<'a>>,
    #[serde(borrow)]
    compositions: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    timestamp: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Component<'a> {
    #[serde(borrow, rename = "bom-ref")]
    reference: Field<'a>,
    #[serde(borrow)]
    group: Field<'a>,
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    version: Field<'a>,
    #[serde(borrow)]
    purl: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Composition<'a> {
    #[serde(borrow)]
    aggregate: Field<'a>,
    #[serde(borrow)]
    vulnerabilities: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    references: Items<'a>,
    #[serde(borrow)]
    ratings: Items<'a>,
    #[serde(borrow)]
    affects: Items<'a>,
    #[serde(borrow)]
    analysis: Option<Analysis<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference<'a> {
    #[serde(borrow)]
    id: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rating<'a> {
    #[serde(borrow)]
    severity: Field<'a>,
    #[serde(borrow)]
    score: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Affects<'a> {
    #[serde(borrow)]
    r#ref: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Analysis<'a> {
    #[serde(borrow)]
    state: Field<'a>,
}

/// The name of a component in findings.
#[derive(Clone, Default)]
struct Named {
    package: String,
    version: Option<String>,
    package_url: Option<String>,
}

impl Document<'_> {
    fn into_parsed(self) -> Parsed {
        let mut findings = Findings::default();
        let mut components = BTreeMap::new();
        findings.each(
            &self.components,
            "components",
            |_, component: Component<'_>| {
                if let Some((reference, named)) = component.named() {
                    components.insert(reference, named);
                }
            },
        );
        match &self.vulnerabilities {
            Some(list) => findings.each(list, "vulnerabilities", |findings, found| {
                add(findings, &found, &components);
            }),
            None => findings.incomplete("it has no list of vulnerabilities"),
        }
        let compositions = &self.compositions;
        findings.each(
            compositions,
            "compositions",
            |findings, said: Composition<'_>| {
                let aggregate = text(said.aggregate).unwrap_or_default();
                if aggregate.starts_with("incomplete") && !said.vulnerabilities.is_empty() {
                    findings.incomplete("a composition calls its vulnerabilities incomplete");
                }
            },
        );
        Parsed {
            scanner: "cyclonedx".to_owned(),
            codebase_type: None,
            repository: None,
            branch: None,
            id: None,
            at: self.metadata.and_then(|said| text(said.timestamp)),
            findings,
        }
    }
}

impl Component<'_> {
    fn named(self) -> Option<(String, Named)> {
        let url = text(self.purl);
        let reference = text(self.reference).or_else(|| url.clone())?;
        let named = match url.as_deref().and_then(package_url::package) {
            Some(package) => Named {
                package: package.name,
                version: package.version.or_else(|| text(self.version)),
                package_url: url,
            },
            None => {
                let name = text(self.name)?;
                Named {
                    package: match text(self.group) {
                        Some(group) => format!("{group}:{name}"),
                        None => name,
                    },
                    version: text(self.version),
                    package_url: None,
                }
            }
        };
        Some((reference, named))
    }
}

fn add(findings: &mut Findings, found: &Vulnerability<'_>, components: &BTreeMap<String, Named>) {
    let state = found.analysis.as_ref().map(|said| copied(&said.state));
    let state = state.unwrap_or_default();
    if matches!(&*state, "resolved" | "resolved_with_pedigree") {
        return;
    }
    let references = found.references.values.iter();
    let references = references.filter_map(|item| {
        let reference: Reference<'_> = serde_json::from_str(item.get()).ok()?;
        text(reference.id)
    });
    let names: Vec<String> = std::iter::once(copied(&found.id))
        .chain(references)
        .collect();
    let Some(id) = identifier(names.iter().map(String::as_str)) else {
        return findings.incomplete("one of its vulnerabilities has no id");
    };
    let ratings = found.ratings.values.iter();
    let ratings = ratings.filter_map(|item| {
        let rating: Rating<'_> = serde_json::from_str(item.get()).ok()?;
        let word = Severity::of(&text(rating.severity).unwrap_or_default());
        let score = text(rating.score).and_then(|score| score.parse().ok());
        let of_score = score.map_or(Severity::Unknown, severity_of_score);
        Some(if word == Severity::Unknown {
            of_score
        } else {
            word
        })
    });
    let finding = ReportedFinding {
        id,
        severity: ratings.min().unwrap_or_default(),
        suppressed: matches!(&*state, "not_affected" | "false_positive"),
        ..ReportedFinding::default()
    };
    if found.affects.is_empty() {
        return findings.push(finding);
    }
    let affects = &found.affects;
    findings.each(
        affects,
        "affected components",
        |findings, affects: Affects<'_>| {
            let reference = text(affects.r#ref).unwrap_or_default();
            // A link to a component of another document ends in its name there.
            let short = reference.rsplit('#').next().unwrap_or_default();
            let known = components.get(&reference).or_else(|| components.get(short));
            let named = known
                .cloned()
                .unwrap_or_else(|| match package_url::package(short) {
                    Some(package) => Named {
                        package: package.name,
                        version: package.version,
                        package_url: Some(short.to_owned()),
                    },
                    None => Named {
                        package: short.to_owned(),
                        ..Named::default()
                    },
                });
            findings.push(ReportedFinding {
                package: named.package,
                version: named.version,
                package_url: named.package_url,
                ..finding.clone()
            });
        },
    );
}

/// The text of a field that stays.
fn copied(field: &Field<'_>) -> String {
    match field {
        Field::Text(text) => text.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report};

    #[test]
    fn analyses_decide_what_is_suppressed() {
        let scanned = report(
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,
                "metadata":{"timestamp":"2026-11-28T10:00:00Z"},
                "components":[
                    {"type":"library","bom-ref":"yaml","group":"org.yaml","name":"snakeyaml","version":"1.33",
                     "purl":"pkg:maven/org.yaml/snakeyaml@1.33"},
                    {"type":"library","bom-ref":"own","group":"uk.gov","name":"own","version":"2"}],
                "vulnerabilities":[
                    {"id":"CVE-2022-1471","ratings":[{"score":9.8,"method":"CVSSv31"}],
                     "affects":[{"ref":"yaml"},{"ref":"own"}],"analysis":{"state":"exploitable"}},
                    {"id":"SNYK-1","references":[{"id":"CVE-2022-38752"}],"ratings":[{"severity":"medium"},{"severity":"low"}],
                     "affects":[{"ref":"urn:cdx:3e67/1#yaml"}],"analysis":{"state":"not_affected","justification":"code_not_reachable"}},
                    {"id":"GHSA-a","affects":[{"ref":"pkg:npm/lodash@4.17.15"}],"analysis":{"state":"false_positive"}},
                    {"id":"CVE-2020-12345","affects":[{"ref":"yaml"}],"analysis":{"state":"resolved"}},
                    {"id":"CVE-2021-12345","analysis":{"state":"in_triage"}}]}"#,
        );
        assert_eq!(scanned.incomplete, None);
        assert_eq!(scanned.report.at_ms, 1_795_860_000_000);
        let expected = [
            "CVE-2021-12345  - - unknown",
            "CVE-2022-1471 org.yaml:snakeyaml 1.33 - critical",
            "CVE-2022-1471 uk.gov:own 2 - critical",
            "CVE-2022-38752 org.yaml:snakeyaml 1.33 - medium suppressed",
            "GHSA-A lodash 4.17.15 - unknown suppressed",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn without_its_vulnerabilities_it_is_incomplete() {
        for text in [
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5"}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[],
                "compositions":[{"aggregate":"incomplete","vulnerabilities":["a"]}]}"#,
        ] {
            assert!(!report(text).report.complete, "{text}");
        }
        let empty = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[]}"#;
        assert!(report(empty).report.complete);
    }
}
