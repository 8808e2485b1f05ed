//! Reports of the open alerts of each repository. A report is made if the alerts have changed, and once a week.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::list::{Alert, List};
use crate::server::model::ScanReport;

/// An unchanged report is repeated after so long.
const REPEAT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The last report of each repository that has had alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported(BTreeMap<String, Last>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    at_ms: i64,
    /// A hash of the findings; none without findings.
    findings: Option<String>,
}

impl Reported {
    /// Parses what was kept by another sync.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// Returns the reports of all open alerts, and adds them to `known`. A repository that had alerts and has none
/// gets a report without findings; one that never had any may not be scanned, and gets none.
pub fn reports(
    list: List,
    alerts: Vec<Alert>,
    repositories: &BTreeSet<&str>,
    known: &mut Reported,
    at_ms: i64,
) -> Vec<ScanReport> {
    let mut by_repository: BTreeMap<String, ScanReport> = BTreeMap::new();
    let had_alerts = known.0.iter().filter(|(_, last)| last.findings.is_some());
    let empty = |repository: &str| ScanReport {
        repository: repository.to_owned(),
        scanner: list.scanner().to_owned(),
        at_ms,
        complete: true,
        ..ScanReport::default()
    };
    for (repository, _) in had_alerts {
        by_repository.insert(repository.clone(), empty(repository));
    }
    for alert in alerts {
        if repositories.contains(alert.repository.as_str()) {
            let report = by_repository.entry(alert.repository);
            let report = report.or_insert_with_key(|repository| empty(repository));
            report.findings.push(alert.finding);
        }
    }
    let reports = by_repository.into_values().map(ScanReport::bounded);
    let changed = reports.filter(|report| {
        let findings = hash(report);
        let last = known.0.get(&report.repository);
        let is_due = last.is_none_or(|last| {
            last.findings != findings || at_ms.saturating_sub(last.at_ms) >= REPEAT_MS
        });
        if is_due {
            let last = Last { at_ms, findings };
            known.0.insert(report.repository.clone(), last);
        }
        is_due
    });
    changed.collect()
}

fn hash(report: &ScanReport) -> Option<String> {
    if report.findings.is_empty() {
        return None;
    }
    let text = serde_json::to_string(&report.findings).ok()?;
    let hash = Sha256::digest(text);
    Some(
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::model::ReportedFinding;

    fn alert(repository: &str, id: &str) -> Alert {
        Alert {
            repository: repository.to_owned(),
            finding: ReportedFinding {
                id: id.to_owned(),
                ..ReportedFinding::default()
            },
        }
    }

    fn lines(reports: &[ScanReport]) -> Vec<String> {
        let line = |report: &ScanReport| {
            assert!(report.complete && report.scanner == "dependabot");
            let ids: Vec<&str> = report.findings.iter().map(|one| one.id.as_str()).collect();
            format!("{} {}", report.repository, ids.join(","))
        };
        reports.iter().map(line).collect()
    }

    #[test]
    fn a_report_is_made_if_the_alerts_have_changed() {
        let repositories = BTreeSet::from(["a", "b", "c"]);
        let mut known = Reported::default();
        let mut at = |at_ms, alerts: &[Alert]| {
            let mut reread = Reported::parse(&known.to_string());
            let list = List::Dependabot;
            let made = reports(list, alerts.to_vec(), &repositories, &mut reread, at_ms);
            known = reread;
            lines(&made)
        };
        let first = [
            alert("b", "2"),
            alert("a", "1"),
            alert("b", "1"),
            alert("fork", "1"),
        ];
        assert_eq!(at(0, &first), ["a 1", "b 1,2"]);
        assert!(at(1, &first).is_empty());
        assert_eq!(at(2, &first[..2]), ["b 2"]);
        // Without alerts there is one report without findings, and nothing about c.
        assert_eq!(at(3, &first[..1]), ["a "]);
        assert!(at(4, &first[..1]).is_empty());
        assert_eq!(at(5, &first[..2]), ["a 1"]);
        assert_eq!(at(2 + REPEAT_MS, &first[..2]), ["b 2"]);
    }

    #[test]
    fn a_repository_that_is_gone_has_no_alerts() {
        let mut known = Reported::default();
        let alerts = vec![alert("a", "1")];
        let list = List::Dependabot;
        let here = BTreeSet::from(["a"]);
        reports(list, alerts.clone(), &here, &mut known, 0);
        let made = reports(list, alerts, &BTreeSet::new(), &mut known, 1);
        assert_eq!(lines(&made), ["a "]);
    }
}
