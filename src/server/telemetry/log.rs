//! Log lines for people or programs, on standard error so that an export can be piped.

use std::{
    fmt::{Debug, Result as Written},
    io::{IsTerminal as _, stderr},
};

use anyhow::{Result, bail};
use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter, Layer,
    field::MakeExt as _,
    fmt::{
        self, MakeWriter,
        format::{JsonFields, Writer, debug_fn},
    },
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
            .fmt_fields(debug_fn(visible_field).delimited(" "))
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

/// Writes a field with its control characters as escapes, so that no text adds a line to the log or
/// commands the terminal that shows it.
fn visible_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> Written {
    match field.name() {
        "message" => {}
        // Records of libraries have these.
        name if name.starts_with("log.") => return Ok(()),
        name => write!(writer, "{}=", name.trim_start_matches("r#"))?,
    }
    for c in format!("{value:?}").chars() {
        if c.is_control() {
            write!(writer, "{}", c.escape_unicode())?;
        } else {
            writer.write_char(c)?;
        }
    }
    Ok(())
}
