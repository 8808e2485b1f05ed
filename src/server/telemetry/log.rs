//! Log lines for people or programs, on standard error so that an export can be piped.

use std::io::{IsTerminal as _, stderr};

use anyhow::{Result, bail};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{self, MakeWriter, format::JsonFields},
    registry::Registry,
};

use super::json::JsonLines;
use crate::server::environment::Environment;

const FORMAT: &str = "RSE_LOG_FORMAT";
/// The default levels; `RUST_LOG` overrides them.
const LEVELS: &str = "info,sqlx=warn,azure_data_cosmos_driver=warn";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    /// # Errors
    /// The name of the variable.
    pub fn of(environment: &Environment) -> Result<Self> {
        match environment.text(&[FORMAT]).as_deref() {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => bail!("{FORMAT}: “{other}” is neither text nor json"),
        }
    }
}

pub type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// # Errors
/// The variable with the wrong value.
pub fn to_standard_error(environment: &Environment) -> Result<Lines> {
    let levels = EnvFilter::try_from_default_env().unwrap_or_else(|_| LEVELS.into());
    let colours = stderr().is_terminal();
    Ok(lines(Format::of(environment)?, levels, colours, stderr))
}

pub fn lines<W>(format: Format, levels: EnvFilter, colours: bool, writer: W) -> Lines
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    match format {
        Format::Text => fmt::layer()
            .with_writer(writer)
            .with_ansi(colours)
            .with_filter(levels)
            .boxed(),
        Format::Json => fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .with_writer(writer)
            .with_ansi(false)
            .with_filter(levels)
            .boxed(),
    }
}
