//! `rse-dashboard import events|security FILE…`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::server::{
    config::Config,
    model::System,
    retention,
    sources::file,
    store::{Location, Store},
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
    let mut store = Store::open(location, &config).await?;
    let now = Timestamp::now();
    // Before the import, so that it refuses what would be dropped again.
    retention::apply(&mut store, &config).await;
    let (report, files) = match &options.kind {
        RecordKind::Events(EventFiles { files, system }) => {
            let system_of = |name: &str| {
                let named = system.clone();
                named.unwrap_or_else(|| config.systems.of_file(name))
            };
            let report = file::import_events(&mut store, &files.files, system_of, now).await?;
            (report, files)
        }
        RecordKind::Security(files) => {
            let report = file::import_security(&mut store, &files.files, now).await?;
            (report, files)
        }
    };
    let verified = match location.is_shared() {
        true => Ok(()),
        false => store.verify().await,
    };
    store.close().await;
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
