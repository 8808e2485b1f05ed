//! Durations in milliseconds, the unit of all instants.

use jiff::{civil::Date, tz::TimeZone};

pub const DAY_MS: i64 = 86_400_000;
pub const HOUR_MS: i64 = 3_600_000;
pub const MINUTE_MS: i64 = 60_000;

/// The end of a day in UTC, Unix ms, for dates whose publisher names no time zone.
pub fn end_of_day_ms(day: Date) -> Option<i64> {
    let next = day.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(next.timestamp().as_millisecond())
}

/// The days of a week, in the order of the numbers that columns hold.
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
