//! Ends of suppression rules as files state them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::server::snapshot::RuleEnd;

/// The end of a rule.
pub fn end(until: Option<&str>, zone: &TimeZone) -> RuleEnd {
    match until.map(str::trim) {
        None | Some("") => RuleEnd::Never,
        Some(until) => ends_ms(until, zone).map_or(RuleEnd::Unreadable, RuleEnd::At),
    }
}

/// The instant at which an entry expires: the end of its last day, in the organisation's time zone
/// unless it names an offset (`2020-01-31`, `2020-01-31Z`, `2020-01-31+01:00`). None if unreadable: such
/// an entry never expires.
pub fn ends_ms(until: &str, zone: &TimeZone) -> Option<i64> {
    let until = until.trim();
    if let Ok(instant) = until.parse::<Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let (date, offset) = until.split_at_checked("2020-01-31".len())?;
    let next_day = date.parse::<Date>().ok()?.tomorrow().ok()?;
    let end = if offset.is_empty() {
        next_day.to_zoned_datetime(zone.clone()).ok()?.timestamp()
    } else {
        format!("{next_day}T00:00:00{offset}").parse().ok()?
    };
    Some(end.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let instant: Timestamp = text.parse().expect("an instant");
        instant.as_millisecond()
    }

    #[test]
    fn an_entry_expires_at_the_end_of_its_last_day() {
        let london = TimeZone::get("Europe/London").expect("a zone");
        let ends = |until: &str, zone: &TimeZone| ends_ms(until, zone);
        assert_eq!(
            ends("2020-01-31", &TimeZone::UTC),
            Some(at("2020-02-01T00:00:00Z"))
        );
        assert_eq!(
            ends("2020-06-30", &london),
            Some(at("2020-06-30T23:00:00Z"))
        );
        assert_eq!(
            ends("2020-06-30Z", &london),
            Some(at("2020-07-01T00:00:00Z"))
        );
        assert_eq!(
            ends("2020-01-31+01:00", &london),
            Some(at("2020-01-31T23:00:00Z"))
        );
        assert_eq!(
            ends(" 2020-01-31T12:00:00Z ", &london),
            Some(at("2020-01-31T12:00:00Z"))
        );
    }

    #[test]
    fn an_unreadable_date_never_expires() {
        for wrong in [
            "",
            "soon",
            "2020-13-01",
            "31/01/2020",
            "2020-01-31 maybe",
            "äääääääääää",
        ] {
            assert_eq!(ends_ms(wrong, &TimeZone::UTC), None, "{wrong}");
        }
    }
}
