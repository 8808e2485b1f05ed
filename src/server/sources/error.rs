//! The reason why a sync failed, as readers of the page see it: plain words, no secret, and a remedy.

use std::{fmt, time::Duration};

#[derive(Debug)]
pub enum SourceError {
    /// The source asks for a pause.
    RateLimited { retry_after: Duration },
    /// The credentials are wrong or lack access; the text names the variable.
    Unauthorized(String),
    /// Any other failure.
    Other(anyhow::Error),
}

/// The longest pause that is respected. No rate limit lasts longer, so a longer one is a mistake, such as
/// milliseconds instead of seconds.
pub const MAX_PAUSE: Duration = Duration::from_hours(24);

impl SourceError {
    /// The pause that the source asks for, if any.
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
