//! Findings: open, resolved, overdue, accepted.

use proptest::prelude::*;

use super::*;

#[test]
fn a_finding_is_open_from_its_first_report_to_the_first_complete_one_without_it() {
    let a = finding(CVE, false);
    let stated = ReportedFinding {
        opened_ms: Some(AS_OF_MS - 90 * DAY_MS),
        ..finding("CVE-2019-0002", false)
    };
    let snapshot = snapshot(
        Vec::new(),
        reports(vec![
            report(60, true, std::slice::from_ref(&a)),
            report(50, false, &[]),
            report(40, true, &[a.clone(), stated.clone()]),
            report(30, true, &[stated]),
            report(20, true, &[a]),
        ]),
    );
    let days = |ms: i64| (AS_OF_MS - ms) / DAY_MS;
    let found: Vec<(&str, i64, bool, Option<i64>)> = snapshot
        .insight
        .security
        .findings
        .iter()
        .map(|known| {
            (
                &*known.id,
                days(known.opened_ms),
                known.at_least,
                known.resolved_ms.map(days),
            )
        })
        .collect();
    let expected = [
        (CVE, 60, true, Some(30)),
        // It is back: a new one.
        (CVE, 20, true, None),
        ("CVE-2019-0002", 90, false, Some(20)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_finding_is_overdue_by_its_age_or_the_date_of_the_catalogue() {
    let overdue_after = |severity, listed: Option<i64>, age: i64| {
        let finding = ReportedFinding {
            severity,
            ..finding(CVE, false)
        };
        let mut security = Security {
            reports: reports(vec![report(age, true, &[finding])]),
            ..known_for(100, facts(Vec::new()))
        };
        if let Some(days) = listed {
            let listed = Listed {
                added_ms: None,
                due_ms: Some(AS_OF_MS + days * DAY_MS),
            };
            security.known_exploited.insert(CVE.to_owned(), listed);
        }
        let snapshot = of(security);
        let state = now(&snapshot).clone();
        overdue(&snapshot, &state, &snapshot.insight.security.findings).len() == 1
    };
    for (severity, days) in [
        (Severity::Critical, 7),
        (Severity::High, 30),
        (Severity::Medium, 90),
    ] {
        assert!(!overdue_after(severity, None, days), "{severity:?}");
        assert!(overdue_after(severity, None, days + 1), "{severity:?}");
    }
    assert!(!overdue_after(Severity::Low, None, 1_000));
    assert!(!overdue_after(Severity::Unknown, None, 1_000));
    assert!(overdue_after(Severity::Low, Some(-1), 5));
    assert!(!overdue_after(Severity::Low, Some(1), 5));
    assert!(overdue_after(Severity::High, Some(1), 40));
}

#[test]
fn a_listed_finding_without_a_date_is_overdue_by_its_age_alone() {
    let of = |severity| {
        let finding = ReportedFinding {
            severity,
            ..finding(CVE, false)
        };
        let mut security = Security {
            reports: reports(vec![report(5, true, &[finding])]),
            ..known_for(100, facts(Vec::new()))
        };
        security
            .known_exploited
            .insert(CVE.to_owned(), Listed::default());
        let snapshot = super::of(security);
        let all = Selection::default();
        let selected = selected(&snapshot, &all);
        let due = selected.due();
        let due = due
            .iter()
            .map(|item| (item.due, item.listed, item.ends_ms.is_some()));
        due.collect::<Vec<_>>()
    };
    assert_eq!(of(Severity::High), [(Due::Days30, true, true)]);
    assert_eq!(of(Severity::Low), []);
    assert_eq!(of(Severity::Unknown), [(Due::Unknown, true, false)]);
}

#[test]
fn an_accepted_finding_is_not_overdue() {
    let with = |rule: SuppressionRule| {
        let of = reports(vec![report(60, true, &[finding(CVE, true)])]);
        let snapshot = snapshot(vec![rule], of);
        let state = now(&snapshot).clone();
        overdue(&snapshot, &state, &snapshot.insight.security.findings).len()
    };
    let until = |until: &str| SuppressionRule {
        until: Some(until.to_owned()),
        ..rule()
    };
    assert_eq!(with(until("2019-12-31")), 0);
    assert_eq!(with(until("2019-10-01")), 1);
    assert_eq!(with(rule()), 1);
    let without_reason = SuppressionRule {
        notes: None,
        ..until("2019-12-31")
    };
    assert_eq!(with(without_reason), 1);
    let of_another = SuppressionRule {
        selectors: vec![selector(SelectorKind::Package, "b:lib", false)],
        ..until("2019-12-31")
    };
    assert_eq!(with(of_another), 1);
}

proptest! {
    /// Whatever the reports are, a finding is open on the day of a complete report exactly if that holds it, and
    /// findings of one key do not overlap.
    #[test]
    fn findings_are_open_exactly_when_complete_reports_hold_them(
        days in proptest::collection::vec((any::<bool>(), any::<[bool; 3]>()), 0..12),
    ) {
        let ids = ["CVE-2019-0001", "CVE-2019-0002", "CVE-2019-0003"];
        let reported = |held: [bool; 3]| -> Vec<ReportedFinding> {
            ids.iter().zip(held).filter(|(_, held)| *held).map(|(id, _)| finding(id, false)).collect()
        };
        let count = i64::try_from(days.len()).expect("few");
        let all: Vec<Report> = days
            .iter()
            .enumerate()
            .map(|(at, (complete, held))| {
                report(count - i64::try_from(at).expect("few"), *complete, &reported(*held))
            })
            .collect();
        let findings = super::super::findings::findings(&Security {
            reports: reports(all.clone()),
            ..Security::default()
        });
        for (report, (complete, held)) in all.iter().zip(&days) {
            for (id, held) in ids.iter().zip(held) {
                let open = findings.iter().filter(|known| known.id == *id && known.is_open(report.at_ms));
                let open = open.count();
                prop_assert!(open <= 1);
                if *complete {
                    prop_assert_eq!(open == 1, *held);
                }
            }
        }
    }
}
