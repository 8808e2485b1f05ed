//! The page of a repository with hostile text, and its words.

use super::*;
use crate::{
    api::{
        RepositoryChange, RepositoryFinding, RepositoryPipeline, RepositoryRule, RepositoryRuntime,
        RepositoryScan, RuleByHand, RuleRemoval, RuleRenewal,
    },
    server::fragments::testing::{HOSTILE, hostile},
};

const AT: &str = "2019-10-20T12:00:00Z";

fn place() -> FilePlace {
    FilePlace {
        file: hostile(),
        line: 3,
        href: None,
    }
}

/// Details in which every text from data is hostile.
fn details() -> RepositoryDetails {
    let some = || Some(hostile());
    RepositoryDetails {
        name: hostile(),
        state: "bad".to_owned(),
        summary: hostile(),
        known: true,
        owners: vec![hostile(); 2],
        owners_by: "codeowners".to_owned(),
        address: Some(ExternalAddress {
            text: hostile(),
            href: None,
        }),
        pushed_in: some(),
        topics: Some(vec![hostile()]),
        actions: vec![RepositoryAction {
            kind: "expired".to_owned(),
            what: hostile(),
            at: Some(AT.to_owned()),
            action: hostile(),
            place: Some(place()),
            ..RepositoryAction::default()
        }],
        action_count: 2,
        rules: Some(vec![RepositoryRule {
            tool: hostile(),
            ids: vec![hostile()],
            id_count: 2,
            selector: hostile(),
            until: some(),
            ends_at: Some("2020-02-01T00:00:00Z".to_owned()),
            last_day: Some("2020-01-31".to_owned()),
            since: AT.to_owned(),
            flags: vec!["expired".to_owned(), hostile()],
            use_unknown: true,
            reason: some(),
            place: place(),
            ..RepositoryRule::default()
        }]),
        rule_count: 1,
        runtimes: Some(vec![RepositoryRuntime {
            product: hostile(),
            version: hostile(),
            cycle: Some("20".to_owned()),
            support: hostile(),
            ends_at: some(),
            last_day: some(),
            place: place(),
        }]),
        findings: vec![RepositoryFinding {
            id: hostile(),
            package: hostile(),
            version: some(),
            severity: hostile(),
            fixed_in: some(),
            scanner: hostile(),
            opened_at: AT.to_owned(),
            due_at: Some(AT.to_owned()),
            overdue: true,
            listed: true,
            suppressed: true,
            ..RepositoryFinding::default()
        }],
        finding_count: 1,
        scans: vec![RepositoryScan {
            scanner: hostile(),
            codebase_type: hostile(),
            at: AT.to_owned(),
            ..RepositoryScan::default()
        }],
        checks: vec![hostile()],
        pipelines: vec![RepositoryPipeline {
            system: hostile(),
            name: hostile(),
            short_name: hostile(),
            project: hostile(),
            state: hostile(),
            recent: vec!["FAILURE".to_owned(), hostile()],
        }],
        pipeline_count: 1,
        changes: vec![RepositoryChange {
            at: AT.to_owned(),
            kind: hostile(),
            text: hostile(),
        }],
        change_count: 1,
        removals: vec![RuleRemoval {
            place: place(),
            rules: 1,
            script: some(),
            by_hand: vec![RuleByHand {
                what: hostile(),
                why: hostile(),
                place: place(),
            }],
        }],
        renewals: vec![RuleRenewal {
            what: hostile(),
            place: place(),
            text: hostile(),
            note: hostile(),
        }],
        renewal_count: 1,
        as_of: "2019-10-25T00:00:00Z".to_owned(),
        asked: Some("2019-10-24".to_owned()),
        latest: "2019-10-25T12:00:00Z".to_owned(),
        ..RepositoryDetails::default()
    }
}

fn html(details: &RepositoryDetails) -> String {
    let fragments = fragments(details, &Base::new("/rse"));
    fragments.iter().map(|known| &*known.html).collect()
}

#[test]
fn hostile_text_stays_text() {
    let html = html(&details());
    assert!(
        !html.contains(HOSTILE) && !html.contains('\u{202e}'),
        "{html}"
    );
    let own = html.matches("Paste a script").count();
    let encoded = html.matches("%3Cscript%3E").count();
    let escaped = html.matches("&lt;script&gt;").count();
    assert_eq!(html.matches("script").count(), own + encoded + escaped);
    assert!(encoded > 3 && escaped > 40, "{encoded} {escaped}");
    assert!(!html.contains(" style="));
}

#[test]
fn instants_are_exact_and_relative_to_the_facts() {
    let html = html(&details());
    for part in [
        "Expired <time datetime=\"2019-10-20T12:00:00Z\">20 Oct 2019, 12:00 UTC</time><span class=\"detail\">4 days ago</span>",
        "<time datetime=\"2020-01-31\">31 Jan 2020</time><span class=\"detail\">in 99 days</span>",
        "The first 1 of 2 are listed.",
        "href=\"/rse/repositories/%3Cscript%3E%22%27%26%E2%80%AE\"",
        "not of the latest facts",
        "max=\"2019-10-25\" value=\"2019-10-24\"",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[test]
fn what_is_unknown_is_said() {
    let empty = RepositoryDetails {
        known: true,
        owners_by: "configuration".to_owned(),
        ..RepositoryDetails::default()
    };
    let html = html(&empty);
    for part in [
        "Unknown: its suppression files have not been read yet.",
        "Unknown: its runtimes have not been read yet.",
        "Unknown: no report of a scanner has been read.",
        "Unknown: no check is known, though it may have one.",
        "protection unknown",
        "CODEOWNERS was not read",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("Help with"), "{html}");
    let built = RepositoryDetails::default();
    let fragments = fragments(&built, &Base::default());
    assert_eq!(fragments.len(), 4, "only what builds and reports say");
}
