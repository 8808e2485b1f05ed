use super::*;
use crate::{
    api::{ExternalAddress, Overdue, ProblemCount},
    server::fragments::testing::{ESCAPED, HOSTILE, hostile},
};

fn mark() -> BuildMark {
    BuildMark {
        number: hostile(),
        result: "FAILURE".to_owned(),
        finished_at: hostile(),
        duration_ms: None,
    }
}

#[test]
fn texts_of_problems_stay_texts() {
    let problem = ProblemSummary {
        id: hostile(),
        kind: "pipeline".to_owned(),
        state: "new".to_owned(),
        title: hostile(),
        system: Some(hostile()),
        name: Some(hostile()),
        short_name: Some(hostile()),
        project: Some(hostile()),
        team: Some(hostile()),
        overdue: None,
        pipelines: 1,
        since: hostile(),
        at_least: false,
        red_ms: 1,
        failed_step: Some(hostile()),
        class: Some("broken".to_owned()),
        reason: Some("a rule".to_owned()),
        domain: Some("test".to_owned()),
        failures: 1,
        builds: 2,
        failures_today: 0,
        worst_day: 0,
        first_failure: Some(mark()),
        latest_failure: Some(mark()),
        last_green: Some(mark()),
        recent: vec![hostile()],
        build_address: Some(ExternalAddress {
            text: hostile(),
            href: Some("https://ci.example/1".to_owned()),
        }),
        suspects: vec![HOSTILE.to_owned()],
        shared: vec![hostile()],
        regressed_from: Some(hostile()),
        opens: String::new(),
        snooze: Some(SnoozeSummary {
            reason: hostile(),
            until: Some(hostile()),
            failures: Some(3),
            reader: hostile(),
            at: hostile(),
        }),
    };
    let list = ProblemList {
        selection: String::new(),
        summary: hostile(),
        as_of: String::new(),
        version: String::new(),
        states: vec![ProblemCount {
            state: "new".to_owned(),
            problems: 1,
        }],
        problems: vec![problem],
        resolved: Vec::new(),
    };
    let resolved = ResolvedProblem {
        kind: "pipeline".to_owned(),
        title: hostile(),
        system: Some(hostile()),
        name: Some(hostile()),
        short_name: Some(hostile()),
        project: Some(hostile()),
        since: hostile(),
        ended: hostile(),
        red_ms: 1,
        failed_step: Some(hostile()),
        failures: 1,
        opens: String::new(),
    };
    let list = ProblemList {
        resolved: vec![resolved],
        ..list
    };
    let shown = |can_snooze| {
        let base = Base::default();
        let shown = Shown {
            list: &list,
            base: &base,
            can_snooze,
            now_ms: 0,
            old: false,
        };
        [shown.problems(), shown.resolved()].map(|html| html.into_string())
    };
    let html = shown(true).concat();
    // An instant stands twice: for programs and for readers.
    assert_eq!(html.matches(ESCAPED).count(), 30, "{html}");
    assert!(
        !html.contains("<script") && !html.contains('\u{202e}'),
        "{html}"
    );
    assert!(html.contains("action=\"/problems/snooze\""), "{html}");
    assert!(
        html.contains("href=\"https://ci.example/1\">Open build"),
        "{html}"
    );
    assert!(!shown(false).concat().contains("<form"));
}

#[test]
fn a_repository_opens_its_page() {
    let repository = ProblemSummary {
        kind: "security".to_owned(),
        state: "new".to_owned(),
        title: "cmc-api".to_owned(),
        team: Some("cmc".to_owned()),
        since: "2019-10-24T00:00:00Z".to_owned(),
        overdue: Some(Overdue {
            suppressions: 2,
            runtimes: 1,
            findings: 0,
            listed: true,
        }),
        ..ProblemSummary::default()
    };
    let list = ProblemList {
        selection: "team=cmc".to_owned(),
        summary: String::new(),
        as_of: String::new(),
        version: String::new(),
        states: vec![ProblemCount {
            state: "new".to_owned(),
            problems: 300,
        }],
        problems: vec![repository],
        resolved: Vec::new(),
    };
    let shown = Shown {
        list: &list,
        base: &Base::default(),
        can_snooze: true,
        now_ms: 0,
        old: false,
    };
    let html = shown.problems().into_string();
    for part in [
        "<a href=\"/repositories/cmc-api\">2 expired suppressions, 1 runtime without support</a>, some of it known to be exploited.",
        "repository of cmc",
        "Overdue since ",
        "3 more things are overdue",
        "<a href=\"/security?team=cmc#due-now\">",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("Failed step"), "{html}");
}
