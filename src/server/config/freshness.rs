//! `[freshness]` in `dashboard.toml`: the ages from which data is called old.

use anyhow::{Result, bail};
use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;

/// The ages, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    pub events_ms: i64,
    pub facts_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileFreshness {
    events_warn_after: Span,
    facts_warn_after: Span,
}

impl Default for FileFreshness {
    fn default() -> Self {
        Self {
            events_warn_after: Span::new().hours(6),
            facts_warn_after: Span::new().days(2),
        }
    }
}

impl Freshness {
    /// # Errors
    /// An age that is not positive, or not in days and smaller units.
    pub fn new(file: &FileFreshness) -> Result<Self> {
        let ms = |field: &str, age: Span| {
            let age = age.to_duration(SpanRelativeTo::days_are_24_hours());
            match age.map(|age| i64::try_from(age.as_millis())) {
                Ok(Ok(ms)) if ms > 0 => Ok(ms),
                _ => bail!("freshness.{field}: must be a time like 6h or 2d"),
            }
        };
        Ok(Self {
            events_ms: ms("events_warn_after", file.events_warn_after)?,
            facts_ms: ms("facts_warn_after", file.facts_warn_after)?,
        })
    }
}
