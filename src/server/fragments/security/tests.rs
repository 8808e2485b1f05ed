//! The fragments of the Security page.

use super::*;
use crate::{
    api::{DebtRow, DueClass, DueRow, ResolvedElsewhere, UncheckedRepository},
    server::fragments::testing::{assert_text, hostile},
};

fn number(id: &str, change: Change) -> SecurityNumber {
    SecurityNumber {
        id: id.to_owned(),
        number: 1_200,
        of: 2_000,
        unknown: 3,
        beside: 7,
        before: Some(1_100),
        change,
    }
}

fn head() -> SecurityHead {
    let due = |class: &str, kind: &str| DueRow {
        class: class.to_owned(),
        kind: kind.to_owned(),
        name: hostile(),
        repository: hostile(),
        team: hostile(),
        until: Some("2019-10-25T12:00:00Z".to_owned()),
        age_days: Some(1),
        at_least: true,
        listed: true,
        fixed_in: Some(hostile()),
        epss_percent: Some(12.3),
    };
    let class = |(class, items): (&str, u64)| DueClass {
        class: class.to_owned(),
        items,
    };
    SecurityHead {
        as_of: "2019-10-25T12:00:00Z".to_owned(),
        repositories: 5,
        javascript: 3,
        numbers: vec![
            number("debt", Change::Worse),
            number("runtimes", Change::Unclear),
            number("overdue", Change::Unclear),
            number("unchecked", Change::Unclear),
        ],
        classes: [("now", 1_200), ("later", 0), ("no-end", 1)]
            .map(class)
            .into(),
        due: vec![due("now", "finding"), due("no-end", "suppression")],
        debts: vec![DebtRow {
            name: hostile(),
            repository: hostile(),
            team: hostile(),
            file: hostile(),
            flags: vec!["broad".to_owned()],
            age_days: 3,
        }],
        debts_total: 2,
        resolved_elsewhere: vec![ResolvedElsewhere {
            id: hostile(),
            suppressed_in: vec![hostile()],
            suppressed_total: 3,
            resolved_in: vec![hostile()],
            resolved_total: 1,
        }],
        rules_unread: 4,
        ends_of_support: "2026-11-29".to_owned(),
        unchecked_total: 2,
        unchecked: ["https://github.com/x/y", ""]
            .map(|href| UncheckedRepository {
                repository: hostile(),
                team: hostile(),
                href: (!href.is_empty()).then(|| href.to_owned()),
            })
            .into(),
        checks_unknown: 2,
        ..SecurityHead::default()
    }
}

fn html(head: &SecurityHead, base: &Base) -> String {
    let parts = fragments(head, base).into_iter();
    parts.map(|part| part.html).collect()
}

#[test]
fn hostile_text_stays_text() {
    // A finding with four texts and a rule with three, a debt with three, a vulnerability with two repositories, two
    // repositories with two texts. Flags are among those that are known.
    assert_text(&fragments(&head(), &Base::default()), 4 + 3 + 3 + 3 + 4);
    let chosen = SecurityHead {
        as_of: "2019-10-25T12:00:00Z".to_owned(),
        team: Some(hostile()),
        teams: vec![hostile()],
        asked: Some(hostile()),
        ..SecurityHead::default()
    };
    // The value and the label of the choice, the day, and the sentence.
    assert_text(&fragments(&chosen, &Base::default()), 4);
}

#[test]
fn numbers_open_their_lists_and_what_is_unknown_is_said() {
    let html = html(&head(), &Base::new("/rse"));
    for part in [
        "<a href=\"#debts\">1,200",
        "worse than 28 days before (1,100)",
        "100 more than 28 days before",
        "of 2,000; 7 without end; rules of 3 repositories not read",
        "<section id=\"due-now\" tabindex=\"-1\"><h3>Due now: 1,200</h3>",
        "The first 1 of 1,200 are listed; the CSV has all.",
        "href=\"/rse/figures/security_due.csv\"",
        "at least 1 day",
        "Known exploited</span>, EPSS 12%",
        "href=\"/rse/api/security\"",
        "no KEV catalogue was imported",
        "Set a date",
        "2 rules are expired, unused",
        "the rules of 4 repositories",
        " and 2 more",
        "<a href=\"#unchecked\">1,200",
        "2 of 3 JavaScript repositories are configured for none",
        "checks of 2 other repositories",
        "href=\"/rse/sources\"",
        "href=\"https://github.com/x/y\">",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("due-later"), "{html}");
}

#[test]
fn files_are_of_the_team_and_day_that_are_shown() {
    let chosen = SecurityHead {
        team: Some("A & B".to_owned()),
        asked: Some("2026-01-31".to_owned()),
        ..head()
    };
    let html = html(&chosen, &Base::new("/rse"));
    let query = "?as_of=2026-01-31&amp;team=A+%26+B";
    for path in ["/rse/figures/security_due.csv", "/rse/api/security"] {
        assert!(html.contains(&format!("href=\"{path}{query}\"")), "{html}");
    }
}

#[test]
fn without_facts_the_figures_speak_alone() {
    assert!(fragments(&SecurityHead::default(), &Base::default()).is_empty());
}

#[test]
fn no_number_is_said_of_what_is_not_known() {
    let of = |team: Option<&str>, asked: Option<&str>| {
        html(
            &SecurityHead {
                as_of: "2019-10-25T12:00:00Z".to_owned(),
                team: team.map(str::to_owned),
                asked: asked.map(str::to_owned),
                numbers: vec![number("debt", Change::Unclear)],
                ..SecurityHead::default()
            },
            &Base::default(),
        )
    };
    for (team, asked, reason) in [
        (None, None, "No repository that is not archived is known."),
        (
            None,
            Some("1999-01-01"),
            "There were no security facts at that time.",
        ),
        (Some("x"), None, "No repository of this team is known."),
        (
            Some("x"),
            Some("1999-01-01"),
            "No repository of this team was known at that time.",
        ),
    ] {
        let html = of(team, asked);
        assert!(html.contains(reason), "{html}");
        assert!(html.contains("name=\"as_of\""), "{html}");
        assert!(!html.contains("tile"), "{html}");
    }
}

#[test]
fn nothing_is_said_to_be_better_or_worse_without_a_past() {
    let unknown = SecurityNumber {
        before: None,
        ..number("debt", Change::Unclear)
    };
    let html = html(
        &SecurityHead {
            numbers: vec![unknown],
            ..head()
        },
        &Base::default(),
    );
    assert!(html.contains("28 days before is not known"), "{html}");
}
