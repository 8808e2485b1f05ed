//! The list of problems of small snapshots.

use super::*;
use crate::server::{
    figures::testing::{AS_OF, at, build, snapshot_with_security},
    model::{
        BuildResult::{self, Failure, Success},
        DAY_MS, HOUR_MS, RepositoryFacts, SuppressionRule,
    },
    snapshot::BuildRecord,
};

const JOB: &str = "HMCTS_CMC/claim-store/master";

/// A repository with rules that end on these days.
fn suppressing(repository: &str, ends: &[&str]) -> RepositoryFacts {
    let rules = ends.iter().map(|until| SuppressionRule {
        ids: vec!["CVE-2019-0001".to_owned()],
        until: Some((*until).to_owned()),
        notes: Some("a reason".to_owned()),
        ..SuppressionRule::default()
    });
    RepositoryFacts {
        repository: repository.to_owned(),
        rules: Some(rules.collect()),
        ..RepositoryFacts::default()
    }
}

fn ago(hours: i64, result: BuildResult) -> BuildRecord<'static> {
    BuildRecord {
        finished_ms: at(AS_OF) - hours * HOUR_MS,
        ..build(JOB, result, AS_OF)
    }
}

/// A pipeline that has been red for so many hours, and the facts.
fn with_facts(hours: i64, facts: Vec<RepositoryFacts>) -> Snapshot {
    snapshot_with_security(&[ago(hours + 1, Success), ago(hours, Failure)], facts)
}

fn list(snapshot: &Snapshot, pairs: &[(&str, &str)], snoozes: &[Snooze]) -> ProblemList {
    let selection: Selection = pairs.iter().copied().collect();
    problem_list(snapshot, &selection, snoozes, at(AS_OF))
}

fn titles(list: &ProblemList) -> Vec<(&str, &str)> {
    let problems = list.problems.iter();
    problems
        .map(|known| (&*known.state, &*known.title))
        .collect()
}

#[test]
fn repositories_with_something_overdue_follow_the_others_of_their_state() {
    // The facts are of 25 October 2019, 12:00.
    let snapshot = with_facts(
        9 * 24,
        vec![
            suppressing("cmc-late", &["2019-10-23", "2019-10-24"]),
            suppressing("cmc-later", &["2019-10-20"]),
            suppressing("div-long-ago", &["2019-01-01", "2030-01-01"]),
            suppressing("div-fine", &["2030-01-01"]),
        ],
    );
    let all = list(&snapshot, &[], &[]);
    assert_eq!(
        titles(&all),
        [
            ("new", "cmc-later"),
            ("new", "cmc-late"),
            ("ongoing", JOB),
            ("ongoing", "div-long-ago"),
        ]
    );
    assert_eq!(
        all.summary,
        "4 problems: 2 new, 2 ongoing. 3 of them are about security."
    );
    let late = &all.problems[1];
    assert_eq!(late.since, "2019-10-24T00:00:00Z");
    assert_eq!(late.failures, 2);
    let overdue = late.overdue.as_ref().expect("something overdue");
    assert_eq!(in_words(overdue), "2 expired suppressions");
    assert_eq!(late.red_ms, (DAY_MS + 12 * HOUR_MS).unsigned_abs());
}

#[test]
fn a_team_has_its_own_repositories_and_a_project_those_of_its_pipelines() {
    let facts = vec![
        suppressing("cmc-late", &["2019-10-23"]),
        suppressing("div-late", &["2019-10-23"]),
        suppressing("claim-store", &["2019-10-23"]),
    ];
    let snapshot = with_facts(3, facts);
    let of = |key, value| {
        let list = list(&snapshot, &[(key, value)], &[]);
        let mut titles: Vec<String> = list.problems.into_iter().map(|known| known.title).collect();
        titles.sort_unstable();
        titles
    };
    assert_eq!(of("team", "div"), ["div-late"]);
    assert_eq!(of("project", "cmc"), [JOB, "claim-store"]);
}

#[test]
fn a_snoozed_repository_is_no_longer_counted() {
    let snapshot = with_facts(3, vec![suppressing("cmc-late", &["2019-10-23"])]);
    let snooze = Snooze {
        problem: "security:cmc-late".to_owned(),
        reason: "planned".to_owned(),
        end: SnoozeEnd::Failures(2),
        reader: "Ada".to_owned(),
        at_ms: 0,
    };
    let snoozed = list(&snapshot, &[], std::slice::from_ref(&snooze));
    assert_eq!(titles(&snoozed)[1], ("snoozed", "cmc-late"));
    assert_eq!(snoozed.summary, "1 problem: 1 new, 1 snoozed.");
    // One more rule expired.
    let more = suppressing("cmc-late", &["2019-10-23", "2019-10-24"]);
    let snapshot = with_facts(3, vec![more]);
    assert_eq!(
        titles(&list(&snapshot, &[], &[snooze]))[1],
        ("new", "cmc-late")
    );
}
