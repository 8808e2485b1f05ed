//! Ticks of axes: round numbers, and dates where a day, week, month or year begins.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{DateTime, Weekday},
    tz::TimeZone,
};

use super::Unit;

/// The most ticks of an axis of values or numbers.
const MAX_TICKS: f64 = 5.0;
/// The most ticks of an axis of time.
const MAX_TIMES: usize = 7;

/// Round numbers from the first to the last, at equal distances of 1, 2 or 5 times a power of ten.
pub fn numbers(from: f64, to: f64, unit: Unit) -> Vec<(f64, String)> {
    let range = to - from;
    if !range.is_finite() || range <= 0.0 {
        return Vec::new();
    }
    let rough = range / MAX_TICKS;
    let power = 10.0_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    let step = steps.into_iter().find(|&step| step >= rough);
    let mut step = step.unwrap_or(10.0 * power);
    if unit == Unit::Count {
        step = step.max(1.0).round();
    }
    let decimals = if step >= 1.0 {
        0
    } else {
        (-step.log10().floor()) as usize
    };
    let first = (from / step).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    let tick = |number: i64| {
        let value = number as f64 * step;
        let suffix = if unit == Unit::Percent { "%" } else { "" };
        (value, format!("{value:.decimals$}{suffix}"))
    };
    (first..=last).map(tick).collect()
}

/// Local beginnings of hours, days, weeks, months or years, as many as fit.
pub fn times(from_ms: i64, to_ms: i64, zone: &TimeZone) -> Vec<(i64, String)> {
    let local = |ms| zone.to_datetime(Timestamp::from_millisecond(ms).unwrap_or_default());
    let (from, to) = (local(from_ms), local(to_ms));
    for step in [
        Step::Hours(1),
        Step::Hours(3),
        Step::Hours(6),
        Step::Hours(12),
        Step::Days(1),
        Step::Days(2),
        Step::Weeks(1),
        Step::Weeks(2),
        Step::Months(1),
        Step::Months(3),
        Step::Months(6),
        Step::Months(12),
        Step::Months(24),
        Step::Months(60),
    ] {
        let ticks = step.ticks(from, to);
        if ticks.len() <= MAX_TIMES {
            let tick = |at: &DateTime| {
                let instant = zone.to_ambiguous_zoned_datetime(*at).compatible().ok()?;
                Some((instant.timestamp().as_millisecond(), step.label(*at)))
            };
            return ticks.iter().filter_map(tick).collect();
        }
    }
    Vec::new()
}

#[derive(Clone, Copy)]
enum Step {
    Hours(i8),
    Days(i32),
    Weeks(i32),
    Months(i8),
}

impl Step {
    /// The beginnings between two local times; one more than fits is enough.
    fn ticks(self, from: DateTime, to: DateTime) -> Vec<DateTime> {
        let mut at = self.first(from);
        let mut ticks = Vec::new();
        while at <= to && ticks.len() <= MAX_TIMES {
            if at >= from {
                ticks.push(at);
            }
            let next = match self {
                Self::Hours(hours) => at.checked_add(i64::from(hours).hours()),
                Self::Days(days) => at.checked_add(days.days()),
                Self::Weeks(weeks) => at.checked_add(weeks.weeks()),
                Self::Months(months) => at.checked_add(i32::from(months).months()),
            };
            match next {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        ticks
    }

    /// The beginning at or before a local time.
    fn first(self, from: DateTime) -> DateTime {
        let day = from.date().at(0, 0, 0, 0);
        match self {
            Self::Hours(hours) => from.date().at(from.hour() / hours * hours, 0, 0, 0),
            Self::Days(_) => day,
            Self::Weeks(_) => {
                let since_monday = i32::from(from.weekday().since(Weekday::Monday));
                day.saturating_sub(since_monday.days())
            }
            Self::Months(months) => {
                let date = from.date();
                let year = if months >= 12 {
                    let years = i16::from(months / 12);
                    date.year().div_euclid(years) * years
                } else {
                    date.year()
                };
                let month = if months >= 12 {
                    1
                } else {
                    (date.month() - 1) / months * months + 1
                };
                jiff::civil::Date::new(year, month, 1)
                    .unwrap_or(date)
                    .at(0, 0, 0, 0)
            }
        }
    }

    fn label(self, at: DateTime) -> String {
        let format = match self {
            Self::Hours(_) if at.hour() == 0 => "%-d %b",
            Self::Hours(_) => "%H:%M",
            Self::Days(_) | Self::Weeks(_) => "%-d %b",
            Self::Months(months) if months < 12 => "%b %Y",
            Self::Months(_) => "%Y",
        };
        at.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: f64, to: f64, unit: Unit) -> Vec<String> {
        numbers(from, to, unit)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    #[test]
    fn numbers_are_round_and_few() {
        assert_eq!(
            texts(0.0, 100.0, Unit::Percent),
            ["0%", "20%", "40%", "60%", "80%", "100%"]
        );
        assert_eq!(texts(0.0, 3.0, Unit::Count), ["0", "1", "2", "3"]);
        assert_eq!(texts(0.0, 0.35, Unit::Number), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(
            texts(0.0, 1740.0, Unit::Count),
            ["0", "500", "1000", "1500"]
        );
        assert!(texts(0.0, f64::INFINITY, Unit::Number).is_empty());
        assert!(texts(3.0, 3.0, Unit::Number).is_empty());
    }

    #[test]
    fn times_are_local_beginnings() {
        let london = TimeZone::get("Europe/London").expect("a zone");
        let ms = |text: &str| {
            text.parse::<Timestamp>()
                .expect("an instant")
                .as_millisecond()
        };
        let texts = |from, to| -> Vec<String> {
            times(ms(from), ms(to), &london)
                .into_iter()
                .map(|(_, text)| text)
                .collect()
        };
        assert_eq!(
            texts("2019-10-11T12:00:00Z", "2019-10-25T12:00:00Z"),
            [
                "13 Oct", "15 Oct", "17 Oct", "19 Oct", "21 Oct", "23 Oct", "25 Oct"
            ]
        );
        assert_eq!(
            texts("2019-10-24T12:00:00Z", "2019-10-25T12:00:00Z"),
            ["18:00", "25 Oct", "06:00", "12:00"]
        );
        assert_eq!(
            texts("2019-05-01T00:00:00Z", "2019-10-25T12:00:00Z"),
            ["Jun 2019", "Jul 2019", "Aug 2019", "Sep 2019", "Oct 2019"]
        );
        assert!(times(0, i64::MAX, &london).len() <= MAX_TIMES);
    }
}
