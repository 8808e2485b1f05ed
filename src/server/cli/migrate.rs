//! `rse-dashboard migrate`: copies a store into an empty one, on either engine.

use std::{
    io::{IsTerminal as _, stderr},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::server::{
    config::Config,
    store::{Location, Store, migrate},
};

/// The time between two lines of progress.
const LINE_EVERY: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Options {
    /// sqlite:DIR or postgres://…; the data directory if omitted
    #[arg(long, value_name = "STORE")]
    from: Option<String>,
    /// sqlite:DIR or postgres://…; the database of DATABASE_URL if omitted
    #[arg(long, value_name = "STORE")]
    to: Option<String>,
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let data = Location::new(location.data.clone(), None, None);
    let from = options
        .from
        .as_deref()
        .map_or(Ok(data), str::parse)
        .context("--from")?;
    let to = match options.to.as_deref() {
        Some(to) => to.parse().context("--to")?,
        None if location.is_shared() => location.clone(),
        None => bail!("there is no target: set --to or DATABASE_URL"),
    };
    if !from.exists() {
        bail!("{from} contains no store");
    }
    if from.to_string() == to.to_string() {
        bail!("{from} cannot be migrated to itself");
    }
    let began = Instant::now();
    let source = Store::open(&from, &config).await?;
    let mut target = Store::open(&to, &config).await?;
    let shown = std::cell::Cell::new(Instant::now());
    let progress = |events: u64| {
        if stderr().is_terminal() || shown.get().elapsed() >= LINE_EVERY {
            shown.set(Instant::now());
            eprintln!("{events} events copied");
        }
    };
    let moved = migrate(&source, &mut target, &progress).await?;
    source.close().await;
    target.close().await;
    eprintln!(
        "{to} now holds everything in {from}: {} events of {} builds and {} other rows, with the same content ({:.0} s)",
        moved.events,
        moved.builds,
        moved.others,
        began.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}
