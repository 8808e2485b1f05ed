//! `rse-dashboard export events|builds|steps|by-ATTRIBUTE|FIGURE`.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    error::AppError,
    selection::Selection,
    server::{
        attributes::{self, ATTRIBUTES, Attribute},
        config::Config,
        export::{self, Format},
        figures, insight,
        store::{Location, Store},
        views::build_file,
    },
};

#[derive(Args)]
pub struct Options {
    /// `events`, `builds`, `steps`, the id of a figure, or `by-` and an attribute: `by-agent`
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
    /// The builds of a figure, or those to export, as in the query of a page: 'failed_step=test&days=7'
    #[arg(long)]
    selection: Option<String>,
}

impl Options {
    /// The selection, with the values of the other options in the place of its own.
    fn selection(&self) -> Result<Selection, AppError> {
        let mut selection = Selection::parse(self.selection.as_deref().unwrap_or_default())?;
        for (key, value) in [
            ("project", &self.project),
            ("type", &self.build_type),
            ("days", &self.days),
        ] {
            if let Some(value) = value {
                selection = selection.with(key, value);
            }
        }
        selection.check()?;
        Ok(selection)
    }
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
    let store = Store::open_to_read(location, &config).await?;
    match options.what.as_str() {
        "events" => export::events(&store, format, &mut out).await?,
        "builds" if options.selection.is_some() => {
            let selection = options.selection()?;
            let snapshot = insight::load(&store, Arc::new(config)).await?;
            snapshot.check(&selection)?;
            build_file::write(&snapshot, &selection, format, &mut out)?;
        }
        "builds" => export::builds(&store, &config, format, &mut out).await?,
        "steps" => export::steps(&store, format, &mut out).await?,
        id => {
            let selection = options.selection()?;
            let what = Computed::find(id)?;
            let snapshot = insight::load(&store, Arc::new(config)).await?;
            snapshot.check(&selection)?;
            match what {
                Computed::Figure(figure) => {
                    let figure = figure.compute(&snapshot, &selection)?;
                    export::rows(&figure.columns, &figure.rows, format, &mut out)?;
                }
                Computed::Groups(attribute) => {
                    let groups = attributes::group(&snapshot, &selection, attribute);
                    export::rows(&groups.columns, &groups.rows, format, &mut out)?;
                }
            }
        }
    }
    out.flush().context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// A table that is computed from a snapshot.
enum Computed {
    Figure(&'static figures::Figure),
    Groups(&'static Attribute),
}

impl Computed {
    fn find(id: &str) -> Result<Self> {
        if let Some(figure) = figures::find(id) {
            return Ok(Self::Figure(figure));
        }
        if let Some(attribute) = id.strip_prefix("by-").and_then(attributes::find) {
            return Ok(Self::Groups(attribute));
        }
        let ids = figures::ALL.iter().map(|figure| figure.id.to_owned());
        let attributes = ATTRIBUTES
            .iter()
            .map(|attribute| format!("by-{}", attribute.id));
        let ids: Vec<String> = ids.chain(attributes).collect();
        bail!(
            "“{id}” cannot be exported; choose events, builds, steps or one of {}",
            ids.join(", ")
        );
    }
}
