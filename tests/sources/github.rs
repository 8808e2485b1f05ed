//! The stand-in's organisation: facts that are read, and the requests for them.

use rse_dashboard::server::{
    config::Config,
    model::{Check, CoverageState, RepositoryFacts},
    sources::Source as _,
};
use serde_json::{Value, json};

use crate::github_support::{Bench, STARTED_MS, StandIn, TOKEN, clean_content, no_secret};

/// Formats Node.js, Java, checks and suppressions of a repository on one line.
fn line(facts: &RepositoryFacts) -> String {
    let suppressed = facts.suppressions.iter().map(|one| match &one.until {
        Some(until) => format!("{} until {until}", one.cve),
        None => one.cve.clone(),
    });
    let marks = [
        ("archived", facts.archived),
        ("empty", facts.empty),
        ("fork", facts.fork),
    ];
    let marks = marks
        .into_iter()
        .filter(|(_, is)| *is)
        .map(|(mark, _)| mark.to_owned());
    let mut parts = vec![format!(
        "{}: node {} java {} js {}",
        facts.repository,
        facts.node_version.as_deref().unwrap_or("-"),
        facts.java_version.as_deref().unwrap_or("-"),
        facts.javascript,
    )];
    parts.extend(
        facts
            .checks
            .iter()
            .map(|check| Check::label(*check).to_owned()),
    );
    parts.extend(suppressed);
    parts.extend(marks);
    parts.join(", ")
}

#[tokio::test]
async fn every_special_case_of_the_organisation_is_read_correctly() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    let (report, progress) = bench.sync_at(&source, 1_000).await;
    let report = report.expect("a sync");
    assert_eq!((report.read, report.ingested.new), (13, 13));
    assert!(report.requests_left.is_some_and(|left| left < 5_000));
    assert_eq!(progress, [(0, Some(13)), (13, Some(13))]);
    let facts = bench.facts().await;
    let lines: Vec<String> = facts.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "ccd-api: node - java 17 js false, Dependabot, Renovate, CVE-2019-10001, CVE-2019-10002, \
             CVE-2019-10003, CVE-2019-10004, CVE-2019-10005 until 2099-01-31Z, CVE-2019-10006 until 2019-06-30",
            "ccd-web: node 20 java - js true, Snyk, Renovate",
            "cmc-both: node ^18.17.0 java 11 js true, nsp (deprecated), CVE-2019-10001",
            "cmc-left-over: node lts/hydrogen java - js true",
            "div-hub: node lts java - js true",
            "div-unknown: node - java unknown js false",
            "docs: node - java - js false",
            "em-archived: node 8.12.0 java - js true, archived",
            "em-empty: node - java - js false, empty",
            "em-great: node - java - js false, CVE-2019-10007",
            "em-none: node - java - js false",
            "em-private: node - java - js false, CVE-2019-10001",
            "rd-malformed: node - java 8u191 js false, CVE-2019-10008",
        ]
    );
    let stated = &bench.facts_of("ccd-web").await.stated;
    assert_eq!(stated.nvmrc.as_deref(), Some("22.17.1"));
    assert_eq!(stated.engines_node.as_deref(), Some(">=22"));
    assert_eq!(stated.base_images.len(), 3);
    assert!(stated.base_images[2].stage);
    let partial = bench.in_state(CoverageState::Partial).await;
    assert_eq!(partial.len(), 1);
    assert_eq!(partial[0].0, "rd-malformed");
    let start = "config/owasp/suppressions.xml: malformed XML at byte ";
    assert!(partial[0].1.starts_with(start), "{}", partial[0].1);
    assert_eq!(bench.in_state(CoverageState::Read).await.len(), 12);
}

#[tokio::test]
async fn forks_are_read_if_configured_and_users_like_organisations() {
    let stand_in = StandIn::start(&[]);
    stand_in
        .control(json!({ "isUser": true, "pageSize": 3 }))
        .await;
    let mut bench = Bench::new().await;
    let with_forks = stand_in.source_with(TOKEN, |settings| settings.forks = true);
    let report = bench.sync(&with_forks).await.expect("a sync");
    assert_eq!(report.read, 14);
    assert!(bench.facts_of("em-fork").await.fork);
    // All pages are followed.
    let log = stand_in.log().await;
    let pages = log
        .iter()
        .filter(|entry| path(entry).starts_with("/users/hmcts/repos"));
    assert_eq!(pages.count(), 5);
    // Without forks, their facts no longer count.
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    let facts = bench.facts().await;
    assert_eq!(facts.len(), 13);
    assert!(facts.iter().all(|facts| !facts.fork));
}

fn path(entry: &Value) -> &str {
    entry["path"].as_str().expect("a path")
}

#[tokio::test]
async fn file_by_file_gives_the_same_as_graphql() {
    let stand_in = StandIn::start(&[]);
    let graphql = clean_content(&stand_in, true).await;
    let rest = clean_content(&stand_in, false).await;
    assert_eq!(graphql, rest);
}

#[tokio::test]
async fn unchanged_data_is_not_sent_again_and_makes_no_new_rows() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        stand_in
            .control(json!({ "reset": true, "pageSize": 5 }))
            .await;
        let source = stand_in.source(graphql);
        let mut bench = Bench::new().await;
        bench.sync(&source).await.expect("a sync");
        stand_in.log().await;
        let (content, copies) = (bench.content().await, bench.rows("security_facts").await);
        let responses = bench.rows("http_cache").await;

        let report = bench.sync(&source).await.expect("a sync");
        assert_eq!((report.ingested.unchanged, report.ingested.new), (13, 0));
        assert_eq!(report.ingested.replaced, 0);
        let log = stand_in.log().await;
        let unchanged = log.iter().filter(|entry| entry["status"] == 304).count();
        if graphql {
            // Three pages and three lists of alerts, two queries, and the file that GraphQL truncated.
            assert_eq!((unchanged, log.len()), (6, 9), "{log:?}");
        } else {
            // An empty repository has no response that could be unchanged.
            assert_eq!((unchanged, log.len()), (6 + 12, 6 + 13), "{log:?}");
        }
        assert_eq!(bench.content().await, content);
        assert_eq!(bench.rows("security_facts").await, copies);
        assert_eq!(bench.rows("http_cache").await, responses);

        // A sync at the same instant changes nothing for readers.
        let version = bench.snapshot().await.version;
        let (again, _) = bench.sync_at(&source, STARTED_MS + 60_000).await;
        again.expect("a sync");
        assert_eq!(bench.snapshot().await.version, version);

        // If everything is to be read again, it is.
        stand_in.log().await;
        bench.since_ms = Some(0);
        bench
            .sync_at(&source, STARTED_MS + 60_000)
            .await
            .0
            .expect("a sync");
        bench.since_ms = None;
        let log = stand_in.log().await;
        assert!(log.len() > 1, "{log:?}");
        assert!(log.iter().all(|entry| entry["status"] != 304), "{log:?}");

        // A change is noticed, and only its repository gets a new row.
        let change = json!({ "docs": { ".nvmrc": "20" } });
        stand_in.control(json!({ "files": change })).await;
        let report = bench.sync(&source).await.expect("a sync");
        assert_eq!(
            (report.ingested.unchanged, report.ingested.replaced),
            (12, 1)
        );
        assert_eq!(
            bench.facts_of("docs").await.node_version.as_deref(),
            Some("20")
        );
        assert_eq!(bench.rows("security_facts").await, copies + 1);
        stand_in.control(json!({ "state": "head" })).await;
    }
}

#[tokio::test]
async fn unused_responses_are_deleted() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(false)).await.expect("a sync");
    assert_eq!(bench.rows("http_cache").await, 1 + 12 + 3);
    bench.sync(&stand_in.source(true)).await.expect("a sync");
    assert_eq!(bench.rows("http_cache").await, 1 + 3);
}

#[tokio::test]
async fn cached_responses_depend_on_the_requested_files() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    bench.sync(&stand_in.source(false)).await.expect("a sync");
    assert_eq!(bench.facts_of("em-private").await.suppressions.len(), 1);
    let elsewhere = stand_in.source_with(TOKEN, |settings| {
        settings.graphql = false;
        settings.suppression_files = vec!["suppressions.xml".to_owned()];
    });
    bench.sync(&elsewhere).await.expect("a sync");
    assert_eq!(bench.facts_of("em-private").await.suppressions.len(), 0);
    let stated = bench.facts_of("docs").await.stated;
    assert_eq!(stated.suppression_files, ["suppressions.xml"]);
}

#[tokio::test]
async fn doctor_reports_successes_and_failures() {
    let stand_in = StandIn::start(&[]);
    let said = async |source: &rse_dashboard::server::sources::github::Github| {
        let findings = source.check().await;
        no_secret(&format!("{findings:?}"));
        let lines = findings.into_iter().map(|finding| {
            let mark = if finding.good { "good" } else { "bad" };
            format!("{mark}: {} {}", finding.what, finding.remedy)
        });
        lines.collect::<Vec<String>>().join("\n")
    };
    let good = said(&stand_in.source(true)).await;
    for part in [
        "accepts the token",
        "of 5000 REST requests",
        "GraphQL requests",
        "can read hmcts",
        "GraphQL works",
        "can read Dependabot alerts",
        "can read Secret scanning alerts",
    ] {
        assert!(good.contains(part), "{part}: {good}");
    }
    assert!(!good.contains("bad:"), "{good}");

    stand_in
        .control(json!({ "withoutAlerts": ["dependabot"] }))
        .await;
    let without = said(&stand_in.source(true)).await;
    let left_out = "good: Dependabot alerts are left out, as the token may not read them";
    assert!(
        without.contains(left_out) && !without.contains("bad:"),
        "{without}"
    );

    let wrong = said(&stand_in.source_with("wrong-t0ken", |_| {})).await;
    assert!(
        wrong.starts_with("bad:") && wrong.contains("GITHUB_TOKEN"),
        "{wrong}"
    );
    let elsewhere = stand_in.source_with(TOKEN, |settings| {
        settings.organisation = "nobody".to_owned()
    });
    let elsewhere = said(&elsewhere).await;
    assert!(
        elsewhere.contains("sources.github.organisation"),
        "{elsewhere}"
    );
    stand_in
        .control(json!({ "faults": [{ "path": "^/graphql", "status": 404 }] }))
        .await;
    let without = said(&stand_in.source(true)).await;
    assert!(
        without.contains("sources.github.graphql = false"),
        "{without}"
    );
    stand_in
        .control(
            json!({ "reset": true, "limits": { "graphql": { "remaining": 0, "resetIn": 3000 } } }),
        )
        .await;
    let used_up = said(&stand_in.source(true)).await;
    assert!(
        used_up.contains("bad: 0 of 5000 GraphQL requests"),
        "{used_up}"
    );
}

#[tokio::test]
async fn facts_from_older_versions_and_files_are_still_read() {
    let old = r#"{"repository":"a","suppressions":[{"cve":"CVE-2019-0001","until":null}],"javascript":true,
        "checks":["snyk"],"node_version":"8","java_version":null,"archived":false}"#;
    let facts: RepositoryFacts = serde_json::from_str(old).expect("facts of an older version");
    assert_eq!(facts.stated, Default::default());
    // Facts without new fields are written as before, so that they make no new row.
    let written = serde_json::to_string(&facts).expect("JSON");
    let compact: Value = serde_json::from_str(old).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Value>(&written).expect("JSON"),
        compact
    );
    assert!(Config::built_in().sources.github.graphql);
}

#[tokio::test]
async fn a_repository_on_a_new_page_is_found_if_the_previous_page_is_unchanged() {
    let stand_in = StandIn::start(&[]);
    // With the fourteen existing ones, one page is full.
    stand_in.control(json!({ "many": 86 })).await;
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    let report = bench.sync(&source).await.expect("a sync");
    assert_eq!(report.read, 99);
    stand_in.control(json!({ "many": 1 })).await;
    let report = bench.sync(&source).await.expect("a sync");
    assert_eq!((report.read, report.ingested.new), (100, 1));
}
