//! The fragments of the Security page.

use super::*;
use crate::{
    api::{DebtRow, DueClass, DueRow, ResolvedElsewhere, UncheckedRepository},
    server::fragments::testing::{assert_text, hostile},
};

fn number(id: &str, change: Change) -> SecurityNumber {
    SecurityNumber {
        id: id.to_owned(),
        number: Some(1_200),
        of: 2_000,
        unknown: 3,
        unread: if id == "debt" { 4 } else { 0 },
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
        last_day: Some("2019-10-25".to_owned()),
        ends_soon: false,
        age_days: Some(1),
        at_least: true,
        listed: true,
        fixed_in: Some(hostile()),
        scanner: (kind == "finding").then(hostile),
        epss_percent: Some(12.3),
    };
    let class = |(class, items): (&str, u64)| DueClass {
        class: class.to_owned(),
        items,
        findings: items,
        ..DueClass::default()
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
            at_least: false,
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
    // A finding with five texts and a rule with three, a debt with three, a vulnerability with two repositories, two
    // repositories with two texts. Flags are among those that are known.
    assert_text(&fragments(&head(), &Base::default()), 5 + 3 + 3 + 3 + 4);
    let chosen = SecurityHead {
        as_of: "2019-10-25T12:00:00Z".to_owned(),
        asked_teams: vec![hostile()],
        teams: vec![hostile()],
        asked: Some(hostile()),
        ..SecurityHead::default()
    };
    // The value and the label of the choice, and the sentence. The field of the day has days alone.
    assert_text(&fragments(&chosen, &Base::default()), 3);
}

#[test]
fn numbers_open_their_lists_and_what_is_unknown_is_said() {
    let html = html(&head(), &Base::new("/rse"));
    for part in [
        "<a href=\"#debts\">1,200",
        "worse than 28 days before (1,100)",
        "100 more than 28 days before",
        "of 2,000; 7 without end; unknown for 3; rules of 4 repositories not read",
        "<section id=\"due-now\" tabindex=\"-1\"><h3>Due now: 1,200</h3>",
        "<section id=\"overdue\" tabindex=\"-1\"><h4>Overdue findings: 1,200</h4>",
        "<a href=\"#overdue\">1,200",
        "<section id=\"runtimes\" tabindex=\"-1\"><h3>Runtimes past or near their end: 1,200</h3>",
        "The first 1 of 1,200 are listed; the CSV has all.",
        "href=\"/rse/figures/security_due.csv\"",
        "at least 1 day",
        "data-label=\"Age\">3 days</td>",
        "of 2,000 open ones; no report read for 3 repositories",
        "of 2,000; unknown for 3",
        "<time datetime=\"2019-10-25\">25 Oct 2019</time>",
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
fn what_nobody_read_is_an_unknown_number() {
    let of = |id: &str, unknown: u64, unread: u64| {
        let number = SecurityNumber {
            number: None,
            of: 0,
            beside: 0,
            unknown,
            unread,
            before: None,
            ..number(id, Change::Unclear)
        };
        numbered(&number).into_string()
    };
    let overdue = of("overdue", 5, 0);
    assert!(
        overdue.contains("<p class=\"tile-number\">unknown</p>"),
        "{overdue}"
    );
    assert!(
        overdue.contains(">no report read for 5 repositories</p>"),
        "{overdue}"
    );
    let debt = of("debt", 0, 1);
    assert!(
        debt.contains(">rules of 1 repository not read</p>"),
        "{debt}"
    );
}

#[test]
fn what_is_not_unknown_is_left_out() {
    let known = |id: &str| SecurityNumber {
        unknown: 0,
        unread: 0,
        ..number(id, Change::Unclear)
    };
    for (id, says) in [
        ("debt", "of 2,000; 7 without end"),
        ("runtimes", "of 2,000; 7 past their end"),
        ("overdue", "of 2,000 open ones"),
        ("unchecked", "of 2,000"),
    ] {
        assert_eq!(note(&known(id)).into_string(), says);
    }
    let html = html(
        &SecurityHead {
            checks_unknown: 0,
            unchecked_total: 1,
            ..head()
        },
        &Base::default(),
    );
    assert!(
        html.contains("Not known: repositories that could not be read"),
        "{html}"
    );
    assert!(
        html.contains("1 of 3 JavaScript repositories is configured for none"),
        "{html}"
    );
}

#[test]
fn only_what_was_chosen_is_said() {
    let says = |team: Option<&str>, asked: Option<&str>| {
        let chosen = SecurityHead {
            asked_teams: team.map(str::to_owned).into_iter().collect(),
            asked: asked.map(str::to_owned),
            ..head()
        };
        html(&chosen, &Base::default())
    };
    let (team, day) = (Some("cmc"), Some("2019-10-25"));
    let both = says(team, day);
    assert!(
        both.contains("As known at the end of <time datetime=\"2019-10-25\">25 Oct 2019</time>"),
        "{both}"
    );
    assert!(both.contains(", of the team cmc. "), "{both}");
    assert!(both.contains(">Show today and all teams</a>"), "{both}");
    let day = says(None, day);
    assert!(
        day.contains("As known at the end of <time") && day.contains(">Show today</a>"),
        "{day}"
    );
    assert!(!day.contains("of the team"), "{day}");
    let team = says(team, None);
    assert!(
        team.contains("Only the team cmc. ") && team.contains(">Show all teams</a>"),
        "{team}"
    );
    assert!(!team.contains("As known"), "{team}");
    let can_change = "imported later can still change it.";
    assert!(day.contains(can_change) && !team.contains(can_change));
    assert!(both.contains("The figures below are for the same day and team. "));
    assert!(!says(None, None).contains("The figures below"));
}

#[test]
fn a_day_after_the_facts_is_said_to_be_later() {
    let later = SecurityHead {
        asked: Some("2030-01-01".to_owned()),
        is_later: true,
        ..head()
    };
    let html = html(&later, &Base::default());
    assert!(
        html.contains("1 Jan 2030 is later than the facts: as known on <time"),
        "{html}"
    );
}

#[test]
fn repositories_are_those_of_the_day_that_is_shown() {
    let mut head = head();
    for row in &mut head.due {
        row.repository = "a-api".to_owned();
    }
    head.debts[0].repository = "a-api".to_owned();
    head.unchecked[0].repository = "a-api".to_owned();
    head.resolved_elsewhere[0].suppressed_in = vec!["a-api".to_owned()];
    let today = html(&head, &Base::default());
    assert_eq!(
        today.matches("href=\"/repositories/a-api\"").count(),
        5,
        "{today}"
    );
    head.asked = Some("2019-09-27".to_owned());
    let then = html(&head, &Base::default());
    let href = "href=\"/repositories/a-api?as_of=2019-09-27\"";
    assert_eq!(then.matches(href).count(), 5, "{then}");
}

#[test]
fn nothing_is_to_do_for_a_runtime_that_is_supported_for_long() {
    let runtime = |class: &str, ends_soon: bool| DueRow {
        class: class.to_owned(),
        kind: "runtime".to_owned(),
        ends_soon,
        ..head().due[0].clone()
    };
    let html = |class: &str, ends_soon: bool| {
        let classes = vec![DueClass {
            class: class.to_owned(),
            items: 1,
            runtimes: 1,
            ..DueClass::default()
        }];
        html(
            &SecurityHead {
                classes,
                due: vec![runtime(class, ends_soon)],
                ..head()
            },
            &Base::default(),
        )
    };
    assert!(html("later", false).contains("Nothing yet"));
    // Near its end is 180 days before it, later than the classes.
    for class in ["later", "90-days"] {
        assert!(html(class, true).contains("Plan the update to a version"));
    }
}

#[test]
fn files_are_of_the_team_and_day_that_are_shown() {
    let chosen = SecurityHead {
        asked_teams: vec!["A & B".to_owned()],
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
                asked_teams: team.map(str::to_owned).into_iter().collect(),
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
    assert!(html.contains("not known 28 days before"), "{html}");
}
