//! The window of a selection: the instants between which its builds finished.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use super::Snapshot;
use crate::{error::AppError, selection::Selection, server::model::DAY_MS};

/// Keys whose values are instants.
pub const INSTANTS: [&str; 5] = ["as_of", "from", "started_from", "started_to", "to"];

/// Instants in Unix ms, from `start_ms` and before `end_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub start_ms: i64,
    pub end_ms: i64,
    /// The number of days before the end; none if the start was chosen.
    pub days: Option<u16>,
    /// The end was chosen; otherwise it is that of the data.
    pub ends_early: bool,
}

impl Window {
    /// The window of so many days with the same end.
    #[must_use]
    pub const fn last(self, days: u16) -> Self {
        Self {
            start_ms: self.end_ms - days as i64 * DAY_MS,
            days: Some(days),
            ..self
        }
    }

    /// The window of the same length before this one; empty if this one has no start.
    #[must_use]
    pub const fn before(self) -> Self {
        let length = self.end_ms.saturating_sub(self.start_ms);
        let start_ms = if self.is_unlimited() {
            self.start_ms
        } else {
            self.start_ms - length
        };
        Self {
            start_ms,
            end_ms: self.start_ms,
            ends_early: true,
            ..self
        }
    }

    /// Returns whether the window has no start.
    pub const fn is_unlimited(self) -> bool {
        self.start_ms == i64::MIN
    }
}

impl Snapshot {
    /// The window of a selection whose values were checked.
    pub fn window(&self, selection: &Selection) -> Window {
        let instant = |key| {
            let value = selection.value(key)?;
            instant_ms(value, &self.config.time_zone)
        };
        let data_end_ms = self.as_of_ms.map_or(0, |as_of_ms| as_of_ms + 1);
        let pinned = instant("as_of").map(|as_of_ms| as_of_ms.saturating_add(1));
        let last_ms = pinned.unwrap_or(data_end_ms).min(data_end_ms);
        let (from, to) = (instant("from"), instant("to"));
        let end_ms = to.unwrap_or(last_ms).min(last_ms);
        let first_ms = selection
            .days()
            .map(|days| last_ms - i64::from(days) * DAY_MS);
        let start_ms = from.max(first_ms).unwrap_or(i64::MIN);
        Window {
            start_ms,
            end_ms: end_ms.max(start_ms),
            days: selection.days().filter(|_| from.is_none() && to.is_none()),
            ends_early: to.or(pinned).is_some(),
        }
    }

    /// Checks the values of a selection that depend on the configuration.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the projects that exist, or the instant that cannot be read.
    pub fn check(&self, selection: &Selection) -> Result<(), AppError> {
        for project in selection.values("project") {
            if !self.config.has_choice(project) {
                let choices = self.config.project_choices();
                let known = choices.into_iter().map(|(slug, _)| slug).collect();
                return Err(AppError::unknown_value("project", project, known));
            }
        }
        for key in INSTANTS {
            if let Some(value) = selection.value(key)
                && instant_ms(value, &self.config.time_zone).is_none()
            {
                let known = ["2019-10-25", "2019-10-25T17:15:00Z"].map(str::to_owned);
                return Err(AppError::unknown_value(key, value, known.to_vec()));
            }
        }
        Ok(())
    }
}

/// Reads a local date, which is its first instant, or RFC 3339, in Unix ms.
pub fn instant_ms(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let start = zone.to_ambiguous_zoned_datetime(date.to_datetime(Time::midnight()));
    let start = start.compatible().ok()?;
    Some(start.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::{
        config::Config,
        snapshot::{SnapshotBuilder, security::Security},
    };

    const AS_OF_MS: i64 = 1_572_023_700_000;

    fn snapshot() -> Snapshot {
        let config = Config {
            time_zone: TimeZone::get("Europe/London").expect("a zone"),
            ..Config::built_in()
        };
        let builder = SnapshotBuilder::new(Arc::new(config));
        builder.finish("v".to_owned(), Some(AS_OF_MS), Security::default())
    }

    fn window(query: &str) -> (i64, i64) {
        let snapshot = snapshot();
        let selection = Selection::parse(query).expect("a selection");
        snapshot.check(&selection).expect("instants");
        let window = snapshot.window(&selection);
        (window.start_ms, window.end_ms)
    }

    fn at(text: &str) -> i64 {
        instant_ms(text, &TimeZone::UTC).expect("an instant")
    }

    #[test]
    fn days_end_with_the_data_and_bounds_are_instants_or_local_dates() {
        let end = AS_OF_MS + 1;
        assert_eq!(window(""), (end - 14 * DAY_MS, end));
        assert_eq!(window("days=1"), (end - DAY_MS, end));
        // The clocks of London are an hour ahead until 27 October.
        let local = at("2019-10-23T23:00:00Z");
        assert_eq!(window("from=2019-10-24"), (local, end));
        assert_eq!(window("to=2019-10-24"), (i64::MIN, local));
        let day = "from=2019-10-24&to=2019-10-25T12:00:00Z";
        assert_eq!(window(day), (local, at("2019-10-25T12:00:00Z")));
        assert_eq!(window("from=2019-01-01&days=7").0, end - 7 * DAY_MS);
        assert_eq!(
            window("from=2030-01-01"),
            (at("2030-01-01"), at("2030-01-01"))
        );
        let pinned = at("2019-10-20T00:00:00Z") + 1;
        assert_eq!(
            window("as_of=2019-10-20T00:00:00Z&days=1"),
            (pinned - DAY_MS, pinned)
        );
    }

    #[test]
    fn instants_that_do_not_exist_are_refused() {
        let snapshot = snapshot();
        for query in [
            "from=2019-13-01",
            "to=2019-10-25T25:00:00Z",
            "project=nothing",
        ] {
            let selection = Selection::parse(query).expect("the form is good");
            assert!(snapshot.check(&selection).is_err(), "{query}");
        }
    }
}
