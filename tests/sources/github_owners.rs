//! Rules, runtimes, owners and settings of repositories.

use rse_dashboard::server::model::RepositoryFacts;
use serde_json::json;

use crate::github_support::{Bench, StandIn};

fn runtimes(facts: &RepositoryFacts) -> Vec<String> {
    let runtimes = facts.runtimes.iter().flatten();
    runtimes
        .map(|one| format!("{} {} {}:{}", one.product, one.version, one.file, one.line))
        .collect()
}

fn rules(facts: &RepositoryFacts) -> Vec<String> {
    let rules = facts.rules.iter().flatten();
    let line = |rule: &rse_dashboard::server::model::SuppressionRule| {
        let until = rule.until.as_deref().unwrap_or("-");
        format!("{}:{} {} {until}", rule.file, rule.line, rule.ids.join(","))
    };
    rules.map(line).collect()
}

#[tokio::test]
async fn rules_runtimes_and_owners_are_read_by_both_apis() {
    let stand_in = StandIn::start(&[]);
    for graphql in [true, false] {
        let mut bench = Bench::new().await;
        let source = stand_in.source(graphql);
        bench.sync(&source).await.expect("a sync");
        let api = bench.facts_of("ccd-api").await;
        let about = &api.about;
        let owners = ["@hmcts/ccd", "@hmcts/platform"].map(str::to_owned);
        assert_eq!(about.owners.as_deref(), Some(&owners[..]));
        let topics = ["java", "team-ccd"].map(str::to_owned);
        assert_eq!(about.topics.as_deref(), Some(&topics[..]));
        assert_eq!(about.default_branch.as_deref(), Some("master"));
        assert_eq!(about.pushed_in.as_deref(), Some("2026-01"));
        assert!(
            about
                .url
                .as_deref()
                .is_some_and(|url| url.ends_with("/hmcts/ccd-api"))
        );
        assert_eq!(
            runtimes(&api),
            ["java 17 Dockerfile:3", "debian unknown Dockerfile:3"]
        );
        let file = "config/owasp/suppressions.xml";
        assert_eq!(
            rules(&api),
            [
                format!("{file}:4 CVE-2019-10001,CVE-2019-10002,CVE-2019-10003,CVE-2019-10004 -"),
                format!("{file}:6 CVE-2019-10005 2099-01-31Z"),
                format!("{file}:7 CVE-2019-10006 2019-06-30"),
                format!("{file}:8  -"),
            ]
        );
        let web = bench.facts_of("ccd-web").await;
        assert_eq!(web.about.owners, Some(vec!["@hmcts/web".to_owned()]));
        assert_eq!(
            rules(&web),
            [
                "yarn-audit-known-issues:1 GHSA-2P57-RM9W-GVFP -",
                ".snyk:4 SNYK-JS-LODASH-567746 2020-01-01T00:00:00.000Z",
            ]
        );
        assert_eq!(
            runtimes(&web),
            [
                "nodejs 20 Dockerfile:1",
                "alpine-linux unknown Dockerfile:1"
            ]
        );
        let docs = bench.facts_of("docs").await;
        assert_eq!(docs.about.owners, Some(vec![]));
        assert_eq!(runtimes(&docs), ["python 3.8.2 .python-version:1"]);
        assert_eq!(rules(&docs), [".trivyignore:2 CVE-2019-10010 2020-01-01"]);
        let notes = docs.rules.expect("rules").remove(0).notes;
        assert_eq!(notes.as_deref(), Some("Not reachable"));
    }
}

#[tokio::test]
async fn protection_is_known_only_where_the_token_may_know() {
    let stand_in = StandIn::start(&[]);
    let mut bench = Bench::new().await;
    let source = stand_in.source(true);
    for (change, expected) in [
        (json!({ "protected": ["ccd-api"] }), (Some(true), None)),
        (json!({ "isAdmin": true }), (Some(true), Some(false))),
        (
            json!({ "withoutSettings": ["ccd-api", "ccd-web"] }),
            (None, None),
        ),
    ] {
        stand_in.control(change).await;
        let report = bench.sync(&source).await.expect("a sync");
        assert_eq!(report.read, 13);
        let api = bench.facts_of("ccd-api").await.about.protected;
        let web = bench.facts_of("ccd-web").await.about.protected;
        assert_eq!((api, web), expected);
    }
}
