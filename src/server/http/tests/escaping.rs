//! Markup in data, in the configuration and in addresses stays text on every page.

use regex::Regex;

use super::*;
use crate::server::{
    config::Project,
    model::{Check, RepositoryFacts, Suppression},
};

/// A text that starts a script wherever it is not escaped.
fn script(word: &str) -> String {
    format!("\"><script>alert({word})</script>")
}

/// Every text that a page can show starts a script that names it.
fn hostile() -> AppState {
    let mut config = Config::built_in();
    config.title = script("title");
    config.source_url = format!("https://code.example/{}", script("code"));
    config.projects.insert(
        0,
        Project {
            label: script("project"),
            slug: "hostile".to_owned(),
            pattern: Regex::new("pipeline").expect("a pattern"),
        },
    );
    let mut builder = SnapshotBuilder::new(Arc::new(config));
    let (pipeline, step) = (script("pipeline"), script("step"));
    for (result, build_id) in [
        (BuildResult::Success, script("first")),
        (BuildResult::Failure, script("second")),
    ] {
        builder.push_record(&BuildRecord {
            job_name: &pipeline,
            build_id: &build_id,
            branch: Some("master"),
            result,
            nightly: false,
            started_ms: 1_000,
            finished_ms: 60_000,
            duration_ms: Some(59_000),
            failing_step: Some(&step),
            functional_test_ms: Some(7_000),
            details: crate::server::snapshot::BuildDetails::default(),
        });
    }
    let facts = |team: &str| RepositoryFacts {
        repository: format!("{}-{}", script(team), script("repository")),
        suppressions: vec![Suppression {
            cve: "CVE-2019-0001".to_owned(),
            until: Some(script("until")),
        }],
        javascript: true,
        checks: Check::ALL.to_vec(),
        node_version: Some(script("node")),
        java_version: Some(script("java")),
        ..RepositoryFacts::default()
    };
    let security = Security::of(Some(60_000), ["a", "b", "c"].map(facts).into());
    let state = AppState::default();
    state.swap(insight::filled(builder.finish(
        "v1".to_owned(),
        Some(60_000),
        security,
    )));
    let mut ledger = ledger(7);
    ledger.syncs[0].failure = Some(script("failure"));
    ledger.coverage[1].coverage.item = script("item");
    ledger.coverage[1].coverage.reason = Some(script("reason"));
    state.swap_ledger(ledger);
    state
}

/// The script that a page would run, with what stands before it.
fn unescaped(page: &TestResponse) -> Option<String> {
    let at = page.text().find("<script>alert")?;
    let before: Vec<char> = page.text()[..at].chars().rev().take(100).collect();
    let before: String = before.into_iter().rev().collect();
    let found: String = page.text()[at..].chars().take(30).collect();
    Some(before + &found)
}

/// A text as a part of an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn markup_in_data_stays_text_on_every_page() {
    let router = router(hostile(), Settings::default());
    for (uri, words) in [
        (
            "/pipelines",
            &["code", "project", "pipeline", "step", "failure"][..],
        ),
        ("/security", &["a", "repository", "node", "java"]),
        ("/sources", &["failure", "item", "reason"]),
        ("/disclaimer", &["code"]),
        ("/figures/most_failing", &["pipeline", "failure"]),
        ("/figures/failing_steps", &["step"]),
        ("/figures/lengthy_pipelines", &["pipeline"]),
        (
            "/figures/shortest_functional_tests",
            &["pipeline", "second"],
        ),
        ("/figures/cve_per_team", &["a", "b", "c"]),
        ("/figures/node_versions", &["repository", "node"]),
        ("/figures/java_versions", &["repository", "java"]),
        ("/elsewhere", &["code"]),
    ] {
        let page = get(&router, uri).await;
        assert!(page.text().contains("</html>"), "{uri}");
        assert_eq!(unescaped(&page), None, "{uri}");
        let title = "&lt;script&gt;alert(title)";
        let written = page.text().split("<title>").nth(1).unwrap_or_default();
        let written = written.split("</title>").next().unwrap_or_default();
        assert!(written.contains(title), "{uri}: {written}");
        for word in words {
            let escaped = format!("&lt;script&gt;alert({word})");
            assert!(page.text().contains(&escaped), "{uri} shows {word}");
        }
    }
}

#[tokio::test]
async fn markup_in_addresses_stays_text_on_every_page() {
    let router = router(loaded(), Settings::default());
    for (uri, shown) in [
        ("/pipelines?project=", true),
        ("/pipelines?type=", true),
        ("/pipelines?days=", true),
        ("/security?days=", true),
        ("/figures/build_status?days=", true),
        ("/figures/", true),
        ("/pipelines?unknown=", false),
        ("/", false),
    ] {
        let mut page = get(&router, &format!("{uri}{}", encoded(&script("address")))).await;
        if page.status.is_redirection() {
            page = get(&router, page.header(header::LOCATION)).await;
        }
        assert!(page.text().contains("</html>"), "{uri}");
        assert_eq!(unescaped(&page), None, "{uri}");
        let escaped = page.text().contains("&lt;script&gt;alert(address)");
        assert_eq!(escaped, shown, "{uri}");
    }
}
