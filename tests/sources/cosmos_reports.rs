//! Cosmos DB: reports of scans beside the events.

use jiff::ToSpan as _;
use rse_dashboard::server::config::Config;
use serde_json::{Value, json};

use super::cosmos_support::{DAY, Held, REPORTS, StandIn, events, now, source};

fn document(id: &str, age_s: i64, branch: &str, kind: &str, report: Value) -> Value {
    json!({
        "id": id,
        "build": {
            "branch_name": branch,
            "build_display_name": "#1",
            "build_tag": "jenkins-1",
            "git_url": format!("https://github.com/hmcts/{kind}-store.git"),
            "codebase_type": kind,
        },
        "report": report,
        "_ts": now().as_second() - age_s,
    })
}

fn java(cve: &str) -> Value {
    json!({
        "reportSchema": "1.1",
        "dependencies": [{
            "fileName": "snakeyaml-1.33.jar",
            "packages": [{"id": "pkg:maven/org.yaml/snakeyaml@1.33"}],
            "vulnerabilities": [{"name": cve, "severity": "HIGH"}],
        }],
    })
}

fn node() -> Value {
    json!({
        "vulnerabilities": [{"module_name": "ansi-regex", "cves": ["CVE-2021-3807"], "severity": "high", "id": 1}],
        "suppressed": [],
        "summary": {"vulnerabilities": {"high": 1}},
    })
}

/// The kept reports of a repository by a scanner.
struct Kept {
    repository: String,
    scanner: String,
    /// Their times, and the CVEs of complete ones.
    reports: Vec<(i64, Option<Vec<String>>)>,
}

async fn kept(held: &Held) -> Vec<Kept> {
    let config = std::sync::Arc::new(Config::built_in());
    let snapshot = held.store.load(config).await.expect("a snapshot");
    let series = snapshot.security.reports.iter().map(|series| {
        let reports = series.reports.iter().map(|report| {
            let cves = report.findings.iter().map(|finding| finding.id.clone());
            (report.at_ms, report.complete.then(|| cves.collect()))
        });
        Kept {
            repository: series.repository.clone(),
            scanner: series.scanner.clone(),
            reports: reports.collect(),
        }
    });
    series.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_default_branches_are_read_once_by_windows() {
    let account = StandIn::with_partitions(2);
    account.seed("jenkins", &events(2, 0.1)).await;
    let documents = [
        document("1", 3 * DAY, "master", "java", java("CVE-2022-1471")),
        document("2", DAY, "master", "java", java("CVE-2022-38752")),
        document("3", DAY, "PR-7", "java", java("CVE-2020-12345")),
        document("4", 2 * DAY, "main", "node", node()),
        document(
            "5",
            40 * DAY,
            "master",
            "python",
            json!({"dependencies": [], "fixes": []}),
        ),
    ];
    account.seed_reports("jenkins", &documents).await;
    let source = source(&Config::built_in(), account.variables("jenkins"));
    let mut held = Held::new().await;
    held.sync(&source).await.expect("it is read");
    let series = kept(&held).await;
    let found: Vec<(&str, &str, usize)> = series
        .iter()
        .map(|series| {
            let count = series.reports.len();
            (&*series.repository, &*series.scanner, count)
        })
        .collect();
    let expected = [
        ("java-store", "dependency-check", 2),
        ("node-store", "yarn-audit", 1),
        ("python-store", "pip-audit", 1),
    ];
    assert_eq!(found, expected);
    let newest = series[0].reports.last().expect("a report");
    let cves = Some(vec!["CVE-2022-38752".to_owned()]);
    assert_eq!(*newest, ((now().as_second() - DAY) * 1000, cves));
    let covered = ("jenkins/cve-reports".to_owned(), "read", String::new());
    assert_eq!(held.coverage_of(REPORTS).await, [covered]);
    let asked = account.asked().await;
    let reports = asked
        .iter()
        .filter(|asked| asked.query.contains("c.report"));
    assert_eq!(reports.count(), 2 * 180, "a day per query and partition");

    // Later only what is new is read, and read again on request.
    let later = document("6", -60, "master", "node", node());
    account.seed_reports("jenkins", &[later]).await;
    let report = held.sync_at(&source, now() + 10.minutes(), None).await;
    assert_eq!(report.expect("it is read").ingested.new, 1);
    let asked = account.asked().await;
    let asked: Vec<_> = asked
        .iter()
        .filter(|asked| asked.query.contains("c.report"))
        .collect();
    assert_eq!(asked.len(), 4, "two windows in two partitions");
    let oldest = asked.iter().map(|asked| asked.from).min();
    assert_eq!(oldest, Some(now().as_second() - DAY));
    let since = now() - 60.hours();
    let again = held
        .sync_at(&source, now() + 10.minutes(), Some(since))
        .await;
    assert_eq!(again.expect("it is read").ingested.new, 0);
    assert_eq!(kept(&held).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_reports_is_no_failure() {
    let account = StandIn::start();
    for database in ["jenkins", "sds-jenkins"] {
        account.seed(database, &events(1, 0.1)).await;
    }
    let report = document("1", DAY, "master", "node", node());
    account.seed_reports("sds-jenkins", &[report]).await;
    let source = account.source("jenkins,sds-jenkins");
    let mut held = Held::new().await;
    held.sync(&source).await.expect("it is read");
    let states = held.coverage_of(REPORTS).await;
    let missing = "not there: the database has no reports of scans";
    let expected = [
        ("jenkins/cve-reports".to_owned(), "read", missing.to_owned()),
        ("sds-jenkins/cve-reports".to_owned(), "read", String::new()),
    ];
    assert_eq!(states, expected);
    assert_eq!(kept(&held).await.len(), 1);

    // A container that appears is read from its beginning.
    let report = document("2", 30 * DAY, "master", "java", java("CVE-2022-1471"));
    account.seed_reports("jenkins", &[report]).await;
    held.sync(&source).await.expect("it is read");
    assert_eq!(kept(&held).await.len(), 2);
    let states = held.coverage_of(REPORTS).await;
    assert!(
        states.iter().all(|(_, _, reason)| reason.is_empty()),
        "{states:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_has_another_name_or_is_turned_off() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    let report = document("1", DAY, "master", "node", node());
    account.seed_reports("jenkins", &[report]).await;
    for (name, items) in [("off", 0), ("other", 1)] {
        let mut variables = account.variables("jenkins");
        variables.insert("COSMOS_REPORTS".to_owned(), name.to_owned());
        let mut held = Held::new().await;
        let source = source(&Config::built_in(), variables);
        held.sync(&source).await.expect("it is read");
        assert_eq!(held.coverage_of(name).await.len(), items, "{name}");
        assert!(kept(&held).await.is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_no_reports_are_named_and_affect_no_others() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    let documents = [
        document("1", DAY, "master", "node", node()),
        document("2", DAY, "master", "cobol", json!({})),
        json!({"id": "3", "build": {}, "_ts": now().as_second() - DAY}),
        json!({"id": "4", "build": null, "report": null, "_ts": now().as_second() - DAY}),
    ];
    account.seed_reports("jenkins", &documents).await;
    let source = account.source("jenkins");
    let mut held = Held::new().await;
    held.sync(&source).await.expect("it is read");
    assert_eq!(kept(&held).await.len(), 1);
    let states = held.coverage_of(REPORTS).await;
    let (_, state, reason) = &states[0];
    assert_eq!(*state, "partial");
    for part in ["id 2, codebase_type", "id 3, git_url", "id 4, build"] {
        assert!(reason.contains(part), "{reason}");
    }
    // A document that becomes readable is no longer named.
    let right = document("2", DAY, "master", "java", java("CVE-2022-1471"));
    account.seed_reports("jenkins", &[right]).await;
    let since = now() - 48.hours();
    let again = held.sync_at(&source, now(), Some(since)).await;
    again.expect("it is read");
    let states = held.coverage_of(REPORTS).await;
    assert!(!states[0].2.contains("id 2"), "{states:?}");
    assert_eq!(kept(&held).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_within_the_reports_is_completed_by_the_next_sync() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    let documents: Vec<Value> = (0..6)
        .map(|day| {
            let cve = format!("CVE-2026-100{day}");
            document(
                &day.to_string(),
                day * DAY + 60,
                "master",
                "java",
                java(&cve),
            )
        })
        .collect();
    account.seed_reports("jenkins", &documents).await;
    // Large documents leave a page after each.
    account.limit_pages(1).await;
    let at = now().as_second() - 7 * DAY / 2;
    let source = account.source("jenkins");
    let mut held = Held::new().await;
    // Events of that day come first; the fault is planned once they are read.
    held.sync(&source).await.expect("it is read");
    let mut held = Held::new().await;
    let fault = json!([{"fault": "reject", "times": -1, "at": at, "container": REPORTS}]);
    account.plan(fault).await;
    let failed = held
        .sync(&source)
        .await
        .expect_err("a window fails")
        .to_string();
    assert!(failed.contains("jenkins/cve-reports"), "{failed}");
    let few = kept(&held).await[0].reports.len();
    assert!((1..6).contains(&few), "{few}");
    account.clear_faults().await;
    held.sync(&source).await.expect("it is read");
    assert_eq!(kept(&held).await[0].reports.len(), 6);
}
