//! Local hours and dates of instants.

use jiff::Timestamp;

use crate::server::{
    config::Config,
    model::{DAY_MS, HOUR_MS},
};

/// Converts ascending instants to local hours and dates; queries the time zone only once per change
/// of its offset, because that is most of the cost.
pub struct LocalClock<'a> {
    config: &'a Config,
    offset_ms: i64,
    /// The offset holds before this instant.
    until_ms: i64,
}

impl<'a> LocalClock<'a> {
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            offset_ms: 0,
            until_ms: i64::MIN,
        }
    }

    /// Returns the hour of the week (Monday first) and the days since 1970-01-01.
    pub fn read(&mut self, at_ms: i64) -> (u8, i32) {
        if at_ms >= self.until_ms {
            let zone = &self.config.time_zone;
            let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
            self.offset_ms = i64::from(zone.to_offset(at).seconds()) * 1000;
            let change = zone.following(at).next();
            self.until_ms = change.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
        }
        let local_ms = at_ms + self.offset_ms;
        let day = local_ms.div_euclid(DAY_MS);
        let hour = local_ms.rem_euclid(DAY_MS) / HOUR_MS;
        // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
        let weekday = (day + 3).rem_euclid(7);
        let hour_of_week = u8::try_from(weekday * 24 + hour).expect("168 hours a week");
        (hour_of_week, i32::try_from(day).unwrap_or(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let instant: Timestamp = text.parse().expect("an instant");
        instant.as_millisecond()
    }

    #[test]
    fn local_hours_follow_daylight_saving() {
        let mut config = Config::built_in();
        config.time_zone = jiff::tz::TimeZone::get("Europe/London").expect("a zone");
        let mut clock = LocalClock::new(&config);
        // Sunday 2019-10-27: clocks go back from 02:00 to 01:00 local time at 01:00 UTC.
        assert_eq!(clock.read(at("2019-10-26T23:30:00Z")).0, 6 * 24);
        assert_eq!(clock.read(at("2019-10-27T00:30:00Z")).0, 6 * 24 + 1);
        assert_eq!(clock.read(at("2019-10-27T01:30:00Z")).0, 6 * 24 + 1);
        assert_eq!(clock.read(at("2019-10-28T09:00:00Z")), (9, 18_197));
    }
}
