//! Small hand-made snapshots for the tests of figures.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::Figure;
use crate::server::model::{BuildResult, RepositoryFacts, Suppression};
use crate::{
    api::Cell,
    filter::Filter,
    server::{
        config::Config,
        snapshot::{BuildRecord, Snapshot, SnapshotBuilder, security::Security},
    },
};

/// The instant of every snapshot here; a Friday.
pub const AS_OF: &str = "2019-10-25T12:00:00Z";

/// Unix ms of an instant in RFC 3339.
pub fn at(text: &str) -> i64 {
    let instant: Timestamp = text.parse().expect("an instant");
    instant.as_millisecond()
}

/// A build of 15 minutes. Tests change fields with `BuildRecord { …, ..build(…) }`.
pub fn build<'a>(job_name: &'a str, result: BuildResult, finished: &str) -> BuildRecord<'a> {
    let finished_ms = at(finished);
    BuildRecord {
        job_name,
        build_id: "1",
        branch: None,
        result,
        nightly: false,
        started_ms: finished_ms - 900_000,
        finished_ms,
        duration_ms: Some(900_000),
        failing_step: None,
        functional_test_ms: None,
    }
}

/// A snapshot of these builds, as of [`AS_OF`], in UTC.
pub fn snapshot(builds: &[BuildRecord<'_>]) -> Snapshot {
    snapshot_in("UTC", builds)
}

/// The same for an organisation in another time zone.
pub fn snapshot_in(time_zone: &str, builds: &[BuildRecord<'_>]) -> Snapshot {
    let mut config = Config::built_in();
    config.time_zone = TimeZone::get(time_zone).expect("an IANA name");
    let mut builder = SnapshotBuilder::new(Arc::new(config));
    for build in builds {
        builder.push(build);
    }
    builder.finish("test".to_owned(), Some(at(AS_OF)), Security::default())
}

/// A snapshot of these security facts, as of [`AS_OF`], in UTC.
pub fn security(repositories: Vec<RepositoryFacts>) -> Snapshot {
    let builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    let security = Security {
        as_of_ms: Some(at(AS_OF)),
        repositories,
    };
    builder.finish("test".to_owned(), None, security)
}

/// A repository that suppresses these CVEs, each until a day or without an end.
pub fn suppressing(repository: &str, cves: &[(&str, Option<&str>)]) -> RepositoryFacts {
    let suppression = |&(cve, until): &(&str, Option<&str>)| Suppression {
        cve: cve.to_owned(),
        until: until.map(str::to_owned),
    };
    RepositoryFacts {
        repository: repository.to_owned(),
        suppressions: cves.iter().map(suppression).collect(),
        ..RepositoryFacts::default()
    }
}

/// The figure's table, each row as text with ` | ` between cells; a missing cell is `–`.
pub fn table(figure: &Figure, snapshot: &Snapshot, filter: &Filter) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Missing => "–".to_owned(),
    };
    let row = |cells: &Vec<Cell>| cells.iter().map(text).collect::<Vec<_>>().join(" | ");
    let rows = (figure.rows)(snapshot, filter);
    rows.cells().iter().map(row).collect()
}

/// The figure's sentence.
pub fn summary(figure: &Figure, snapshot: &Snapshot, filter: &Filter) -> String {
    let data = figure.compute(snapshot, filter);
    data.expect("a plot is always JSON").summary
}

/// The figure's chart as sent to plotly.js.
pub fn plot(figure: &Figure, snapshot: &Snapshot, filter: &Filter) -> serde_json::Value {
    let data = figure.compute(snapshot, filter);
    let text = data.expect("a plot is always JSON").plot;
    serde_json::from_str(text.get()).expect("a plot is JSON")
}
