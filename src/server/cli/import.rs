//! `rse-dashboard import events|security|scan FILE…` and `rse-dashboard import kev|epss FILE`.

use std::{fmt, os::unix::fs::MetadataExt as _, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use crate::server::{
    config::Config,
    model::System,
    retention,
    sources::{
        file::{self, Report},
        reference::{self, Imported},
        scan,
    },
    store::{Location, Reference, Store},
    telemetry::audit,
};

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    kind: RecordKind,
}

#[derive(Subcommand)]
enum RecordKind {
    /// Import build events: documents of the CI system, as exported from Cosmos DB
    Events(EventFiles),
    /// Import security facts of repositories
    Security(Files),
    /// Import reports of dependency scanners
    Scan(ScanFiles),
    /// Import CISA's catalogue of known exploited vulnerabilities
    Kev(List),
    /// Import EPSS scores
    Epss(List),
}

#[derive(Args)]
struct EventFiles {
    #[command(flatten)]
    files: Files,
    /// The CI system of events that name none [default: by [systems] of dashboard.toml]
    #[arg(long, value_parser = System::new)]
    system: Option<System>,
}

#[derive(Args)]
struct Files {
    /// NDJSON or a JSON array, plain or gzip; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Succeed even if some records are faulty
    #[arg(long)]
    lenient: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct ScanFiles {
    /// Reports of dependency-check, Trivy, OSV-Scanner, npm audit, yarn audit, pip-audit or safety, SARIF,
    /// CycloneDX VEX, or documents of cve-reports, plain or gzip; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The repository, without its organisation, of reports that do not name it
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// The time of reports that do not state it, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// The type of code, such as java, of reports that may hold several
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// Succeed even if reports are refused or not complete
    #[arg(long)]
    lenient: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct List {
    /// The file as published, plain or gzip; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// The result of an import, for people and for scripts.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Records(Report),
    List(Imported),
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let imported = import(&options.kind, location, &config).await;
    log(
        &options.kind,
        imported.as_ref().ok().map(|(outcome, _)| outcome),
    );
    let (outcome, verified) = imported?;
    if options.kind.wants_json() {
        println!("{}", serde_json::to_string(&outcome)?);
    } else {
        println!("{outcome}");
    }
    verified?;
    let good = outcome.is_clean() || options.kind.is_lenient();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the outcome, and whether the store's file can be read afterwards.
async fn import(
    kind: &RecordKind,
    location: &Location,
    config: &Config,
) -> Result<(Outcome, Result<()>)> {
    // A new file has no damage of before.
    let may_be_damaged = location.exists() && !location.is_shared();
    let mut store = Store::open(location, config).await?;
    let now = Timestamp::now();
    // Before the import, so that it refuses what would be dropped again.
    retention::apply(&mut store, config).await;
    let outcome = match kind {
        RecordKind::Events(EventFiles { files, system }) => {
            let system_of = |name: &str| {
                let named = system.clone();
                named.unwrap_or_else(|| config.systems.of_file(name))
            };
            let paths = &files.files;
            Outcome::Records(file::import_events(&mut store, paths, system_of, now).await?)
        }
        RecordKind::Security(files) => {
            Outcome::Records(file::import_security(&mut store, &files.files, now).await?)
        }
        RecordKind::Scan(scans) => {
            let defaults = scan::Defaults {
                repository: scans.repository.clone(),
                at_ms: scans.at.map(Timestamp::as_millisecond),
                codebase_type: scans.r#type.clone(),
            };
            let branches = &config.default_branches;
            let paths = &scans.files;
            let imported = scan::import(&mut store, paths, &defaults, branches, now);
            Outcome::Records(imported.await?)
        }
        RecordKind::Kev(list) => {
            let kind = Reference::KnownExploited;
            Outcome::List(reference::import(&mut store, kind, &list.file).await?)
        }
        RecordKind::Epss(list) => {
            Outcome::List(reference::import(&mut store, Reference::Epss, &list.file).await?)
        }
    };
    let verified = match may_be_damaged {
        true => store.verify().await,
        false => Ok(()),
    };
    store.close().await;
    Ok((outcome, verified))
}

/// Writes a line of the audit log. Names of files and reasons of failures are not in it.
fn log(kind: &RecordKind, outcome: Option<&Outcome>) {
    let who = user();
    let (kind, files) = (kind.as_str(), kind.files());
    match outcome {
        Some(outcome) => {
            let (read, rejected) = outcome.counts();
            tracing::info!(target: audit::TARGET, action = "import", outcome = "done", who, client = "local", kind, files, read, rejected);
        }
        None => {
            tracing::warn!(target: audit::TARGET, action = "import", outcome = "failed", who, client = "local", kind, files);
        }
    }
}

/// The user of this process, by number: names can be made up in the environment.
fn user() -> String {
    let process = std::fs::metadata("/proc/self");
    process.map_or_else(
        |_| "unknown".to_owned(),
        |process| format!("uid {}", process.uid()),
    )
}

impl RecordKind {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Events(_) => "events",
            Self::Security(_) => "security",
            Self::Scan(_) => "scan",
            Self::Kev(_) => "kev",
            Self::Epss(_) => "epss",
        }
    }

    /// The number of files.
    const fn files(&self) -> usize {
        match self {
            Self::Events(events) => events.files.files.len(),
            Self::Security(files) => files.files.len(),
            Self::Scan(scans) => scans.files.len(),
            Self::Kev(_) | Self::Epss(_) => 1,
        }
    }

    const fn wants_json(&self) -> bool {
        match self {
            Self::Events(events) => events.files.json,
            Self::Security(files) => files.json,
            Self::Scan(scans) => scans.json,
            Self::Kev(list) | Self::Epss(list) => list.json,
        }
    }

    const fn is_lenient(&self) -> bool {
        match self {
            Self::Events(events) => events.files.lenient,
            Self::Security(files) => files.lenient,
            Self::Scan(scans) => scans.lenient,
            Self::Kev(_) | Self::Epss(_) => false,
        }
    }
}

impl Outcome {
    fn is_clean(&self) -> bool {
        match self {
            Self::Records(report) => report.is_clean(),
            Self::List(_) => true,
        }
    }

    /// The numbers of records read and rejected.
    const fn counts(&self) -> (u64, u64) {
        match self {
            Self::Records(report) => (report.read, report.rejected),
            Self::List(list) => (list.entries, 0),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(report) => report.fmt(f),
            Self::List(list) => list.fmt(f),
        }
    }
}
