//! `[sources.end-of-life]`, `[sources.kev]` and `[sources.epss]` in `dashboard.toml`: tables that findings and
//! runtimes are compared with.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, de::Error as _};

const HOUR: Duration = Duration::from_hours(1);

/// The settings of endoflife.date. Its address is in the environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EndOfLife {
    /// The built-in table is renewed.
    pub enabled: bool,
    /// The interval between two syncs.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
}

impl Default for EndOfLife {
    fn default() -> Self {
        Self {
            enabled: true,
            every: 7 * 24 * HOUR,
        }
    }
}

/// The settings of a list that is downloaded as one file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct List {
    /// The address of the file; without one, the list is not synced.
    pub url: Option<String>,
    /// The interval between two syncs.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
}

impl Default for List {
    fn default() -> Self {
        Self {
            url: None,
            every: 24 * HOUR,
        }
    }
}

/// Checks an interval.
///
/// # Errors
/// It is too short; the message names its field.
pub fn check_interval(field: &str, every: Duration) -> Result<Duration> {
    ensure!(
        every >= HOUR,
        "sources.{field}.every: must be at least one hour, for example 7d"
    );
    Ok(every)
}

/// Reads a time such as `7d`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let span = Span::deserialize(deserializer)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let duration = duration.map_err(anyhow::Error::from);
    let duration = duration.and_then(|duration| {
        Duration::try_from(duration).context("an interval must not be negative")
    });
    duration.map_err(|error| D::Error::custom(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_in_days_and_smaller_units() {
        let every = |text: &str| toml::from_str::<List>(text).map(|list| list.every);
        assert_eq!(every("every = \"7d\"").expect("a time"), 7 * 24 * HOUR);
        assert_eq!(every("every = \"1d 12h\"").expect("a time"), 36 * HOUR);
        for text in ["every = \"-1d\"", "every = \"soon\"", "every = \"1mo\""] {
            assert!(every(text).is_err(), "{text}");
        }
        assert!(check_interval("kev", HOUR).is_ok());
        let error = check_interval("kev", HOUR / 2).expect_err("too short");
        assert!(
            error.to_string().starts_with("sources.kev.every"),
            "{error}"
        );
    }

    #[test]
    fn only_the_ends_of_support_are_renewed_by_default() {
        assert!(EndOfLife::default().enabled);
        assert_eq!(List::default().url, None);
        let off: EndOfLife = toml::from_str("enabled = false").expect("settings");
        assert_eq!((off.enabled, off.every), (false, 7 * 24 * HOUR));
    }
}
