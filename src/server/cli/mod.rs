//! The command line: one file a command.
//!
//! Exit codes: 0 done, 1 failed, 2 used wrongly.

mod doctor;
mod export;
mod health;
mod import;
mod sample;
mod serve;
mod sync;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use super::{config::Config, environment::Environment, telemetry::Telemetry};

/// The configuration that is read where none is named, if it is there.
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

/// Where the data and the configuration are.
#[derive(Args, Clone)]
struct Common {
    /// The data directory; it holds the store
    #[arg(
        long,
        global = true,
        env = "RSE_DATA",
        default_value = "data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// The configuration; without it dashboard.toml, and without that the built-in one
    #[arg(long, global = true, env = "RSE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the dashboard (what happens without a command, too)
    Serve(serve::Options),
    /// Collect what is new from the configured sources, once
    Sync(sync::Options),
    /// Bring in build events or security facts from files
    Import(import::Options),
    /// Fill the store with synthetic data, the same for the same seed
    Sample(sample::Options),
    /// Write events, builds or a figure as NDJSON or CSV
    Export(export::Options),
    /// Check configuration, store and sources, and say what mends each fault
    Doctor(doctor::Options),
    /// Ask the server of this machine whether it lives
    Health(serve::Options),
}

/// How long work that nobody waits for any more may go on.
const LONGEST_END: Duration = Duration::from_millis(200);
/// Variables for a process that is started by hand; what is set already counts more.
const VARIABLES: &str = ".env";

/// Runs the program.
pub fn main() -> ExitCode {
    if let Err(error) = read_variables() {
        eprintln!("rse-dashboard: {error:#}");
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    start(cli).unwrap_or_else(|error| {
        eprintln!("rse-dashboard: {error:#}");
        ExitCode::FAILURE
    })
}

fn start(cli: Cli) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let telemetry = Telemetry::start(&Environment::of_process(), runtime.handle())?;
    let done = runtime.block_on(run(cli));
    telemetry.end();
    // What runs on other threads, such as a name that nobody resolves, holds up no end.
    runtime.shutdown_timeout(LONGEST_END);
    done
}

/// Takes the variables of `.env` in the working directory, if it is there.
fn read_variables() -> Result<()> {
    match dotenvy::from_path(VARIABLES) {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        // The line itself may hold a secret: only its number is told.
        Err(dotenvy::Error::LineParse(line, _)) => bail!(
            "{VARIABLES}, line {}: this is not NAME=value, with quotes around a value with spaces",
            line_number(&line)
        ),
        Err(error) => Err(error).context("cannot read .env"),
    }
}

fn line_number(wanted: &str) -> usize {
    let text = std::fs::read_to_string(VARIABLES).unwrap_or_default();
    let before = text
        .lines()
        .take_while(|line| !line.contains(wanted.trim()));
    before.count() + 1
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let (config, read_from) = cli.common.read_config()?;
    let data = &cli.common.data;
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(options) => serve::run(options, data, config).await,
        Command::Sync(options) => sync::run(options, data, config).await,
        Command::Import(options) => import::run(options, data, config).await,
        Command::Sample(options) => sample::run(options, data, config).await,
        Command::Export(options) => export::run(options, data, config).await,
        Command::Doctor(options) => doctor::run(options, data, config, &read_from).await,
        Command::Health(options) => health::run(options).await,
    }
}

impl Common {
    /// The configuration, and where it was read from.
    fn read_config(&self) -> Result<(Config, String)> {
        let beside = PathBuf::from(CONFIG);
        let path = self.config.clone().or(beside.is_file().then_some(beside));
        Ok(match path {
            Some(path) => (Config::read(&path)?, path.display().to_string()),
            None => (Config::built_in(), "the built-in one".to_owned()),
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
