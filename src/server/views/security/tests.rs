//! The head of the Security page.

use std::sync::Arc;

use super::{
    lists::{MAX_DUE_OF_CLASS, MAX_UNCHECKED},
    *,
};
use crate::{
    api::Change,
    server::{
        figures::{
            self,
            testing::{at, security, table},
        },
        model::{Check, DAY_MS, ReportedFinding, RepositoryFacts, Severity, SuppressionRule},
        snapshot::security::{Report, ReportSeries, Security},
    },
};

const A: &str = "CVE-2019-0001";
const B: &str = "CVE-2018-1258";

/// A repository with rules, which have ends, and a reason where the text says so.
fn suppressing(repository: &str, rules: &[(&str, Option<&str>, &str)]) -> RepositoryFacts {
    let rule = |(cve, until, notes): &(&str, Option<&str>, &str)| SuppressionRule {
        ids: vec![(*cve).to_owned()],
        until: until.map(str::to_owned),
        notes: Some((*notes).to_owned()),
        ..SuppressionRule::default()
    };
    RepositoryFacts {
        repository: repository.to_owned(),
        rules: Some(rules.iter().map(rule).collect()),
        ..RepositoryFacts::default()
    }
}

fn head(snapshot: &Snapshot, pairs: &[(&str, &str)]) -> SecurityHead {
    let selection: Selection = pairs.iter().copied().collect();
    security_head(snapshot, &selection)
}

fn counts(head: &SecurityHead) -> Vec<(&str, u64)> {
    let classes = head.classes.iter();
    classes.map(|known| (&*known.class, known.items)).collect()
}

#[test]
fn rules_are_due_by_their_ends() {
    // As of 25 October 2019, 12:00.
    let snapshot = security(vec![
        suppressing(
            "a-api",
            &[(A, Some("2019-10-24"), "x"), (B, Some("2019-10-25"), "x")],
        ),
        suppressing("b-api", &[(A, Some("2019-12-31"), "x"), (B, None, "x")]),
        suppressing(
            "c-api",
            &[(A, Some("2020-06-30"), "x"), (B, Some("soon"), "x")],
        ),
    ]);
    let all = head(&snapshot, &[]);
    let rules: Vec<(&str, &str, &str, Option<&str>)> = all
        .due
        .iter()
        .filter(|row| row.kind == "suppression")
        .map(|row| {
            (
                &*row.class,
                &*row.repository,
                &*row.name,
                row.until.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("now", "a-api", A, Some("2019-10-25T00:00:00Z")),
        ("30-days", "a-api", B, Some("2019-10-26T00:00:00Z")),
        ("90-days", "b-api", A, Some("2020-01-01T00:00:00Z")),
        ("later", "c-api", A, Some("2020-07-01T00:00:00Z")),
        ("no-end", "b-api", B, None),
        ("unknown", "c-api", B, None),
    ];
    assert_eq!(rules, expected);
    let of_b = head(&snapshot, &[("team", "b")]);
    assert_eq!(of_b.repositories, 1);
    assert!(of_b.due.iter().all(|row| row.team == "b"));
    assert_eq!(
        counts(&head(&snapshot, &[("team", "nobody")])),
        Due::ALL.map(|due| (due.as_str(), 0))
    );
}

#[test]
fn the_four_numbers_are_compared_with_those_of_28_days_before() {
    let mut snapshot = security(vec![suppressing("a-api", &[(A, None, "x")])]);
    let number = |snapshot: &Snapshot| head(snapshot, &[]).numbers[0].clone();
    // The facts are of today.
    assert_eq!(
        (number(&snapshot).number, number(&snapshot).before),
        (Some(1), None)
    );

    let rules =
        |notes| -> Vec<(&str, Option<&str>, &str)> { vec![(A, Some("2030-01-01"), notes); 40] };
    let selected = |repository: &str, notes, text: &str| {
        let mut facts = suppressing(repository, &rules(notes));
        for rule in facts.rules.iter_mut().flatten() {
            rule.selectors = vec![crate::server::model::Selector {
                kind: crate::server::model::SelectorKind::Package,
                text: text.to_owned(),
                regex: false,
            }];
        }
        facts
    };
    let as_of_ms = at(figures::testing::AS_OF);
    let mut facts = Security::of(
        Some(as_of_ms),
        vec![selected("a-api", "", "p"), selected("new-api", "", "p")],
    );
    let before = Arc::new(selected("a-api", "a reason", "p"));
    let history = &mut facts.histories[0].versions;
    history.insert(0, (as_of_ms - 40 * DAY_MS, Some(before)));
    snapshot.security = facts.into();
    let snapshot = crate::server::insight::filled(snapshot);
    let debt = number(&snapshot);
    assert_eq!((debt.number, debt.of, debt.before), (Some(80), 80, Some(0)));
    assert_eq!(debt.change, Change::Worse);
    // As of the day after the first facts, nothing is compared.
    let then = head(&snapshot, &[("as_of", "2019-09-20")]);
    assert_eq!(
        (then.numbers[0].number, then.numbers[0].before),
        (Some(0), None)
    );
    assert_eq!(then.asked.as_deref(), Some("2019-09-20"));
    assert_eq!(then.as_of, "2019-09-21T00:00:00Z");
    // The future is not known.
    assert_eq!(
        head(&snapshot, &[("as_of", "2030-01-01")]).as_of,
        "2019-10-25T12:00:00Z"
    );
}

#[test]
fn repositories_without_a_check_are_those_that_the_figure_counts() {
    let javascript = |name: &str, checks: &[Check], archived| RepositoryFacts {
        repository: name.to_owned(),
        javascript: true,
        checks: checks.to_vec(),
        archived,
        ..RepositoryFacts::default()
    };
    let snapshot = security(vec![
        javascript("z-web", &[], false),
        javascript("b-web", &[Check::Snyk], false),
        javascript("a-web", &[], false),
        javascript("old-web", &[], true),
        RepositoryFacts {
            rules: None,
            ..suppressing("a-api", &[])
        },
    ]);
    let head = head(&snapshot, &[]);
    let names: Vec<&str> = head
        .unchecked
        .iter()
        .map(|known| &*known.repository)
        .collect();
    assert_eq!(names, ["a-web", "z-web"]);
    let counts = (
        head.repositories,
        head.javascript,
        head.unchecked_total,
        head.checks_unknown,
    );
    assert_eq!(counts, (4, 3, 2, 1));
    let figure = figures::find("js_checks").expect("a figure");
    let rows = table(figure, &snapshot, &Selection::default());
    let last = rows.last().expect("a row");
    assert!(last.starts_with("none | 2 "), "{rows:?}");
}

#[test]
fn many_repositories_are_counted_and_the_first_are_listed() {
    let facts = (0..600).map(|number| RepositoryFacts {
        javascript: true,
        rules: None,
        ..suppressing(&format!("r{number:03}"), &[])
    });
    let unchecked = head(&security(facts.collect()), &[]);
    assert_eq!(
        (unchecked.unchecked.len(), unchecked.unchecked_total),
        (MAX_UNCHECKED, 600)
    );
    assert_eq!(unchecked.rules_unread, 600);
    let facts = (0..600).map(|number| suppressing(&format!("r{number:03}"), &[(A, None, "")]));
    let many = head(&security(facts.collect()), &[]);
    let without_end = many.due.iter().filter(|row| row.class == "no-end");
    assert_eq!(without_end.count(), MAX_DUE_OF_CLASS);
    assert_eq!((many.debts_total, many.debts.len()), (600, 300));
    assert_eq!(many.debts[0].flags, ["no-reason", "broad"]);
}

#[test]
fn what_was_never_read_is_unknown() {
    // Repositories with rules have a report.
    let unread = |name: &str| RepositoryFacts {
        rules: None,
        ..suppressing(name, &[])
    };
    let snapshot = security(vec![
        suppressing("a-api", &[(A, None, "x")]),
        unread("a-web"),
        unread("b-api"),
    ]);
    let of = |pairs: &[(&str, &str)], id: &str| {
        let head = head(&snapshot, pairs);
        let number = head.numbers.into_iter().find(|number| number.id == id);
        let number = number.expect("a number");
        (number.number, number.of, number.unknown + number.unread)
    };
    assert_eq!(of(&[], "overdue"), (Some(0), 1, 2));
    assert_eq!(of(&[], "debt"), (Some(1), 1, 2));
    assert_eq!(of(&[("team", "b")], "overdue"), (None, 0, 1));
    assert_eq!(of(&[("team", "b")], "debt"), (None, 0, 1));
}

/// Facts that have been known for 40 days, but for their last version, and reports of one instant about `a-web`.
fn dated(versions: &[RepositoryFacts], scanners: &[(&str, &str)]) -> Snapshot {
    let as_of_ms = at(figures::testing::AS_OF);
    let mut facts = Security::of(
        Some(as_of_ms),
        versions.last().cloned().into_iter().collect(),
    );
    let versions = versions.iter().zip([40, 0]);
    let versions =
        versions.map(|(facts, days)| (as_of_ms - days * DAY_MS, Some(Arc::new(facts.clone()))));
    facts.histories[0].versions = versions.collect();
    let finding = ReportedFinding {
        id: A.to_owned(),
        package: "lodash".to_owned(),
        severity: Severity::High,
        ..ReportedFinding::default()
    };
    let series = scanners
        .iter()
        .map(|(scanner, codebase_type)| ReportSeries {
            repository: "a-web".to_owned(),
            scanner: (*scanner).to_owned(),
            codebase_type: (*codebase_type).to_owned(),
            reports: vec![Report {
                at_ms: as_of_ms - 7 * DAY_MS,
                complete: true,
                findings: [finding.clone()].into(),
            }],
        });
    facts.reports = series.collect();
    let mut snapshot = security(Vec::new());
    snapshot.security = facts.into();
    crate::server::insight::filled(snapshot)
}

#[test]
fn the_first_report_is_no_change_of_repositories_without_a_check() {
    let unchecked = |repository: &str, scanners: &[(&str, &str)]| {
        let facts = RepositoryFacts {
            javascript: true,
            ..suppressing(repository, &[])
        };
        let number = head(&dated(&[facts], scanners), &[]).numbers.pop();
        let number = number.expect("a number");
        (number.number, number.before)
    };
    assert_eq!(unchecked("a-web", &[]), (Some(1), Some(1)));
    assert_eq!(unchecked("a-web", &[("npm-audit", "")]), (Some(0), None));
    assert_eq!(unchecked("b-web", &[("npm-audit", "")]), (Some(1), None));
}

#[test]
fn rules_of_the_first_reading_are_at_least_as_old() {
    let after = suppressing("a-web", &[(A, None, "")]);
    let unread = RepositoryFacts {
        rules: None,
        ..after.clone()
    };
    let without = suppressing("a-web", &[]);
    for (before, age, is_at_least) in [(&after, 40, true), (&unread, 0, true), (&without, 0, false)]
    {
        let head = head(&dated(&[before.clone(), after.clone()], &[]), &[]);
        let (due, debt) = (&head.due[0], &head.debts[0]);
        assert_eq!((due.age_days, due.at_least), (Some(age), is_at_least));
        assert_eq!((debt.age_days, debt.at_least), (age, is_at_least));
    }
}

#[test]
fn findings_of_two_scanners_are_told_apart() {
    let scanners = [
        ("dependency-check", "java"),
        ("dependency-check", "node"),
        ("trivy", ""),
    ];
    let snapshot = dated(&[suppressing("a-web", &[])], &scanners);
    let names = [
        "dependency-check (java)",
        "dependency-check (node)",
        "trivy",
    ];
    let rows = head(&snapshot, &[]).due;
    let shown: Vec<Option<&str>> = rows.iter().map(|row| row.scanner.as_deref()).collect();
    assert_eq!(shown, names.map(Some));
    let figure = figures::find("security_due").expect("a figure");
    let rows = table(figure, &snapshot, &Selection::default());
    let shown: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split(" | ").last())
        .collect();
    assert_eq!(shown, names);
}
