//! The view of a repository on hand-made facts, and its scripts on real files.

mod details;
mod history;
mod removals;

use std::sync::Arc;

use super::*;
use crate::server::{
    figures::testing::{AS_OF, at, security},
    insight,
    model::{
        About, ReportedFinding, RuleFormat, Runtime, Selector, SelectorKind, Severity,
        SuppressionRule,
    },
    snapshot::security::{History, Listed, Report, ReportSeries, Security},
};

const NAME: &str = "a-api";

fn rule(id: &str, until: Option<&str>, notes: Option<&str>) -> SuppressionRule {
    SuppressionRule {
        file: "config/suppressions.xml".to_owned(),
        line: 3,
        last_line: 5,
        ids: vec![id.to_owned()],
        selectors: vec![Selector {
            kind: SelectorKind::Gav,
            text: "org.yaml:snakeyaml:1.33".to_owned(),
            regex: false,
        }],
        until: until.map(str::to_owned),
        notes: notes.map(str::to_owned),
        ..SuppressionRule::default()
    }
}

fn runtime(version: &str) -> Runtime {
    Runtime {
        product: "nodejs".to_owned(),
        version: version.to_owned(),
        file: "Dockerfile".to_owned(),
        line: 1,
    }
}

fn facts() -> RepositoryFacts {
    RepositoryFacts {
        repository: NAME.to_owned(),
        javascript: true,
        rules: Some(vec![
            rule("CVE-2019-0001", Some("2019-11-10"), Some("Not reachable")),
            rule("CVE-2019-0002", Some("2019-10-01"), Some("Later")),
            rule("CVE-2019-0003", None, None),
            rule("CVE-2019-0004", Some("2020-10-01"), Some("Exploited")),
            rule("CVE-2019-0005", Some("soon"), Some("Never read")),
        ]),
        runtimes: Some(vec![runtime("8"), runtime("as it comes")]),
        about: About {
            url: Some("https://github.com/hmcts/a-api".to_owned()),
            default_branch: Some("main".to_owned()),
            owners: Some(vec!["@hmcts/civil".to_owned()]),
            protected: Some(false),
            ..About::default()
        },
        ..RepositoryFacts::default()
    }
}

/// A snapshot of versions of the facts and a report, as of [`AS_OF`].
fn known(
    versions: Vec<(&str, Option<RepositoryFacts>)>,
    findings: Vec<ReportedFinding>,
) -> Snapshot {
    let mut snapshot = security(Vec::new());
    let versions = versions.into_iter();
    let versions = versions.map(|(since, facts)| (at(since), facts.map(Arc::new)));
    let report = Report {
        at_ms: at("2019-10-20T00:00:00Z"),
        complete: true,
        findings: findings.into(),
    };
    let listed = Listed {
        due_ms: Some(at("2019-12-01T00:00:00Z")),
        ..Listed::default()
    };
    snapshot.security = Arc::new(Security {
        as_of_ms: Some(at(AS_OF)),
        histories: vec![History {
            repository: NAME.to_owned(),
            versions: versions.collect(),
        }],
        reports: vec![ReportSeries {
            repository: NAME.to_owned(),
            scanner: "trivy".to_owned(),
            codebase_type: "node".to_owned(),
            reports: vec![report],
        }],
        known_exploited: [("CVE-2019-0004".to_owned(), listed)].into(),
        ..Security::default()
    });
    insight::filled(snapshot)
}

fn finding(id: &str, severity: Severity, opened: &str) -> ReportedFinding {
    ReportedFinding {
        id: id.to_owned(),
        package: "lodash".to_owned(),
        version: Some("4.17.1".to_owned()),
        fixed_in: Some("4.17.21".to_owned()),
        severity,
        opened_ms: Some(at(opened)),
        ..ReportedFinding::default()
    }
}

fn described(snapshot: &Snapshot, as_of: &str) -> RepositoryDetails {
    let view = View::default().with("name", NAME).with("as_of", as_of);
    let wanted = find(snapshot, &view).expect("known");
    details(snapshot, &wanted)
}

fn sample() -> Snapshot {
    let findings = vec![
        finding("CVE-2019-0100", Severity::Low, "2018-01-01T00:00:00Z"),
        finding("CVE-2019-0101", Severity::High, "2019-09-01T00:00:00Z"),
        finding("CVE-2019-0102", Severity::Critical, "2019-10-20T00:00:00Z"),
    ];
    let mut before = facts();
    before.rules = Some(vec![rule("CVE-2019-0001", None, None)]);
    before.runtimes = Some(vec![runtime("6")]);
    known(
        vec![
            ("2019-09-01T00:00:00Z", Some(before)),
            ("2019-10-10T00:00:00Z", Some(facts())),
        ],
        findings,
    )
}
