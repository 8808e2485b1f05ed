//! Every kind of fault is counted with its first line, and does not affect other lines.

use std::{io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use rse_dashboard::server::sources::file::{self, FaultKind, Report};

use crate::support::{event, import_bytes, ndjson, now, open, runtime};

const GOOD: &str = r#"{"job_name":"a","build_id":"1","stage_timestamp":"2019-10-25T17:15:00Z"}"#;

fn lines(lines: &[&str]) -> Report {
    import_bytes(lines.join("\n").as_bytes()).0
}

fn kinds(report: &Report) -> Vec<(FaultKind, u64, u64)> {
    let faults = report.faults.iter();
    faults
        .map(|fault| (fault.kind, fault.count, fault.first_line))
        .collect()
}

#[test]
fn each_kind_of_bad_line_is_counted_and_the_good_lines_are_kept() {
    let with = |field: &str| GOOD.replace("{", &format!("{{{field},"));
    let future = GOOD.replace("2019-10-25T17", "2019-11-03T01");
    let bad_time = GOOD.replace("T17:15:00Z", " at five");
    let before = GOOD.replace("2019-", "1969-");
    let no_job = GOOD.replace("\"a\"", "null");
    let no_time = GOOD.replace("2019-10-25T17:15:00Z", "");
    let no_build = GOOD.replace("build_id", "number");
    let wrong = with("\"_ts\":\"soon\"");
    let long = with(&format!("\"x\":\"{}\"", "y".repeat(1 << 20)));
    let faulty = [
        "not JSON", "[1]", &no_job, &no_time, &bad_time, &before, &future, &no_build, &wrong, &long,
    ];
    let mut all = vec![GOOD];
    all.extend(faulty);
    all.extend(faulty);
    all.push(GOOD);
    let report = lines(&all);
    // In the order of the kinds; each occurs on its first line and once more.
    let expected = [
        (FaultKind::TooLong, 11),
        (FaultKind::NotJson, 2),
        (FaultKind::NotAnObject, 3),
        (FaultKind::WrongType, 10),
        (FaultKind::MissingField, 4),
        (FaultKind::MissingField, 5),
        (FaultKind::NoBuild, 9),
        (FaultKind::BadTimestamp, 6),
        (FaultKind::Before1970, 7),
        (FaultKind::InTheFuture, 8),
    ];
    let expected = expected.map(|(kind, line)| (kind, 2, line));
    assert_eq!(kinds(&report), expected, "{report}");
    assert_eq!((report.read, report.rejected), (22, 20));
    assert_eq!((report.ingested.new, report.ingested.unchanged), (1, 1));
}

#[test]
fn the_report_names_file_line_field_and_the_expected_format() {
    let bad_time = GOOD.replace("2019-10-25T17:15:00Z", "25/10/2019");
    let report = lines(&[GOOD, &bad_time]);
    let text = report.to_string();
    for part in [
        "2 read: 1 new",
        "1 rejected",
        "events: 1 ×",
        "line 2",
        "stage_timestamp",
        "25/10/2019",
        "RFC 3339",
        "2019-10-25T17:15:00Z",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["new"], 1);
    assert_eq!(json["faults"][0]["kind"], "bad_timestamp");
    assert_eq!(json["faults"][0]["first_line"], 2);
}

#[test]
fn a_line_that_is_not_utf8_is_a_fault() {
    let mut bytes = format!("{GOOD}\n").into_bytes();
    bytes.extend(b"{\"job_name\":\"\xff\xfe\"}\n");
    bytes.extend(GOOD.as_bytes());
    let report = import_bytes(&bytes).0;
    assert_eq!(kinds(&report), [(FaultKind::NotUtf8, 1, 2)]);
    assert_eq!(report.ingested.new, 1);
}

#[test]
fn an_empty_file_is_a_fault() {
    for bytes in ["", "\n\n", "[]", "\u{feff}"] {
        let report = import_bytes(bytes.as_bytes()).0;
        assert_eq!(report.faults[0].kind, FaultKind::EmptyFile, "{bytes:?}");
        assert!(report.to_string().contains("events: "), "{report}");
    }
}

#[test]
fn a_cut_off_array_keeps_its_whole_elements() {
    let report = import_bytes(format!("[{GOOD},\n{{\"job_name\"").as_bytes()).0;
    assert_eq!(kinds(&report), [(FaultKind::UnfinishedArray, 1, 2)]);
    assert_eq!(report.ingested.new, 1);
    let report = import_bytes(format!("[{GOOD}]\n{GOOD}").as_bytes()).0;
    assert_eq!(kinds(&report), [(FaultKind::AfterArray, 1, 2)]);
}

#[test]
fn a_truncated_gzip_keeps_what_was_read() {
    let events: Vec<_> = (0..3000).map(|n| event(n % 7, n % 50, n)).collect();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all(&ndjson(&events))
        .expect("memory can be written");
    let packed = packed.finish().expect("memory can be written");
    for length in [packed.len() / 2, packed.len() - 3] {
        let (report, events) = import_bytes(&packed[..length]);
        let kinds: Vec<FaultKind> = report.faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, [FaultKind::DamagedGzip], "{report}");
        assert!(report.ingested.new > 1000, "{report}");
        assert_eq!(events.lines().count() as u64, report.ingested.new);
    }
    let mut damaged = packed.clone();
    damaged[packed.len() / 2..packed.len() / 2 + 200].fill(0xff);
    let report = import_bytes(&damaged).0;
    assert!(
        report
            .faults
            .iter()
            .any(|fault| fault.kind == FaultKind::DamagedGzip),
        "{report}"
    );
}

#[test]
fn a_missing_file_is_named_before_anything_is_imported() {
    let dir = tempfile::tempdir().expect("a directory");
    let good = dir.path().join("good");
    std::fs::write(&good, GOOD).expect("a file");
    runtime().block_on(async {
        let mut store = open(&dir.path().join("data")).await;
        for bad in [Path::new("/nowhere/missing.ndjson"), dir.path()] {
            let files = [good.clone(), bad.to_owned()];
            let error = file::import_events(
                &mut store,
                &files,
                |_| rse_dashboard::server::model::System::default(),
                now(),
            )
            .await;
            let error = format!("{:#}", error.expect_err("a fault"));
            assert!(error.contains(&bad.display().to_string()), "{error}");
            assert!(store.is_empty().await.expect("readable"));
        }
    });
}

#[test]
fn security_facts_are_kept_by_date_and_only_if_they_changed() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("facts");
    let facts = |day: u8, version: &str| {
        let at = format!("2019-10-{day:02}T00:00:00Z");
        let text = format!(
            r#"[{{"repository":"b-api","collected_at":"{at}","node_version":"{version}"}},
            {{"repository":"a-web","collected_at":"{at}","suppressions":[{{"cve":"cve-1-2"}}]}}]"#
        );
        std::fs::write(&file, text).expect("a file");
    };
    runtime().block_on(async {
        let mut store = open(&dir.path().join("data")).await;
        let mut counts = Vec::new();
        for (day, version) in [(1, "8"), (2, "8"), (3, "12"), (2, "8")] {
            facts(day, version);
            let files = [file.clone()];
            let report = file::import_security(&mut store, &files, now()).await;
            let report = report.expect("imported");
            assert_eq!(kinds(&report), [(FaultKind::BadCve, 1, 2)]);
            assert_eq!((report.read, report.rejected), (2, 0));
            let taken = report.ingested;
            counts.push((taken.new, taken.replaced, taken.unchanged));
        }
        assert_eq!(counts, [(2, 0, 0), (0, 0, 2), (0, 1, 1), (0, 0, 2)]);
        let security = crate::support::load(&store).await.security;
        let names: Vec<&str> = security
            .repositories
            .iter()
            .map(|r| r.repository.as_str())
            .collect();
        assert_eq!(names, ["a-web", "b-api"]);
        assert_eq!(security.repositories[1].node_version.as_deref(), Some("12"));
        assert_eq!(security.as_of_ms, Some(1_570_060_800_000));
    });
}
