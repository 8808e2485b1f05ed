//! Alerts of the organisation become reports; a list that cannot be read affects nothing else.

use rse_dashboard::server::model::CoverageState;
use serde_json::{Value, json};

use crate::github_support::{Bench, STARTED_MS, StandIn};

const LISTS: [&str; 3] = [
    "Code scanning alerts",
    "Dependabot alerts",
    "Secret scanning alerts",
];

async fn states(bench: &Bench) -> Vec<(String, CoverageState)> {
    let covered = bench.coverage_of("github-alerts").await.into_iter();
    covered.map(|(item, state, _)| (item, state)).collect()
}

/// Returns `repository scanner: ids` of each report.
async fn reports(bench: &Bench) -> Vec<String> {
    let reports = bench.reports().await.into_iter().map(|report| {
        assert!(!report.contains("s3cret"), "{report}");
        let (name, findings) = report.split_once(": ").expect("findings");
        let findings: Vec<Value> = serde_json::from_str(findings).expect("JSON");
        let ids = findings
            .iter()
            .map(|one| one["id"].as_str().expect("an id"));
        format!("{name}: {}", ids.collect::<Vec<_>>().join(" "))
    });
    reports.collect()
}

#[tokio::test]
async fn open_alerts_become_reports_of_their_repositories() {
    let stand_in = StandIn::start(&[]);
    stand_in.control(json!({ "pageSize": 2 })).await;
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    bench.sync(&source).await.expect("a sync");
    let first = [
        "ccd-api code-scanning: JAVA/SQL-INJECTION",
        "ccd-api dependabot: CVE-2019-10744 GHSA-JF85-CPCP-J695",
        "ccd-web dependabot: GHSA-2P57-RM9W-GVFP",
        "ccd-web secret-scanning: AWS_ACCESS_KEY_ID",
    ];
    assert_eq!(reports(&bench).await, first);
    let report = bench.reports().await.remove(1);
    for part in [
        r#""package":"org.yaml:snakeyaml""#,
        r#""fixed_in":"1.31""#,
        r#""severity":"critical""#,
        r#""opened_ms":1561939200000"#,
        r#""file_path":"build.gradle""#,
    ] {
        assert!(report.contains(part), "{report}");
    }
    assert_eq!(
        states(&bench).await,
        LISTS.map(|list| (list.to_owned(), CoverageState::Read))
    );
    // Both pages of the list by cursor were read, and secrets were not asked for.
    let log = stand_in.log().await;
    let asked = |part: &str| {
        let paths = log.iter().filter_map(|entry| entry["path"].as_str());
        paths.filter(|path| path.contains(part)).count()
    };
    assert_eq!(asked("/dependabot/alerts"), 2);
    assert_eq!(asked("hide_secret=true"), 1);

    // Unchanged alerts make no reports, fixed ones a report without them.
    bench.sync(&source).await.expect("a sync");
    assert_eq!(bench.rows("scan_reports").await, 4);
    let change = json!({ "ccd-web": { "dependabot": [], "secret-scanning": [] } });
    stand_in.control(json!({ "alerts": change })).await;
    bench.sync(&source).await.expect("a sync");
    let after = [
        &first[..],
        &["ccd-web dependabot: ", "ccd-web secret-scanning: "],
    ];
    assert_eq!(reports(&bench).await, after.concat());
    bench.sync(&source).await.expect("a sync");
    assert_eq!(bench.rows("scan_reports").await, 6);
    // A repository without an alert ever may not be scanned at all.
    assert!(
        reports(&bench)
            .await
            .iter()
            .all(|report| !report.starts_with("docs"))
    );
}

#[tokio::test]
async fn lists_that_the_token_may_not_read_are_missing_and_nothing_else_fails() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    bench.sync(&source).await.expect("a sync");
    let known = reports(&bench).await;
    let change = json!({ "withoutAlerts": ["dependabot", "secret-scanning"] });
    stand_in.control(change).await;
    let report = bench.sync(&source).await.expect("a sync");
    assert_eq!(report.read, 13);
    let expected = [
        CoverageState::Read,
        CoverageState::NoAccess,
        CoverageState::NoAccess,
    ];
    let expected: Vec<_> = LISTS.map(str::to_owned).into_iter().zip(expected).collect();
    assert_eq!(states(&bench).await, expected);
    // The last known alerts stay.
    assert_eq!(reports(&bench).await, known);
    // A user has no such lists.
    stand_in
        .control(json!({ "reset": true, "isUser": true }))
        .await;
    bench.sync(&source).await.expect("a sync");
    let states = states(&bench).await;
    assert!(
        states
            .iter()
            .all(|(_, state)| *state == CoverageState::NoAccess)
    );
    assert_eq!(bench.coverage().await.len(), 13);
}

#[tokio::test]
async fn a_list_that_fails_is_read_again_by_the_next_sync() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(false);
    for (fault, state) in [
        (json!({ "status": 500 }), CoverageState::Failed),
        (json!({ "status": 200, "body": {} }), CoverageState::Failed),
        (json!({ "reset": true }), CoverageState::Failed),
        (
            json!({ "status": 429, "headers": { "retry-after": "900" } }),
            CoverageState::RateLimited,
        ),
    ] {
        let mut fault = fault;
        fault["path"] = json!("^/orgs/hmcts/dependabot/");
        stand_in.control(json!({ "faults": [fault] })).await;
        bench.sync(&source).await.expect("a sync");
        let states = states(&bench).await;
        assert_eq!(states[1], (LISTS[1].to_owned(), state), "{fault}");
        assert!(
            !reports(&bench)
                .await
                .iter()
                .any(|report| report.contains("dependabot"))
        );
    }
    stand_in.control(json!({ "reset": true })).await;
    bench.sync(&source).await.expect("a sync");
    let made = reports(&bench).await;
    assert!(
        made.iter().any(|report| report.contains("dependabot")),
        "{made:?}"
    );
}

#[tokio::test]
async fn a_list_that_is_too_long_is_not_complete_and_changes_nothing() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    let alert =
        |number: u32| json!({ "id": format!("js/{number}"), "path": "a.js", "severity": "low" });
    let many: Vec<Value> = (0..202).map(alert).collect();
    let change = json!({ "pageSize": 2, "alerts": { "docs": { "code-scanning": many } } });
    stand_in.control(change).await;
    bench.sync(&source).await.expect("a sync");
    let coverage = bench.coverage_of("github-alerts").await;
    assert_eq!(coverage[0].1, CoverageState::Partial);
    assert_eq!(
        coverage[0].2.as_deref(),
        Some("only the first 100 pages were read")
    );
    assert!(
        !reports(&bench)
            .await
            .iter()
            .any(|report| report.contains("code-scanning"))
    );
}

#[tokio::test]
async fn everything_is_reported_again_if_everything_is_read_again() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    bench.sync(&source).await.expect("a sync");
    bench.since_ms = Some(0);
    let again = bench.sync_at(&source, STARTED_MS + 60_000).await.0;
    again.expect("a sync");
    assert_eq!(bench.rows("scan_reports").await, 8);
}
