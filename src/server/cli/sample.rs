//! `rse-dashboard sample`: synthetic data for trying out and testing.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::server::{
    config::Config,
    export::write_event,
    sample::{self, SampleOptions},
    store::{Location, Store},
};

#[derive(Args)]
pub struct Options {
    /// The same seed gives the same data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of days with events
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// The number of pipelines, as a multiple of the default organisation's
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// The end of the data as an RFC 3339 instant; now if omitted
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Write the events as NDJSON to standard output instead of into the store
    #[arg(long)]
    stdout: bool,
    /// Also write what is planted in the events to this file, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    if !(options.scale > 0.0 && options.scale <= 1000.0) {
        bail!(
            "--scale {}: must be above 0 and at most 1000",
            options.scale
        );
    }
    let as_of = options.as_of.unwrap_or_else(Timestamp::now);
    let sample_options = SampleOptions {
        seed: options.seed,
        days: options.days,
        scale: options.scale,
        as_of_ms: as_of.as_second() * 1000,
    };
    if options.stdout {
        write_truth(options.truth.as_deref(), &sample_options)?;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for event in sample::events(&sample_options) {
            write_event(&mut out, &event).context("cannot write to standard output")?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut store = Store::open(location, &config).await?.for_sample();
    if !store.is_empty().await? {
        bail!(
            "{location} already holds data: name an empty directory with --data (or another database), or remove the data"
        );
    }
    write_truth(options.truth.as_deref(), &sample_options)?;
    let meter = Meter::new(&sample_options);
    let filled = sample::fill(&mut store, &sample_options, |events| meter.show(events)).await?;
    meter.finish();
    store.close().await;
    eprintln!(
        "wrote {} events and the security facts of {} repositories to {}",
        filled.events.new, filled.repositories.new, location
    );
    Ok(ExitCode::SUCCESS)
}

fn write_truth(file: Option<&Path>, options: &SampleOptions) -> Result<()> {
    let Some(file) = file else {
        return Ok(());
    };
    let mut text = serde_json::to_vec_pretty(&sample::truth(options))?;
    text.push(b'\n');
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// A bar on a terminal; elsewhere nothing, since the last line summarises.
struct Meter(Option<ProgressBar>);

impl Meter {
    fn new(options: &SampleOptions) -> Self {
        let style = "{bar:30} {percent} %  {human_pos} events  {per_sec}  {eta} left";
        Self(stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(sample::expected_events(options));
            bar.with_style(ProgressStyle::with_template(style).expect("a fixed template"))
        }))
    }

    fn show(&self, events: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(events);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_written_as_json() {
        let options = SampleOptions {
            seed: 1,
            days: 3,
            scale: 0.2,
            as_of_ms: 1_572_023_700_000,
        };
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("truth.json");
        write_truth(Some(&file), &options).expect("the file is written");
        let text = std::fs::read_to_string(&file).expect("a file");
        let truth: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(truth["as_of"], "2019-10-25T17:15:00Z");
        assert_eq!(truth["bad_agent"]["labels"], "spot ubuntu-docker");

        let nowhere = directory.path().join("missing").join("truth.json");
        assert!(write_truth(Some(&nowhere), &options).is_err());
        assert!(write_truth(None, &options).is_ok());
    }
}
