//! Log lines, for people or for programs. They go to standard error, so that an export can be piped.

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
/// What `RUST_LOG` says instead, where it is set.
const LEVELS: &str = "info,sqlx=warn,azure_data_cosmos_driver=warn";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    /// # Errors
    /// Names the variable.
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
/// Names the variable that is wrong.
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
