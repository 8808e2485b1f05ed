//! `rse-dashboard import events|security FILE…`.

use std::{os::unix::fs::MetadataExt as _, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::server::{
    config::Config,
    model::System,
    retention,
    sources::file::{self, Report},
    store::{Location, Store},
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

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let imported = import(&options.kind, location, &config).await;
    log(
        &options.kind,
        imported.as_ref().ok().map(|(report, _)| report),
    );
    let (report, verified) = imported?;
    let files = options.kind.files();
    if files.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    verified?;
    let good = report.is_clean() || files.lenient;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the report, and whether the store's file can be read afterwards.
async fn import(
    kind: &RecordKind,
    location: &Location,
    config: &Config,
) -> Result<(Report, Result<()>)> {
    // A new file has no damage of before.
    let may_be_damaged = location.exists() && !location.is_shared();
    let mut store = Store::open(location, config).await?;
    let now = Timestamp::now();
    // Before the import, so that it refuses what would be dropped again.
    retention::apply(&mut store, config).await;
    let report = match kind {
        RecordKind::Events(EventFiles { files, system }) => {
            let system_of = |name: &str| {
                let named = system.clone();
                named.unwrap_or_else(|| config.systems.of_file(name))
            };
            file::import_events(&mut store, &files.files, system_of, now).await?
        }
        RecordKind::Security(files) => file::import_security(&mut store, &files.files, now).await?,
    };
    let verified = match may_be_damaged {
        true => store.verify().await,
        false => Ok(()),
    };
    store.close().await;
    Ok((report, verified))
}

/// Writes a line of the audit log. Names of files and reasons of failures are not in it.
fn log(kind: &RecordKind, report: Option<&Report>) {
    let who = user();
    let (kind, files) = (kind.as_str(), kind.files().files.len());
    match report {
        Some(report) => {
            let (read, rejected) = (report.read, report.rejected);
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
        }
    }

    const fn files(&self) -> &Files {
        match self {
            Self::Events(events) => &events.files,
            Self::Security(files) => files,
        }
    }
}
