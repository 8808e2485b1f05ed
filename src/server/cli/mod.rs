//! The command line: one file per command.
//!
//! Exit codes: 0 success, 1 failure, 2 wrong usage.

mod doctor;
mod export;
mod health;
mod import;
mod migrate;
mod problems;
mod sample;
mod serve;
mod sync;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use super::{
    config::Config,
    environment::{self, Environment},
    model::text::visible,
    store::{DATABASE_URL, Location},
    telemetry::Telemetry,
};

/// The configuration that is read if it exists and no other is named.
const CONFIG: &str = "dashboard.toml";

/// Which pipelines fail, where, since when and why; and how exposed the code is.
#[derive(Parser)]
#[command(name = "rse-dashboard", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Options,
    #[command(flatten)]
    common: Common,
}

/// The locations of data and configuration.
#[derive(Args, Clone)]
struct Common {
    /// The data directory; it holds the store unless DATABASE_URL names a PostgreSQL database
    #[arg(
        long,
        global = true,
        env = "RSE_DATA",
        default_value = "data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// The configuration file; dashboard.toml if omitted, or else the built-in configuration
    #[arg(long, global = true, env = "RSE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the dashboard (the default command)
    Serve(serve::Options),
    /// Sync the configured sources once
    Sync(sync::Options),
    /// Import build events or security facts from files
    Import(import::Options),
    /// Fill the store with synthetic data; the same seed gives the same data
    Sample(sample::Options),
    /// Export events, builds or a figure as NDJSON or CSV
    Export(export::Options),
    /// List what needs attention; exit code 1 if a problem escalates
    Problems(problems::Options),
    /// Migrate a store to another one, from a file to PostgreSQL or back
    Migrate(migrate::Options),
    /// Check configuration, store and sources, with a remedy for each fault
    Doctor(doctor::Options),
    /// Check that the server on this machine responds
    Health(serve::Options),
}

/// The seconds for which a replica may sync a source without renewing its lease.
const LEASE: &str = "RSE_LEASE";
/// The longest time that background work may delay the exit.
const MAX_SHUTDOWN: Duration = Duration::from_millis(200);

/// Runs the program.
pub fn main() -> ExitCode {
    if let Err(error) = environment::load_dotenv() {
        eprintln!("rse-dashboard: {}", visible(&format!("{error:#}")));
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    start(cli).unwrap_or_else(|error| {
        eprintln!("rse-dashboard: {}", visible(&format!("{error:#}")));
        ExitCode::FAILURE
    })
}

fn start(cli: Cli) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let telemetry = Telemetry::start(&Environment::of_process(), runtime.handle())?;
    if environment::is_dotenv_exposed() {
        tracing::warn!(
            ".env can be read by other users; run: {}",
            environment::EXPOSED
        );
    }
    let done = runtime.block_on(run(cli));
    telemetry.end();
    // Work on other threads, such as a slow name lookup, does not delay the exit.
    runtime.shutdown_timeout(MAX_SHUTDOWN);
    done
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let (config, read_from) = cli.common.read_config()?;
    let location = &cli.common.location()?;
    let address = cli.serve.listens_on();
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(options) => serve::run(options, location, config).await,
        Command::Sync(options) => sync::run(options, location, config).await,
        Command::Import(options) => import::run(options, location, config).await,
        Command::Sample(options) => sample::run(options, location, config).await,
        Command::Export(options) => export::run(options, location, config).await,
        Command::Problems(options) => problems::run(options, location, config).await,
        Command::Migrate(options) => migrate::run(options, location, config).await,
        Command::Doctor(options) => {
            doctor::run(options, location, config, &read_from, address.ip()).await
        }
        Command::Health(options) => health::run(options).await,
    }
}

impl Common {
    /// The location of the store. The database is not an option: its address may hold a password, and
    /// options are visible to everyone on the machine.
    fn location(&self) -> Result<Location> {
        let environment = Environment::of_process();
        let database = environment.text(&[DATABASE_URL]);
        let database = database.map(|url| url.parse()).transpose();
        let lease = environment.text(&[LEASE]);
        let lease = lease.map(|seconds| match seconds.parse() {
            Ok(seconds @ 2..=3600) => Ok(seconds),
            _ => bail!("{LEASE}={seconds}: must be a number of seconds from 2 to 3600"),
        });
        Ok(Location::new(
            self.data.clone(),
            database.context(DATABASE_URL)?,
            lease.transpose()?,
        ))
    }

    /// The configuration and its name for messages.
    fn read_config(&self) -> Result<(Config, String)> {
        let beside = PathBuf::from(CONFIG);
        let path = self.config.clone().or(beside.is_file().then_some(beside));
        Ok(match path {
            Some(path) => (Config::read(&path)?, path.display().to_string()),
            None => (Config::built_in(), "built in".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
