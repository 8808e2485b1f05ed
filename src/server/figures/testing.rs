//! Small hand-made snapshots for the tests of figures.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::Figure;
use crate::server::model::{
    BuildResult, Check, ReportedFinding, RepositoryFacts, Runtime, Severity, Step, StepDuration,
    Suppression, SuppressionRule,
};
use crate::{
    api::Cell,
    selection::Selection,
    server::{
        config::Config,
        insight,
        snapshot::{
            BuildDetails, BuildRecord, Flake, Incident, Snapshot, SnapshotBuilder,
            security::{Report, ReportSeries, Security},
        },
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
        details: crate::server::snapshot::BuildDetails::default(),
    }
}

/// A snapshot of these builds, as of [`AS_OF`], in UTC.
pub fn snapshot(builds: &[BuildRecord<'_>]) -> Snapshot {
    snapshot_in("UTC", builds)
}

/// The same for an organisation in another time zone.
pub fn snapshot_in(time_zone: &str, builds: &[BuildRecord<'_>]) -> Snapshot {
    finished(
        builder(time_zone, builds),
        Some(at(AS_OF)),
        Security::default(),
    )
}

/// The same as of another instant.
pub fn snapshot_at(as_of: &str, builds: &[BuildRecord<'_>]) -> Snapshot {
    finished(builder("UTC", builds), Some(at(as_of)), Security::default())
}

/// A snapshot of these security facts, as of [`AS_OF`], in UTC.
pub fn security(repositories: Vec<RepositoryFacts>) -> Snapshot {
    finished(builder("UTC", &[]), None, facts(repositories))
}

/// A snapshot of builds and of these security facts, as of [`AS_OF`], in UTC.
pub fn snapshot_with_security(
    builds: &[BuildRecord<'_>],
    repositories: Vec<RepositoryFacts>,
) -> Snapshot {
    finished(builder("UTC", builds), Some(at(AS_OF)), facts(repositories))
}

/// A snapshot in which every figure has rows under every filter, and every text is `text` or holds it.
pub fn everywhere(text: &str) -> Snapshot {
    let nightly = format!("{text} nightly");
    let mut builds = Vec::new();
    for (job_name, nightly) in [(text, false), (&*nightly, true)] {
        builds.extend(slower(job_name).map(|build| BuildRecord { nightly, ..build }));
        for result in BuildResult::ALL {
            builds.push(BuildRecord {
                build_id: text,
                nightly,
                failing_step: Some(text),
                functional_test_ms: Some(7_000),
                details: with_step(text),
                ..build(job_name, result, "2019-10-25T11:00:00Z")
            });
        }
    }
    let repository = |team: &str| RepositoryFacts {
        repository: format!("{team}{text}"),
        suppressions: vec![
            Suppression {
                cve: "CVE-2019-0001".to_owned(),
                until: Some(text.to_owned()),
            },
            Suppression {
                cve: text.to_owned(),
                until: None,
            },
        ],
        javascript: true,
        checks: Check::ALL.to_vec(),
        node_version: Some(text.to_owned()),
        java_version: Some(format!("11 {text}")),
        rules: Some(vec![SuppressionRule {
            file: text.to_owned(),
            ids: vec![text.to_owned()],
            until: Some("2019-11-30".to_owned()),
            notes: Some(text.to_owned()),
            ..SuppressionRule::default()
        }]),
        runtimes: Some(vec![Runtime {
            product: text.to_owned(),
            version: text.to_owned(),
            ..Runtime::default()
        }]),
        ..RepositoryFacts::default()
    };
    // Of as many teams as make a CVE frequent.
    let repositories = ["a", "b", "c"].map(repository).into();
    with_causes(finished(
        builder("UTC", &builds),
        Some(at(AS_OF)),
        facts(repositories),
    ))
}

/// The snapshot with an incident and a flaky failure for each failed build.
fn with_causes(snapshot: Snapshot) -> Snapshot {
    let mut snapshot = with_incidents(snapshot);
    let members = snapshot.insight.incidents.iter();
    let flakes = members.map(|incident| Flake {
        failed: incident.members[0],
        good: incident.members[0],
    });
    snapshot.insight.flakes = flakes.collect();
    snapshot
}

/// The snapshot with an incident for each failed build in the place of others, which small samples hardly have.
pub fn with_incidents(mut snapshot: Snapshot) -> Snapshot {
    let builds = &snapshot.builds;
    let failed = (0..builds.len()).filter(|&row| builds.result[row] == BuildResult::Failure);
    let incidents = failed.map(|row| Incident {
        nightly: builds.nightly[row],
        step: builds.failing_step[row],
        from_ms: builds.finished_ms[row],
        to_ms: builds.finished_ms[row],
        members: vec![u32::try_from(row).expect("few builds")],
        pipelines: 1,
        ..Incident::default()
    });
    let mut incidents: Vec<Incident> = incidents.collect();
    // Each has a name of its own.
    incidents.dedup_by_key(|incident| (incident.from_ms, incident.step, incident.nightly));
    snapshot.insight.incidents = incidents;
    snapshot
}

/// Details of a build with one step.
fn with_step(name: &str) -> BuildDetails<'_> {
    let step = Step {
        name,
        end_ms: at(AS_OF),
        result: BuildResult::Failure,
        attempt: 1,
        duration: Some(StepDuration {
            ms: 60_000,
            stated: true,
        }),
    };
    BuildDetails {
        start_delay_ms: Some(60_000),
        steps: vec![step],
        ..BuildDetails::default()
    }
}

/// Builds of a job that took longer from the 11th on, shortly before [`AS_OF`].
fn slower(job_name: &str) -> impl Iterator<Item = BuildRecord<'_>> {
    (0..20).map(move |number| BuildRecord {
        duration_ms: Some(if number < 10 { 60_000 } else { 600_000 }),
        finished_ms: at("2019-10-25T09:00:00Z") + number * 60_000,
        ..build(job_name, BuildResult::Success, "2019-10-25T11:00:00Z")
    })
}

/// A snapshot of so many pipelines, steps, teams, repositories, versions and CVEs, with names as long as
/// snapshots have them.
pub fn crowded(number: usize) -> Snapshot {
    let name = |what: &str, number: usize| format!("{number}{what}{}", "&".repeat(280));
    let mut builds = builder("UTC", &[]);
    for number in 0..number {
        let (job_name, step) = (name("job", number), name("step", number));
        // As many as figures have rows for.
        if number < 60 {
            slower(&job_name).for_each(|build| builds.push_record(&build));
        }
        let failed = build(&job_name, BuildResult::Failure, "2019-10-25T11:00:00Z");
        builds.push_record(&BuildRecord {
            // Long before the window, in a slot of its own.
            started_ms: number as i64 * 86_400_000,
            failing_step: Some(&step),
            details: with_step(&step),
            ..failed.clone()
        });
        builds.push_record(&BuildRecord {
            build_id: "2",
            result: BuildResult::Success,
            functional_test_ms: Some(7_000),
            ..failed
        });
    }
    let repository = |number: usize| {
        let cve = |number: usize| Suppression {
            cve: format!("CVE-2019-{:04}", number),
            until: None,
        };
        RepositoryFacts {
            repository: name("team-", number),
            // Each CVE is suppressed by three teams.
            suppressions: (number..number + 3).map(cve).collect(),
            javascript: true,
            node_version: Some(format!("{number}.{}", "&".repeat(30))),
            java_version: Some(format!("{number}.{}", "&".repeat(30))),
            rules: Some(vec![SuppressionRule {
                ids: vec![format!("CVE-2019-{number:04}")],
                until: Some("2019-11-30".to_owned()),
                ..SuppressionRule::default()
            }]),
            runtimes: Some(vec![Runtime {
                product: name("product", number),
                version: "1".to_owned(),
                ..Runtime::default()
            }]),
            ..RepositoryFacts::default()
        }
    };
    let repositories = (0..number).map(repository).collect();
    with_causes(finished(builds, Some(at(AS_OF)), facts(repositories)))
}

fn builder(time_zone: &str, builds: &[BuildRecord<'_>]) -> SnapshotBuilder {
    let mut config = Config::built_in();
    config.time_zone = TimeZone::get(time_zone).expect("an IANA name");
    let mut builder = SnapshotBuilder::new(Arc::new(config));
    for build in builds {
        builder.push_record(build);
    }
    builder
}

fn finished(builder: SnapshotBuilder, as_of_ms: Option<i64>, facts: Security) -> Snapshot {
    insight::filled(builder.finish("test".to_owned(), as_of_ms, facts))
}

/// Facts, and a scan of each repository with rules, which found something.
fn facts(repositories: Vec<RepositoryFacts>) -> Security {
    let mut reports: Vec<ReportSeries> = repositories
        .iter()
        .filter(|facts| facts.rules.is_some())
        .map(scanned)
        .collect();
    reports.sort_by(|a, b| a.repository.cmp(&b.repository));
    Security {
        reports,
        ..Security::of(Some(at(AS_OF)), repositories)
    }
}

fn scanned(facts: &RepositoryFacts) -> ReportSeries {
    let rules = facts.rules.iter().flatten();
    let findings = rules.map(|rule| ReportedFinding {
        id: rule.ids[0].clone(),
        package: rule.file.clone(),
        severity: Severity::High,
        ..ReportedFinding::default()
    });
    ReportSeries {
        repository: facts.repository.clone(),
        scanner: "dependency-check".to_owned(),
        codebase_type: "java".to_owned(),
        reports: vec![Report {
            at_ms: at("2019-10-24T12:00:00Z"),
            complete: true,
            findings: findings.collect(),
        }],
    }
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
pub fn table(figure: &Figure, snapshot: &Snapshot, selection: &Selection) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Missing => "–".to_owned(),
    };
    let row = |cells: &Vec<Cell>| cells.iter().map(text).collect::<Vec<_>>().join(" | ");
    let rows = (figure.rows)(snapshot, selection);
    rows.cells().iter().map(row).collect()
}

/// The figure's sentence.
pub fn summary(figure: &Figure, snapshot: &Snapshot, selection: &Selection) -> String {
    let data = figure.compute(snapshot, selection);
    data.expect("a plot is always JSON").summary
}

/// The figure's chart as sent to plotly.js.
pub fn plot(figure: &Figure, snapshot: &Snapshot, selection: &Selection) -> serde_json::Value {
    let data = figure.compute(snapshot, selection);
    let text = data.expect("a plot is always JSON").plot;
    serde_json::from_str(text.get()).expect("a plot is JSON")
}
