//! Cosmos DB: messages for readers, which name the cause and reveal nothing.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use rse_dashboard::server::{
    config::Config,
    environment::Environment,
    sources::{Source as _, SourceError, cosmos::Cosmos},
};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use super::cosmos_support::{Held, StandIn, all_branches, events, source};

/// Not the key of any account, and long enough to be found anywhere.
const PLANTED: &str = "cGxhbnRlZC1zZWNyZXQtMDEyMzQ1Njc4OQ==";

/// All messages about an account that cannot be read, from `sync`, the ledger and `doctor`.
async fn failure_of(variables: HashMap<String, String>) -> (SourceError, &'static str, String) {
    let secret = variables.get("COSMOS_KEY").cloned();
    let source = source(&all_branches(), variables);
    let mut held = Held::new().await;
    let error = held.sync(&source).await.expect_err("it cannot be read");
    let covered = held.coverage().await;
    let findings = source.check().await;
    let bad = findings.iter().find(|finding| !finding.good);
    let bad = bad.expect("doctor finds it");
    assert!(!bad.remedy.is_empty());
    let all = format!("{error}\n{error:?}\n{error:#?}\n{covered:?}\n{findings:?}\n{findings:#?}");
    if let Some(secret) = secret {
        assert!(!all.contains(&secret), "{all}");
        assert!(!all.contains(secret.trim_end_matches('=')), "{all}");
    }
    println!("{error}");
    (error, covered[0].1, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_reported_and_not_shown() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    for wrong in [PLANTED, "planted, and no Base64 at all!"] {
        let mut variables = account.variables("jenkins");
        variables.insert("COSMOS_KEY".to_owned(), wrong.to_owned());
        let (error, state, all) = failure_of(variables).await;
        assert!(matches!(error, SourceError::Unauthorized(_)), "{error:?}");
        assert_eq!(state, "no-access");
        assert!(error.to_string().contains("COSMOS_KEY"), "{error}");
        assert!(!all.contains("planted"), "{all}");
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer fails").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs on one thread, so that all of the SDK's messages are captured.
#[tokio::test]
async fn no_key_is_logged_at_any_level() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    let mut wrong = account.variables("jenkins");
    wrong.insert("COSMOS_KEY".to_owned(), PLANTED.to_owned());
    let mut held = Held::new().await;
    held.sync(&source(&all_branches(), wrong))
        .await
        .expect_err("a wrong key");
    held.sync(&account.source("jenkins"))
        .await
        .expect("the right key");
    drop(logging);
    let log = String::from_utf8_lossy(&log.0.lock().expect("no writer fails")).into_owned();
    assert!(log.contains("azure_data_cosmos"), "the SDK logs nothing");
    for key in [PLANTED, &account.key] {
        assert!(!log.contains(key.trim_end_matches('=')), "a key is logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_database_or_container_is_named_with_its_variable() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    let (error, state, _) = failure_of(account.variables("jenkns")).await;
    assert_eq!(state, "failed");
    let error = error.to_string();
    assert!(
        error.contains("“jenkns”") && error.contains("COSMOS_DATABASES"),
        "{error}"
    );

    let mut variables = account.variables("jenkins");
    variables.insert("COSMOS_CONTAINERS".to_owned(), "metrics".to_owned());
    let error = failure_of(variables).await.0.to_string();
    assert!(
        error.contains("“metrics”") && error.contains("COSMOS_CONTAINERS"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_where_nothing_responds_is_reported() {
    let account = StandIn::start();
    let mut variables = account.variables("jenkins");
    drop(account);
    let (error, state, _) = failure_of(variables.clone()).await;
    assert_eq!(state, "failed");
    assert!(
        error
            .to_string()
            .contains("nothing responds at COSMOS_ENDPOINT"),
        "{error}"
    );

    let nowhere = "https://nowhere.invalid:443/".to_owned();
    variables.insert("COSMOS_ENDPOINT".to_owned(), nowhere);
    let error = failure_of(variables).await.0.to_string();
    assert!(error.contains("COSMOS_ENDPOINT"), "{error}");
    assert!(!error.contains("nowhere.invalid"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_and_an_identity_both_remedies_are_named() {
    let account = StandIn::start();
    let mut variables = account.variables("jenkins");
    variables.remove("COSMOS_KEY");
    // The variables of a workload identity exclude this machine's own identity.
    for (name, value) in [
        ("AZURE_FEDERATED_TOKEN_FILE", "no/such/token"),
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000"),
        ("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000000"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    let (error, state, _) = failure_of(variables).await;
    assert!(matches!(error, SourceError::Unauthorized(_)), "{error:?}");
    assert_eq!(state, "no-access");
    let error = error.to_string();
    assert!(
        error.contains("Entra ID") && error.contains("COSMOS_KEY"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_and_a_permanent_fault_are_reported() {
    let account = StandIn::start();
    account.seed("jenkins", &events(1, 0.1)).await;
    for (fault, words) in [("forbid", "403"), ("reject", "400")] {
        account.clear_faults().await;
        account.plan(json!([{"fault": fault, "times": -1}])).await;
        let error = failure_of(account.variables("jenkins")).await.0.to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_reports_the_age_of_the_newest_document() {
    let account = StandIn::start();
    account.seed("jenkins", &[]).await;
    let mut event = events(1, 0.1).remove(0);
    event.received_s = Some(jiff::Timestamp::now().as_second() - 3 * 3600 - 60);
    account.seed("sds-jenkins", &[event]).await;
    let findings = account.source("jenkins,sds-jenkins").check().await;
    let found: Vec<_> = findings
        .iter()
        .map(|found| (found.good, &found.what))
        .collect();
    let expected = [
        (
            true,
            "Cosmos DB: 127.0.0.1 responds and grants access with COSMOS_KEY",
        ),
        (
            false,
            "jenkins/pipeline-metrics: readable, but without a document from the last year",
        ),
        (
            true,
            "sds-jenkins/pipeline-metrics: readable; the newest document is 3 hours old",
        ),
        (
            true,
            "jenkins/cve-reports: not there, so there are no reports of scans",
        ),
        (
            true,
            "sds-jenkins/cve-reports: not there, so there are no reports of scans",
        ),
    ];
    let found: Vec<_> = found
        .iter()
        .map(|(good, what)| (*good, what.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn without_an_endpoint_there_is_no_source() {
    let none = Cosmos::configured(&Config::built_in(), &Environment::default());
    assert!(none.expect("nothing is wrong").is_none());
}
