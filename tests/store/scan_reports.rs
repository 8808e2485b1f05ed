//! Reports of scanners and the history of facts in the store.

use std::sync::Arc;

use rse_dashboard::server::{
    model::{ReportedFinding, RepositoryFacts, ScanReport},
    snapshot::security::ReportSeries,
    store::Reference,
};

use crate::support::{event, load, open, runtime};

fn report(repository: &str, at_ms: i64, complete: bool, ids: &[&str]) -> ScanReport {
    let finding = |id: &&str| ReportedFinding {
        id: (*id).to_owned(),
        package: "lodash".to_owned(),
        ..ReportedFinding::default()
    };
    ScanReport {
        repository: repository.to_owned(),
        scanner: "yarn-audit".to_owned(),
        codebase_type: "node".to_owned(),
        at_ms,
        complete,
        findings: ids.iter().map(finding).collect(),
    }
}

/// Describes reports as `at complete ids`.
fn described(series: &ReportSeries) -> Vec<String> {
    let reports = series.reports.iter().map(|report| {
        let ids: Vec<&str> = report.findings.iter().map(|known| &*known.id).collect();
        format!("{} {} {}", report.at_ms, report.complete, ids.join(" "))
    });
    reports.collect()
}

#[test]
fn reports_are_the_same_in_any_order_and_however_often_they_come() {
    let reports = [
        report("a", 1_000, true, &["CVE-1", "CVE-2"]),
        report("a", 2_000, false, &[]),
        report("a", 3_000, true, &["CVE-1", "CVE-2"]),
        // The complete one of two at the same time.
        report("a", 4_000, false, &["CVE-9"]),
        report("a", 4_000, true, &["CVE-2"]),
        report("b", 1_000, true, &[]),
    ];
    let of = |order: Vec<usize>| {
        let reports = &reports;
        let dir = tempfile::tempdir().expect("a directory");
        runtime().block_on(async move {
            let mut store = open(dir.path()).await;
            for at in order {
                let put = store.put_scan_reports(&reports[at..=at]).await;
                put.expect("written");
            }
            let snapshot = load(&store).await;
            store.close().await;
            let security = &snapshot.security;
            assert_eq!(security.as_of_ms, Some(4_000));
            let [a, b] = &security.reports[..] else {
                panic!("two series, not {}", security.reports.len());
            };
            assert!(Arc::ptr_eq(&a.reports[0].findings, &a.reports[2].findings));
            (described(a), described(b))
        })
    };
    let expected = [
        "1000 true CVE-1 CVE-2",
        "2000 false ",
        "3000 true CVE-1 CVE-2",
        "4000 true CVE-2",
    ];
    let (a, b) = of((0..6).collect());
    assert_eq!(a, expected);
    assert_eq!(b, ["1000 true "]);
    assert_eq!(of(vec![5, 4, 3, 2, 1, 0, 4, 3, 0]), (a, b));
}

#[test]
fn only_changed_facts_are_loaded_again() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let facts = |version: &str| RepositoryFacts {
            repository: "a".to_owned(),
            node_version: Some(version.to_owned()),
            ..RepositoryFacts::default()
        };
        store
            .put_facts(&[facts("8")], 1_000)
            .await
            .expect("written");
        store
            .put_facts(&[facts("12")], 2_000)
            .await
            .expect("written");
        let first = Arc::new(load(&store).await);
        let history = &first.security.histories[0];
        let version = |at_ms| {
            history
                .at(at_ms)
                .and_then(|facts| facts.node_version.as_deref())
        };
        assert_eq!(
            [version(999), version(1_500), version(2_000)],
            [None, Some("8"), Some("12")]
        );

        store.ingest(&[event(1, 1, 1)]).await.expect("written");
        let second = store.load_after(Arc::clone(&first)).await.expect("loaded");
        assert!(Arc::ptr_eq(&first.security, &second.security));
        let reports = [report("a", 3_000, true, &["CVE-1"])];
        let put = store.put_scan_reports(&reports).await;
        assert_eq!(put.expect("written").new, 1);
        let third = store.load_after(Arc::new(second)).await.expect("loaded");
        assert_eq!(third.security.reports.len(), 1);
        assert_eq!(
            third.security.repositories[0].node_version.as_deref(),
            Some("12")
        );
        store.close().await;
    });
}

#[test]
fn reference_data_is_replaced_by_newer_data_only() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let kev = Reference::KnownExploited;
        assert!(
            store
                .put_reference(kev, 2_000, "[2]")
                .await
                .expect("written")
        );
        assert!(!store.put_reference(kev, 2_000, "[2]").await.expect("read"));
        assert!(!store.put_reference(kev, 1_000, "[1]").await.expect("read"));
        let known = store.reference(kev).await.expect("read");
        assert_eq!(known, Some((2_000, "[2]".to_owned())));
        assert_eq!(store.reference(Reference::Epss).await.expect("read"), None);
        store.close().await;
    });
}

#[test]
fn real_reports_delete_the_sample_and_keep_reference_data() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let kev = Reference::KnownExploited;
        let mut store = open(dir.path()).await;
        store
            .put_reference(kev, 2_000, "[2]")
            .await
            .expect("written");
        store.close().await;
        let mut store = open(dir.path()).await.for_sample();
        let sample = [report("a", 9_000, true, &["CVE-1"])];
        store.put_scan_reports(&sample).await.expect("written");
        // That of the sample stands beside the real one, and goes with it.
        let epss = Reference::Epss;
        for (reference, text) in [(kev, "[9]"), (epss, "[8]")] {
            let put = store.put_reference(reference, 9_000, text).await;
            assert!(put.expect("written"));
        }
        let known = store.reference(kev).await.expect("read");
        assert_eq!(known, Some((2_000, "[2]".to_owned())));
        assert!(store.reference(epss).await.expect("read").is_some());
        store.close().await;

        let mut store = open(dir.path()).await;
        let reports = [report("b", 1_000, true, &["CVE-2"])];
        store.put_scan_reports(&reports).await.expect("written");
        let snapshot = load(&store).await;
        assert!(!snapshot.sample && snapshot.security.repositories.is_empty());
        let names = snapshot
            .security
            .reports
            .iter()
            .map(|series| &*series.repository);
        assert_eq!(names.collect::<Vec<_>>(), ["b"]);
        assert_eq!(snapshot.security.as_of_ms, Some(1_000));
        assert!(store.reference(kev).await.expect("read").is_some());
        assert_eq!(store.reference(epss).await.expect("read"), None);
        store.close().await;
    });
}
