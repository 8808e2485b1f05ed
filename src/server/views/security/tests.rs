//! The head of the Security page.

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
        model::{Check, RepositoryFacts, SuppressionRule},
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
        (1, None)
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
    let day_ms = crate::server::model::DAY_MS;
    let as_of_ms = at(figures::testing::AS_OF);
    let mut facts = crate::server::snapshot::security::Security::of(
        Some(as_of_ms),
        vec![selected("a-api", "", "p"), selected("new-api", "", "p")],
    );
    let before = std::sync::Arc::new(selected("a-api", "a reason", "p"));
    let history = &mut facts.histories[0].versions;
    history.insert(0, (as_of_ms - 40 * day_ms, Some(before)));
    snapshot.security = facts.into();
    let snapshot = crate::server::insight::filled(snapshot);
    let debt = number(&snapshot);
    assert_eq!((debt.number, debt.of, debt.before), (80, 80, Some(0)));
    assert_eq!(debt.change, Change::Worse);
    // As of the day after the first facts, nothing is compared.
    let then = head(&snapshot, &[("as_of", "2019-09-20")]);
    assert_eq!((then.numbers[0].number, then.numbers[0].before), (0, None));
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
