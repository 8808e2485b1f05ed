//! `import scan`, from files of the formats.

use std::path::PathBuf;

use jiff::Timestamp;
use rse_dashboard::server::{
    config::Config,
    sources::{
        file::Report,
        scan::{self, Defaults},
    },
    store::Store,
};

use crate::program::Program;

const TRIVY: &str = r#"{"SchemaVersion":2,"CreatedAt":"2026-11-28T10:00:00Z","ArtifactName":".",
    "ArtifactType":"filesystem","Results":[{"Target":"yarn.lock","Vulnerabilities":[
    {"VulnerabilityID":"CVE-2021-3807","PkgName":"ansi-regex","InstalledVersion":"5.0.0","Severity":"HIGH"}]}]}"#;
const TRUNCATED: &str = r#"{"SchemaVersion":2,"ArtifactName":".","Results":["#;

fn document(branch: &str) -> String {
    format!(
        r#"{{"id":"1","build":{{"branch_name":"{branch}","git_url":"https://github.com/hmcts/claim-store.git",
        "codebase_type":"java"}},"report":{{"reportSchema":"1.1","dependencies":[]}},"_ts":1795850130}}"#
    )
    .replace('\n', "")
}

fn now() -> Timestamp {
    "2026-11-29T08:00:00Z".parse().expect("an instant")
}

/// Imports texts as files; returns the report, and the kept reports: repository, scanner, complete, findings.
async fn imported(texts: &[&str]) -> (Report, Vec<(String, String, bool, usize)>) {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config::built_in();
    let mut store = Store::open(dir.path(), &config).await.expect("a store");
    let paths = texts.iter().enumerate().map(|(number, text)| {
        let path = dir.path().join(format!("{number}.json"));
        std::fs::write(&path, text).expect("written");
        path
    });
    let paths: Vec<PathBuf> = paths.collect();
    let defaults = Defaults {
        repository: Some("other".to_owned()),
        ..Defaults::default()
    };
    let branches = &config.default_branches;
    let report = scan::import(&mut store, &paths, &defaults, branches, now()).await;
    let snapshot = store.load(std::sync::Arc::new(config)).await;
    let snapshot = snapshot.expect("a snapshot");
    let mut kept = Vec::new();
    for series in &snapshot.security.reports {
        for report in &series.reports {
            kept.push((
                series.repository.clone(),
                series.scanner.clone(),
                report.complete,
                report.findings.len(),
            ));
        }
    }
    (report.expect("imported"), kept)
}

#[tokio::test]
async fn reports_are_kept_and_imported_once() {
    let java = document("master");
    let (report, kept) = imported(&[TRIVY, &java, TRIVY]).await;
    assert_eq!((report.read, report.rejected), (3, 0));
    let counts = report.ingested;
    assert_eq!((counts.new, counts.unchanged), (2, 1));
    assert!(report.is_clean(), "{report}");
    let expected = [
        ("claim-store", "dependency-check", true, 0),
        ("other", "trivy", true, 1),
    ];
    let expected = expected
        .map(|(repository, scanner, complete, findings)| {
            (
                repository.to_owned(),
                scanner.to_owned(),
                complete,
                findings,
            )
        })
        .to_vec();
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn damaged_reports_and_those_of_other_branches_are_left_out() {
    let branch = [document("PR-7"), document("master")].join("\n");
    let (report, kept) = imported(&[TRUNCATED, &branch, "<xml/>"]).await;
    assert_eq!((report.read, report.rejected), (4, 3));
    assert_eq!(report.ingested.new, 1);
    assert_eq!(kept.len(), 1);
    let said = report.to_string();
    for reason in ["truncated", "another branch", "not JSON"] {
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test]
async fn a_report_that_is_not_complete_is_kept_and_named() {
    let npm = r#"{"auditReportVersion":2,"vulnerabilities":{}}"#;
    let (report, kept) = imported(&[npm]).await;
    assert_eq!((report.read, report.rejected), (1, 0));
    assert!(!report.is_clean());
    assert!(report.to_string().contains("metadata"), "{report}");
    assert!(!kept[0].2);
}

#[test]
fn the_command_takes_what_reports_do_not_say() {
    let program = Program::new([], |text| text);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("trivy.json");
    std::fs::write(&path, TRIVY).expect("written");
    let path = path.to_str().expect("text");
    let output = program.run(&["import", "scan", path]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--repository"), "{said}");
    let options = ["--repository", "claim-store", "--type", "node", "--json"];
    let output = program.run(&[&["import", "scan", path][..], &options].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains(r#""new":1"#), "{said}");
}
