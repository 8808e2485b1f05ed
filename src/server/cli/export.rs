//! `rse-dashboard export events|builds|steps|FIGURE`.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    filter::FilterQuery,
    server::{
        config::Config,
        export::{self, Format},
        figures,
        store::{Location, Store},
    },
};

#[derive(Args)]
pub struct Options {
    /// `events`, `builds`, `steps`, or the id of a figure
    what: String,
    #[arg(long, value_enum, default_value_t = FormatOption::Ndjson)]
    format: FormatOption,
    /// The project of a figure, as named in URLs
    #[arg(long)]
    project: Option<String>,
    /// The pipelines of a figure: all, nightly or non-nightly
    #[arg(long = "type")]
    build_type: Option<String>,
    /// The window of a figure, in days
    #[arg(long)]
    days: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatOption {
    Ndjson,
    Csv,
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let format = match options.format {
        FormatOption::Ndjson => Format::Ndjson,
        FormatOption::Csv => Format::Csv,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let store = Store::open(location, &config).await?;
    match options.what.as_str() {
        "events" => export::events(&store, format, &mut out).await?,
        "builds" => export::builds(&store, format, &mut out).await?,
        "steps" => export::steps(&store, format, &mut out).await?,
        id => {
            let Some(figure) = figures::find(id) else {
                let ids: Vec<&str> = figures::ALL.iter().map(|figure| figure.id).collect();
                bail!(
                    "“{id}” cannot be exported; choose events, builds, steps or one of {}",
                    ids.join(", ")
                );
            };
            let filter =
                FilterQuery::new(&options.project, &options.build_type, &options.days).parse()?;
            let snapshot = store.load(Arc::new(config)).await?;
            snapshot.check(&filter)?;
            let figure = figure.compute(&snapshot, &filter)?;
            export::figure(&figure, format, &mut out)?;
        }
    }
    out.flush().context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}
