//! Changes of the facts.

use super::*;
use crate::server::{
    figures::testing::suppressing, model::Check, views::repository::changes::changes,
};

fn texts(a: &RepositoryFacts, b: &RepositoryFacts) -> Vec<String> {
    changes(a, b)
        .into_iter()
        .map(|change| change.text)
        .collect()
}

#[test]
fn each_change_of_the_facts_is_a_line() {
    let a = facts();
    let mut b = facts();
    b.rules = Some(vec![
        rule("CVE-2019-0001", None, Some("Another reason")),
        rule("CVE-2019-0002", Some("2019-12-01"), None),
        rule("CVE-2019-0003", None, None),
        rule("CVE-2019-0003", None, None),
        rule("CVE-2019-0004", Some("2020-10-01"), Some("Exploited")),
        rule("CVE-2019-0006", None, None),
    ]);
    // A rule that moved did not change.
    b.rules
        .iter_mut()
        .flatten()
        .for_each(|rule| rule.line += 10);
    b.runtimes = Some(vec![
        runtime("20"),
        runtime("as it comes"),
        Runtime {
            product: "debian".to_owned(),
            version: "12".to_owned(),
            ..runtime("")
        },
    ]);
    b.checks = vec![Check::Dependabot];
    b.about.protected = Some(true);
    b.about.owners = Some(Vec::new());
    assert_eq!(
        texts(&a, &b),
        [
            "Default branch protected",
            "Owners @hmcts/civil → none",
            "Dependabot added",
            "Rule for CVE-2019-0001: until changed from 2019-11-10 to no end",
            "Rule for CVE-2019-0001: reason changed",
            "Rule for CVE-2019-0002: until changed from 2019-10-01 to 2019-12-01",
            "Rule for CVE-2019-0002: reason removed",
            "Rule for CVE-2019-0003 added",
            "Rule for CVE-2019-0006 added",
            "Rule for CVE-2019-0005 removed",
            "Node.js 8, as it comes → 20, as it comes",
            "Debian 12 added",
        ]
    );
    assert_eq!(texts(&a, &a), Vec::<String>::new());
}

#[test]
fn the_first_reading_of_a_field_is_no_change() {
    let read = facts();
    let mut unread = facts();
    unread.rules = None;
    unread.runtimes = None;
    unread.about = About::default();
    unread.node_version = Some("8".to_owned());
    assert_eq!(texts(&unread, &read), Vec::<String>::new());
    assert_eq!(texts(&read, &unread), Vec::<String>::new());
    // Facts from before know versions and CVEs, which can be compared with each other.
    let mut next = unread.clone();
    next.node_version = Some("10".to_owned());
    next.suppressions = suppressing("x", &[("CVE-2019-0009", None)]).suppressions;
    assert_eq!(
        texts(&unread, &next),
        ["Suppression of CVE-2019-0009 added", "Node.js 8 → 10"]
    );
}

#[test]
fn the_history_has_the_latest_first_with_findings_and_gaps() {
    let snapshot = known(
        vec![
            ("2019-09-01T00:00:00Z", Some(facts())),
            ("2019-09-02T00:00:00Z", None),
            ("2019-09-03T00:00:00Z", Some(facts())),
        ],
        vec![finding(
            "CVE-2019-0101",
            Severity::High,
            "2019-09-02T12:00:00Z",
        )],
    );
    let found = described(&snapshot, "");
    let texts: Vec<&str> = found.changes.iter().map(|change| &*change.text).collect();
    assert_eq!(
        texts,
        [
            "Read again after it was gone",
            "CVE-2019-0101 in lodash (high) opened",
            "Gone",
            "First read"
        ]
    );
    assert_eq!(found.change_count, 4);
}
