//! Why a source could not be read. Its text is for readers of the page: plain words, no secret,
//! and what mends it.

use std::{fmt, time::Duration};

#[derive(Debug)]
pub enum SourceError {
    /// The source wants to be left alone for a while.
    RateLimited { retry_after: Duration },
    /// The credentials are wrong or may not read; says which, by the name of the variable.
    Unauthorized(String),
    /// Something else; says what.
    Other(anyhow::Error),
}

/// No source is left alone for longer, whatever it asks for: no limit lasts so long, so a longer wait
/// is a mistake, such as milliseconds that were meant for seconds.
pub const MAX_PAUSE: Duration = Duration::from_hours(24);

impl SourceError {
    /// How long the source wants to be left alone, if at all.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(MAX_PAUSE.min(*retry_after)),
            Self::Unauthorized(_) | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { .. } => {
                let pause = self.pause().unwrap_or_default();
                let minutes = pause.as_secs().div_ceil(60).max(1);
                let unit = if minutes == 1 { "minute" } else { "minutes" };
                write!(
                    f,
                    "too many requests: the source asks to wait {minutes} {unit}"
                )
            }
            Self::Unauthorized(reason) => f.write_str(reason),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for SourceError {}

impl From<anyhow::Error> for SourceError {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}
