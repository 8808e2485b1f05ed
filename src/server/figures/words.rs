//! Shared phrases of the figures' sentences.

use jiff::{Timestamp, tz::TimeZone};

use super::{Context, rows};
use crate::{
    selection::{self, BuildType, Selection},
    server::{charts::shorten, model::BuildResult, snapshot::Window},
};

pub use crate::numbers::{counted, thousands};

/// The sentence of whatever needs builds, without any data. The state of the data says what to do.
pub const NO_EVENTS: &str = "There are no build events yet.";

/// The sentence of whatever needs security facts, as of a time before the first ones.
pub const NO_FACTS_THEN: &str = "There were no security facts at that time.";

/// The sentence of figures of findings where nothing was ever scanned.
pub const NO_REPORTS: &str = "No report of a scanner has been read.";

/// RFC 3339 in UTC; empty for none.
pub fn instant(at_ms: Option<i64>) -> String {
    at_ms.map_or_else(String::new, rows::instant_text)
}

/// ISO 8601, from days since 1970-01-01.
pub fn date(day: i32) -> String {
    rows::date_text(day)
}

/// `22 Oct 2019, 14:05 BST`, in the organisation's zone.
pub fn local_instant(zone: &TimeZone, at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let local = at.to_zoned_datetime(zone.clone());
    local.strftime("%-d %b %Y, %H:%M %Z").to_string()
}

/// A day in a chart, from days since 1970-01-01: `15 Nov`.
pub fn day(day: i32) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    date.map_or_else(
        |_| rows::date_text(day),
        |date| date.strftime("%-d %b").to_string(),
    )
}

/// The last day before an end that is the end of a day: `2026-07-10`. The earlier of the days there and in UTC, because a
/// date may name either.
pub fn last_day(zone: &TimeZone, ends_ms: i64) -> String {
    let before = Timestamp::from_millisecond(ends_ms.saturating_sub(1)).unwrap_or_default();
    let day = |zone: TimeZone| before.to_zoned_datetime(zone).date();
    day(TimeZone::UTC).min(day(zone.clone())).to_string()
}

/// A percentage in a sentence: `14%`, `0.4%`.
pub fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 1.0 || percent > 99.0 && percent < 100.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// `in the last 14 days`, `in the last day`, `from 24 Oct 2019, 00:00 BST to 25 Oct 2019, 12:00 BST`.
pub fn window(context: &Context<'_>) -> String {
    of_window(context.window, context.time_zone)
}

/// The same for a window.
pub fn of_window(window: Window, zone: &TimeZone) -> String {
    let at = |at_ms| local_instant(zone, at_ms);
    match window.days {
        Some(days) => {
            let days = match days {
                1 => "day".to_owned(),
                days => format!("{days} days"),
            };
            if window.ends_early {
                format!("in the {days} before {}", at(window.end_ms))
            } else {
                format!("in the last {days}")
            }
        }
        None if window.is_unlimited() => format!("before {}", at(window.end_ms)),
        None if window.ends_early => {
            format!("from {} to {}", at(window.start_ms), at(window.end_ms))
        }
        None => format!("since {}", at(window.start_ms)),
    }
}

/// ` of nightly CMC pipelines`; empty for all pipelines.
pub fn scope(context: &Context<'_>) -> String {
    scope_of(context.selection, context.project.as_deref())
}

/// The same for a selection and the labels of its projects.
pub fn scope_of(selection: &Selection, project: Option<&str>) -> String {
    let kind = match selection.build_type() {
        BuildType::All => "",
        BuildType::Nightly => "nightly ",
        BuildType::NonNightly => "non-nightly ",
    };
    let pipelines = match project {
        Some(project) => format!(" of {kind}{project} pipelines"),
        None if kind.is_empty() => String::new(),
        None => format!(" of {kind}pipelines"),
    };
    let keys = selection.further_keys();
    let labels = keys.iter().filter_map(|key| selection::find(key));
    let labels: Vec<String> = labels.map(|key| key.label.to_lowercase()).collect();
    match labels.as_slice() {
        [] => pipelines,
        [first @ .., last] if !first.is_empty() => {
            format!("{pipelines} selected by {} and {last}", first.join(", "))
        }
        [last, ..] => format!("{pipelines} selected by {last}"),
    }
}

/// The text with a capital at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A duration for readers: `0.4 s`, `45 s`, `12 min 5 s`, `2 h 12 min`, `3 days 4 h`.
pub fn duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let two = |first: u64, unit: &str, second: u64, smaller: &str| match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {smaller}"),
    };
    match seconds {
        0..10 => format!("{:.1} s", ms as f64 / 1000.0),
        10..60 => format!("{seconds} s"),
        60..3600 => two(minutes, "min", seconds % 60, "s"),
        3600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ if hours / 24 == 1 => two(1, "day", hours % 24, "h"),
        _ => two(hours / 24, "days", hours % 24, "h"),
    }
}

/// A time before now, in the largest whole unit: `3 days ago`, `7 years ago`.
pub fn ago(ms: i64) -> String {
    match whole_units(ms) {
        Some(time) => format!("{time} ago"),
        None => "just now".to_owned(),
    }
}

/// A time after now: `in 3 days`.
pub fn ahead(ms: i64) -> String {
    match whole_units(ms) {
        Some(time) => format!("in {time}"),
        None => "now".to_owned(),
    }
}

/// A time in the largest whole unit; none for less than a minute.
fn whole_units(ms: i64) -> Option<String> {
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    let minutes = u64::try_from(ms).unwrap_or_default() / 60_000;
    let (count, one, many) = match minutes {
        0 => return None,
        1..HOUR => (minutes, "minute", "minutes"),
        HOUR..DAY => (minutes / HOUR, "hour", "hours"),
        DAY..YEAR => (minutes / DAY, "day", "days"),
        _ => (minutes / YEAR, "year", "years"),
    };
    Some(counted(count, one, many))
}

/// An hour of the day: `09:00–10:00`.
pub fn hour(hour: u64) -> String {
    format!("{hour:02}:00–{:02}:00", hour + 1)
}

/// A name in a sentence, shortened only if extremely long.
pub fn name(text: &str) -> String {
    shorten(text, 100)
}

/// The sentence of a figure without builds.
pub fn no_builds(context: &Context<'_>) -> String {
    if context.as_of_ms.is_none() {
        return NO_EVENTS.to_owned();
    }
    format!("No builds{} finished {}.", scope(context), window(context))
}

/// The sentence of a security figure without rows; `reason` if there are facts.
pub fn no_facts(context: &Context<'_>, reason: String) -> String {
    match (context.as_of_ms, context.selection.value("as_of")) {
        (Some(_), _) => reason,
        (None, Some(_)) => NO_FACTS_THEN.to_owned(),
        (None, None) => "There are no security facts yet.".to_owned(),
    }
}

/// The same of so many repositories; of none, that is the reason.
pub fn none_of(context: &Context<'_>, repositories: u64, reason: String) -> String {
    let reason = match repositories {
        0 => "No repository is known.".to_owned(),
        _ => reason,
    };
    no_facts(context, reason)
}

/// The form of a verb for a count whose noun does not follow it: `1 of 3 repositories is`.
pub const fn verb(count: u64, one: &'static str, many: &'static str) -> &'static str {
    match count {
        1 => one,
        _ => many,
    }
}

/// A result's label for readers.
pub const fn result_label(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => "Success",
        BuildResult::Unstable => "Unstable",
        BuildResult::Failure => "Failure",
        BuildResult::Aborted => "Aborted",
        BuildResult::NotBuilt => "Not built",
        BuildResult::Lost => "Lost",
        BuildResult::Running => "Running",
        BuildResult::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_that_of_the_date_as_written() {
        let london = TimeZone::get("Europe/London").expect("a zone");
        let new_york = TimeZone::get("America/New_York").expect("a zone");
        let day = |zone: &TimeZone, ends: &str| {
            let ends: Timestamp = ends.parse().expect("an instant");
            last_day(zone, ends.as_millisecond())
        };
        // 30 June there, and in UTC.
        assert_eq!(day(&london, "2020-06-30T23:00:00Z"), "2020-06-30");
        assert_eq!(day(&london, "2020-07-01T00:00:00Z"), "2020-06-30");
        assert_eq!(day(&new_york, "2020-07-01T04:00:00Z"), "2020-06-30");
        assert_eq!(day(&new_york, "2020-07-01T00:00:00Z"), "2020-06-30");
        assert_eq!(super::day(18_443), "30 Jun");
    }

    #[test]
    fn durations_read_well() {
        for (ms, text) in [
            (0, "0.0 s"),
            (440, "0.4 s"),
            (9_499, "9.5 s"),
            (9_500, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min"),
            (725_000, "12 min 5 s"),
            (3_600_000, "1 h"),
            (7_920_000, "2 h 12 min"),
            (90_000_000, "1 day 1 h"),
            (273_600_000, "3 days 4 h"),
        ] {
            assert_eq!(duration(ms), text, "{ms}");
        }
    }

    #[test]
    fn times_ago_read_well() {
        const MINUTE: i64 = 60_000;
        for (ms, text) in [
            (-1, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 minute ago"),
            (60 * MINUTE - 1, "59 minutes ago"),
            (60 * MINUTE, "1 hour ago"),
            (24 * 60 * MINUTE, "1 day ago"),
            (364 * 24 * 60 * MINUTE, "364 days ago"),
            (7 * 366 * 24 * 60 * MINUTE, "7 years ago"),
        ] {
            assert_eq!(ago(ms), text, "{ms}");
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(percent(14.4), "14%");
        assert_eq!(percent(0.44), "0.4%");
        assert_eq!(counted(1, "build", "builds"), "1 build");
    }
}
