//! Actions for a repository, and the states of its rules, runtimes and findings.

use super::*;
use crate::server::{
    figures::testing::{build, snapshot},
    model::BuildResult,
};

#[test]
fn what_to_do_comes_in_order_with_what_is_unknown_at_the_end() {
    let found = described(&sample(), "");
    let listed: Vec<(&str, &str)> = found
        .actions
        .iter()
        .map(|action| (&*action.kind, &*action.what))
        .collect();
    assert_eq!(
        listed,
        [
            ("listed", "Rule for CVE-2019-0004"),
            ("overdue", "CVE-2019-0101 in lodash 4.17.1 (high)"),
            ("expired", "Rule for CVE-2019-0002"),
            ("due", "Rule for CVE-2019-0001"),
            ("runtime-due", "Node.js 8"),
            ("no-reason", "Rule for CVE-2019-0003"),
            ("unknown", "The end of 1 rule"),
            ("unknown", "The use of 5 rules"),
            ("unknown", "The end of support of Node.js as it comes"),
        ]
    );
    assert_eq!(found.state, "bad");
    assert_eq!(
        found.summary,
        "1 rule suppresses a vulnerability that is known to be exploited, 1 finding is overdue, 1 rule has expired, and more."
    );
    let overdue = &found.actions[1];
    assert_eq!(overdue.at.as_deref(), Some("2019-10-01T00:00:00Z"));
    assert_eq!(
        overdue.action,
        "Update lodash to 4.17.21, where it is fixed."
    );
    let expired = &found.actions[2];
    assert_eq!(expired.at.as_deref(), Some("2019-10-02T00:00:00Z"));
    let href = expired
        .place
        .as_ref()
        .and_then(|place| place.href.as_deref());
    assert_eq!(
        href,
        Some("https://github.com/hmcts/a-api/blob/main/config/suppressions.xml#L3")
    );
}

#[test]
fn a_rule_counts_for_each_of_its_flags_and_is_listed_once() {
    let rules = vec![
        // It is known to be exploited.
        rule("CVE-2019-0004", Some("2019-10-01"), None),
        rule("CVE-2019-0002", Some("2019-10-01"), None),
        rule("CVE-2019-0003", None, None),
    ];
    let facts = RepositoryFacts {
        rules: Some(rules),
        runtimes: Some(Vec::new()),
        ..facts()
    };
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(facts))], Vec::new()),
        "",
    );
    assert_eq!(
        found.summary,
        "1 rule suppresses a vulnerability that is known to be exploited, 2 rules have expired, 3 rules have no reason."
    );
    let actions = found.actions.iter().filter(|action| action.place.is_some());
    let actions: Vec<&str> = actions.map(|action| &*action.action).collect();
    assert_eq!(
        actions,
        [
            "Update the dependency now: attackers use this vulnerability. Also: expired after 1 Oct 2019; no reason.",
            "Update the dependency and remove the rule, or decide again and set a new end. Also: no reason.",
            "Write why the risk is accepted.",
        ]
    );
}

#[test]
fn rules_of_the_first_reading_of_rules_are_at_least_as_old() {
    let unread = RepositoryFacts {
        rules: None,
        ..facts()
    };
    let snapshot = known(
        vec![
            ("2019-09-01T00:00:00Z", Some(unread)),
            ("2019-10-10T00:00:00Z", Some(facts())),
        ],
        Vec::new(),
    );
    let found = described(&snapshot, "");
    assert!(found.rules.iter().flatten().all(|rule| rule.at_least));
    let since = found
        .actions
        .iter()
        .filter(|action| action.kind == "no-reason");
    let since: Vec<(Option<&str>, bool)> = since
        .map(|action| (action.at.as_deref(), action.at_least))
        .collect();
    assert_eq!(since, [(Some("2019-10-10T00:00:00Z"), true)]);
}

#[test]
fn a_java_without_a_vendor_has_no_known_end_and_that_is_said() {
    let java = Runtime {
        product: "java".to_owned(),
        version: "17".to_owned(),
        ..Runtime::default()
    };
    let facts = RepositoryFacts {
        rules: Some(Vec::new()),
        runtimes: Some(vec![runtime("as it comes"), java]),
        ..facts()
    };
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(facts))], Vec::new()),
        "",
    );
    let unknown = found
        .actions
        .iter()
        .filter(|action| action.kind == "unknown");
    let unknown: Vec<(&str, &str)> = unknown
        .map(|known| (&*known.what, &*known.action))
        .collect();
    assert_eq!(
        unknown,
        [
            (
                "The end of support of Node.js as it comes",
                "The version is in no table of ends of support."
            ),
            (
                "The end of support of Java 17",
                "Its vendor is not stated, and the ends of support of Java differ by vendor."
            ),
        ]
    );
}

#[test]
fn rules_runtimes_and_findings_have_their_states() {
    let found = described(&sample(), "");
    let flags = |index: usize| {
        let rules = found.rules.as_ref().expect("rules");
        rules[index].flags.join(" ")
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(flags),
        [
            "due",
            "expired",
            "no-reason no-end",
            "listed",
            "unreadable-end"
        ]
    );
    let rules = found.rules.as_ref().expect("rules");
    assert_eq!(rules[0].selector, "GAV org.yaml:snakeyaml:1.33");
    // The first facts hold a rule for the same vulnerability, the others are new.
    assert_eq!(
        (&*rules[0].since, rules[0].at_least),
        ("2019-09-01T00:00:00Z", true)
    );
    assert_eq!(
        (&*rules[1].since, rules[1].at_least),
        ("2019-10-10T00:00:00Z", false)
    );
    let supports: Vec<&str> = found
        .runtimes
        .iter()
        .flatten()
        .map(|known| &*known.support)
        .collect();
    assert_eq!(supports, ["due", "unknown"]);
    let findings: Vec<(&str, bool)> = found
        .findings
        .iter()
        .map(|known| (&*known.id, known.overdue))
        .collect();
    assert_eq!(
        findings,
        [
            ("CVE-2019-0101", true),
            ("CVE-2019-0102", false),
            ("CVE-2019-0100", false)
        ]
    );
    assert_eq!(found.findings[2].due_at, None);
    assert_eq!(
        (&*found.owners_by, &*found.owners[0]),
        ("codeowners", "@hmcts/civil")
    );
    assert_eq!(found.protected, Some(false));
}

#[test]
fn an_earlier_day_shows_its_end_and_no_later_change() {
    let snapshot = sample();
    let before = described(&snapshot, "2019-09-30");
    assert_eq!(before.as_of, "2019-10-01T00:00:00Z");
    assert_eq!(before.asked.as_deref(), Some("2019-09-30"));
    assert_eq!(before.latest, "2019-10-25T12:00:00Z");
    let ids: Vec<&str> = before
        .rules
        .iter()
        .flatten()
        .map(|rule| &*rule.ids[0])
        .collect();
    assert_eq!(ids, ["CVE-2019-0001"]);
    assert!(
        before
            .changes
            .iter()
            .all(|change| *change.at < *before.as_of)
    );
    // The time is local.
    let later = described(&snapshot, "2030-01-01");
    assert_eq!(later.as_of, later.latest);
    let unknown = described(&snapshot, "2019-08-01");
    assert!(!unknown.known && unknown.rules.is_none() && unknown.actions.is_empty());
    for wrong in ["soon", "2019-13-01", "2019-1-01", "9999-12-31"] {
        let view = View::default().with("name", NAME).with("as_of", wrong);
        assert_eq!(
            find(&snapshot, &view).map_err(|error| error.status()),
            Err(400),
            "{wrong}"
        );
    }
}

#[test]
fn a_repository_is_known_by_facts_reports_or_builds() {
    let built = snapshot(&[build(
        "HMCTS_CMC/claim-store/master",
        BuildResult::Failure,
        AS_OF,
    )]);
    let wanted = |name: &str| find(&built, &View::default().with("name", name));
    let found = details(&built, &wanted("claim-store").expect("built"));
    assert_eq!(
        (found.known, &*found.state, found.pipelines.len()),
        (false, "unknown", 1)
    );
    assert_eq!(
        (&*found.pipelines[0].state, &*found.owners[0]),
        ("red", "claim")
    );
    assert_eq!(found.pipelines[0].recent, ["FAILURE"]);
    assert_eq!((found.action_count, &*found.as_of), (0, ""));
    for name in ["", "claim", "HMCTS_CMC"] {
        let error = wanted(name).expect_err("unknown");
        assert_eq!(error.status(), 404, "{name}");
    }
}

#[test]
fn an_archived_repository_has_nothing_to_do() {
    let mut archived = facts();
    archived.archived = true;
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(archived))], Vec::new()),
        "",
    );
    assert_eq!(
        (&*found.state, found.action_count, found.rule_count),
        ("archived", 0, 5)
    );
}

#[test]
fn nothing_unknown_counts_as_good() {
    let bare = RepositoryFacts {
        repository: NAME.to_owned(),
        ..RepositoryFacts::default()
    };
    let snapshot = security(vec![bare]);
    let found = described(&snapshot, "");
    assert_eq!(found.state, "unknown");
    assert_eq!(
        found.summary,
        "Nothing to do is known, but 4 things are unknown."
    );
    assert!(found.rules.is_none() && found.runtimes.is_none() && !found.owners_read);
    let kinds = found.actions.iter().map(|action| &*action.what);
    let kinds: Vec<&str> = kinds.collect();
    assert_eq!(
        kinds,
        [
            "Suppression rules",
            "Runtimes",
            "Dependency check",
            "Findings"
        ]
    );
}

#[test]
fn many_rules_are_counted_and_the_first_are_listed() {
    let mut many = facts();
    let rules = (0..1_200).map(|number| rule(&format!("CVE-2019-{number:04}"), None, None));
    many.rules = Some(rules.collect());
    let found = described(
        &known(vec![("2019-10-10T00:00:00Z", Some(many))], Vec::new()),
        "",
    );
    assert_eq!(
        (found.rule_count, found.rules.map(|rules| rules.len())),
        (1_200, Some(500))
    );
    assert_eq!(found.actions.len(), 500);
    assert!(found.action_count > 1_200);
    assert_eq!((found.renewal_count, found.renewals.len()), (1_200, 100));
}
