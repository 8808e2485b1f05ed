//! Local time: instants in words, and the beginnings of days.

use super::rows::date_text;
use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

/// `Fri 25 Oct 2019, 17:15` in the organisation's time zone, for sentences.
pub fn local_words(at_ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let local = at.to_zoned_datetime(zone.clone());
    local.strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// The first instant of a local date (days since 1970-01-01), in Unix ms.
pub fn start_of_day_ms(day: i32, zone: &TimeZone) -> i64 {
    let date = date_text(day).parse::<Date>().unwrap_or_default();
    let start = zone.to_ambiguous_zoned_datetime(date.to_datetime(Time::midnight()));
    start
        .compatible()
        .map_or(0, |start| start.timestamp().as_millisecond())
}
