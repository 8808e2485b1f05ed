//! `rse-dashboard sync [SOURCE…]`: syncs sources once.

use std::{
    io::{IsTerminal as _, stderr},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, builder::PossibleValuesParser};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use crate::server::{
    config::Config,
    environment::Environment,
    sources::{self, ConfigError, SourceError, Sources, SyncReport},
    store::{Ingested, Location},
    sync::Syncer,
};

/// The time between two plain lines of progress.
const LINE_EVERY: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Options {
    /// The sources to sync; cosmos and github if omitted, as far as they are configured
    #[arg(value_name = "SOURCE", value_parser = PossibleValuesParser::new(names()))]
    sources: Vec<String>,
    /// Read everything since this instant again, RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Report as JSON on standard output, one object per source
    #[arg(long)]
    json: bool,
}

pub fn names() -> impl Iterator<Item = &'static str> {
    sources::ALL.iter().map(|about| about.name)
}

#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    ingested: Option<Ingested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let configured = Sources::from_config(&config, &Environment::of_process());
    let wanted = wanted(&configured, &options.sources)?;
    let syncer = Syncer {
        location: location.clone(),
        config: Arc::new(config),
    };
    let since_ms = options.since.map(Timestamp::as_millisecond);
    let mut all_good = true;
    for name in wanted {
        let faulty = configured.faults.iter().find(|fault| fault.source == name);
        if let Some(ConfigError { error, .. }) = faulty {
            all_good = false;
            let failure = SourceError::Other(anyhow!("{error:#}"));
            print_report(name, Duration::ZERO, Err(failure), options.json)?;
        }
        let mut sources = configured.sources.iter().chain(&configured.reference);
        let Some(source) = sources.find(|source| source.name() == name) else {
            continue;
        };
        let began = Instant::now();
        let meter = Meter::new(source.name());
        let show = |done: u64, total: Option<u64>, what: &str| meter.show(done, total, what);
        let outcome = syncer.sync(&**source, since_ms, &show).await;
        meter.finish();
        all_good &= outcome.is_ok();
        print_report(source.name(), began.elapsed(), outcome, options.json)?;
    }
    Ok(if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The names of the requested sources, all of which must be configured.
fn wanted(configured: &Sources, names: &[String]) -> Result<Vec<&'static str>> {
    if configured.is_empty() && names.is_empty() {
        bail!(
            "no source is configured: set COSMOS_ENDPOINT for build events or GITHUB_TOKEN for \
             security facts; .env.sample explains all variables"
        );
    }
    let known = configured.names();
    if names.is_empty() {
        return Ok(known);
    }
    let reference = configured.reference.iter().map(|source| source.name());
    let known: Vec<&'static str> = known.into_iter().chain(reference).collect();
    let find = |name: &String| {
        let found = known.iter().find(|known| *known == name);
        found.copied().with_context(|| {
            let about = sources::ALL.iter().find(|about| about.name == name);
            match about.and_then(|about| about.kind) {
                Some(_) => {
                    format!("{name} is not configured: .env.sample lists the variables it needs")
                }
                None => format!("{name} is not configured: set it up in dashboard.toml"),
            }
        })
    };
    names.iter().map(find).collect()
}

fn print_report(
    source: &str,
    took: Duration,
    outcome: Result<SyncReport, SourceError>,
    json: bool,
) -> Result<()> {
    let seconds = took.as_secs_f64();
    if json {
        let (report, failure) = match outcome {
            Ok(report) => (Some(report), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let report = Report {
            source,
            seconds,
            read: report.map(|report| report.read),
            ingested: report.map(|report| report.ingested),
            requests_left: report.and_then(|report| report.requests_left),
            failure,
        };
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    match outcome {
        Ok(report) => {
            println!(
                "{source}: {} read in {seconds:.1} s: {}",
                report.read, report.ingested
            );
        }
        Err(error) => eprintln!("{source}: failed after {seconds:.1} s: {error}"),
    }
    Ok(())
}

/// A bar or a counter on a terminal, plain lines elsewhere.
struct Meter {
    source: &'static str,
    began: Instant,
    bar: Option<ProgressBar>,
    lines: AtomicU64,
}

impl Meter {
    fn new(source: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            let style = "{spinner} {msg}: {human_pos}  {per_sec}";
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if bar.is_none() {
            eprintln!("{source}: syncing …");
        }
        Self {
            source,
            began: Instant::now(),
            bar,
            lines: AtomicU64::new(0),
        }
    }

    fn show(&self, done: u64, total: Option<u64>, what: &str) {
        let Some(bar) = &self.bar else {
            let lines = self.began.elapsed().as_secs() / LINE_EVERY.as_secs();
            if self.lines.swap(lines, Ordering::Relaxed) < lines {
                let of = total.map_or_else(String::new, |total| format!(" of {total}"));
                eprintln!("{}: {done}{of} {what}", self.source);
            }
            return;
        };
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            let style = "{bar:30} {pos} of {len} {msg}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).expect("a fixed template"));
        }
        bar.set_message(what.to_owned());
        bar.set_position(done);
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
