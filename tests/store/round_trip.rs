//! An export that is imported again gives the same store.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use rse_dashboard::server::{
    config::Config,
    export::{self, Format},
    model::{Event, System},
    store::Store,
};

use crate::support::{content, event, import, import_bytes, ndjson, open, runtime};

fn strange_events() -> Vec<Event> {
    let mut events: Vec<Event> = (0..40).map(|n| event(n % 3, n % 5, n)).collect();
    events[0].id = None;
    events[1].build_tag = None;
    events[2].id = Some("~made:x".to_owned());
    events[3].build_tag = Some("~given:".to_owned());
    events[4].step = Some("=cmd|' /C calc'!A0\n\u{202e}😀\"".to_owned());
    events[5].job_name = "x".repeat(300);
    (
        events[6].received_s,
        events[6].duration_ms,
        events[6].branch,
    ) = (None, Some(-5), None);
    events[7].stage_ms += 123;
    events[8].build_url = Some("https://ci.example/job/a/1/".to_owned());
    events[9].system = System::new("sds").expect("a name");
    events[10].build_tag = None;
    events[10].system = System::new("sds").expect("a name");
    events[11].step_duration_ms = Some(7);
    events[11].git_commit = Some("0123456789abcdef".to_owned());
    events[11].node_name = Some("vm-17".to_owned());
    events[11].correlation_id = Some("7c9e6679".to_owned());
    let Event {
        codebase,
        toolchain,
        ..
    } = &mut events[11];
    codebase.git_url = Some("https://github.com/hmcts/a.git".to_owned());
    toolchain.node_labels = Some("java ubuntu".to_owned());
    toolchain.shared_library_name = Some("Infrastructure".to_owned());
    toolchain.shared_library_version = Some("1.2\"}".to_owned());
    codebase.product = Some("😀".to_owned());
    codebase.component = Some("c".to_owned());
    events
}

#[test]
fn exported_events_import_as_the_same_store() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(&dir.path().join("a")).await;
        store.ingest(&strange_events()).await.expect("ingested");
        let exported = content(&store).await;
        assert_eq!(exported.1.lines().count(), 40);

        let file = dir.path().join("export.ndjson");
        fs::write(&file, &exported.1).expect("a file");
        let mut copy = open(&dir.path().join("b")).await;
        let report = import(&mut copy, &[file]).await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(content(&copy).await, exported);
    });
}

#[test]
fn the_file_of_a_closed_store_is_complete() {
    let dir = tempfile::tempdir().expect("a directory");
    let [original, copied] = ["a", "b"].map(|name| dir.path().join(name));
    runtime().block_on(async {
        // Always SQLite, even if the other tests run on PostgreSQL.
        let of = async |dir: &Path| {
            let store = Store::open(dir, &Config::built_in()).await;
            store.expect("the store opens")
        };
        let mut store = of(&original).await;
        store.ingest(&strange_events()).await.expect("ingested");
        // With connections of their own, which are closed together.
        let (expected, again) = tokio::join!(content(&store), content(&store));
        assert_eq!(again, expected);
        store.close().await;
        fs::create_dir(&copied).expect("a directory");
        let file = "dashboard.sqlite";
        fs::copy(original.join(file), copied.join(file)).expect("a copy");
        assert_eq!(content(&of(&copied).await).await, expected);
    });
}

#[test]
fn lines_arrays_and_gzip_in_members_are_the_same_input() {
    let lines = ndjson(&strange_events());
    let text = String::from_utf8(lines.clone()).expect("UTF-8");
    let elements: Vec<&str> = text.lines().collect();
    let mut packed = Vec::new();
    for part in lines.chunks(lines.len() / 3 + 1) {
        let mut member = GzEncoder::new(&mut packed, Compression::fast());
        member.write_all(part).expect("memory can be written");
        member.finish().expect("memory can be written");
    }
    let expected = import_bytes(&lines);
    assert!(expected.0.is_clean() && expected.0.ingested.new == 40);
    let array = format!("\u{feff}[\n{}\n]", elements.join(",\n"));
    assert_eq!(import_bytes(array.as_bytes()), expected);
    let windows = format!("\u{feff}{}\r\n\r\n", elements.join("\r\n"));
    assert_eq!(import_bytes(windows.as_bytes()), expected);
    assert_eq!(import_bytes(&packed), expected);
}

#[test]
fn csv_has_a_line_per_event_and_no_formulas() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut bytes = Vec::new();
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        store.ingest(&strange_events()).await.expect("ingested");
        let exported = export::events(&store, Format::Csv, &mut bytes).await;
        exported.expect("exported");
    });
    let mut csv = csv::Reader::from_reader(&bytes[..]);
    let columns = csv.headers().expect("a header").clone();
    let column = |name| {
        columns
            .iter()
            .position(|known| known == name)
            .expect("a column")
    };
    let (step, duration) = (
        column("current_step_name"),
        column("current_build_duration"),
    );
    let rows: Vec<csv::StringRecord> = csv.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().any(|row| row[step].starts_with("'=cmd")));
    assert!(rows.iter().any(|row| &row[duration] == "-5"));
    assert!(rows.iter().all(|row| !row[step].starts_with('=')));
}
