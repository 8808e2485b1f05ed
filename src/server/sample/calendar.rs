//! The dates of the sample's incidents, counted back from its last day.

use super::catalogue::{Catalogue, Incident, Results};
use crate::server::model::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The time of day at which a pipeline broke last Tuesday.
const BROKE_AT_MS: i64 = 10 * HOUR_MS + 40 * MINUTE_MS;
const TUESDAY: usize = 1;
const FRIDAY: usize = 4;

pub struct Calendar {
    /// Nothing begins before this instant.
    pub begin_ms: i64,
    /// Nothing is known after this instant.
    pub as_of_ms: i64,
    outages: Vec<Outage>,
    results: &'static Results,
}

pub struct Outage {
    pub from_ms: i64,
    pub to_ms: i64,
    pub step: &'static str,
}

impl Calendar {
    pub fn new(catalogue: &'static Catalogue, as_of_ms: i64, days: u16) -> Self {
        let results = &catalogue.results;
        let today = day_of(as_of_ms);
        let outages = results.incidents.iter();
        Self {
            begin_ms: as_of_ms - i64::from(days) * DAY_MS,
            as_of_ms,
            outages: outages.map(|incident| outage(incident, today)).collect(),
            results,
        }
    }

    pub fn first_day(&self) -> i64 {
        day_of(self.begin_ms)
    }

    pub fn last_day(&self) -> i64 {
        day_of(self.as_of_ms)
    }

    /// Returns the failure rate of a day, in percent of the usual one: interpolated between two points
    /// of the trend, and constant outside them.
    pub fn breaks_percent(&self, day: i64) -> u32 {
        let before = self.last_day() - day;
        let trend = &self.results.trend;
        let percent = trend
            .windows(2)
            .find(|pair| (pair[1][0]..=pair[0][0]).contains(&before))
            .map(|pair| {
                let ([from, start], [to, end]) = (pair[0], pair[1]);
                start + (end - start) * (from - before) / (from - to)
            });
        let nearest = if before > 0 {
            trend.first()
        } else {
            trend.last()
        };
        let percent = percent.or(nearest.map(|point| point[1])).unwrap_or(100);
        u32::try_from(percent).expect("shares are not negative")
    }

    /// Returns the index of the incident in which something that the step needs is down at this instant.
    pub fn incident(&self, at_ms: i64, step: &str) -> Option<usize> {
        let mut outages = self.outages.iter();
        outages.position(|outage| {
            (outage.from_ms..outage.to_ms).contains(&at_ms) && outage.step == step
        })
    }

    /// Returns the incidents that are not before the sample, with their indices.
    pub fn incidents(&self) -> impl Iterator<Item = (usize, &Outage)> {
        let outages = self.outages.iter().enumerate();
        outages.filter(|(_, outage)| outage.to_ms > self.begin_ms)
    }

    /// Returns when the pipeline broke that is still broken: last Tuesday, a day or more before the end.
    pub fn last_tuesday_ms(&self) -> i64 {
        let mut day = day_of(self.as_of_ms - DAY_MS - BROKE_AT_MS);
        while weekday_of(day) != TUESDAY {
            day -= 1;
        }
        day * DAY_MS + BROKE_AT_MS
    }
}

fn outage(incident: &'static Incident, today: i64) -> Outage {
    let mut day = today - incident.days_before;
    while weekday_of(day) > FRIDAY {
        day -= 1;
    }
    let at = |hour| day * DAY_MS + hour * HOUR_MS;
    Outage {
        from_ms: at(incident.hours[0]),
        to_ms: at(incident.hours[1]),
        step: &incident.step,
    }
}

/// Returns the days since 1970-01-01, in UTC.
pub const fn day_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

/// Returns the weekday, from 0 for Monday; 1970-01-01 was a Thursday.
pub fn weekday_of(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).expect("seven days a week")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sample::catalogue::catalogue;

    /// Friday 2019-10-25, 17:15 UTC.
    const AS_OF_MS: i64 = 1_572_023_700_000;

    #[test]
    fn last_tuesday_is_at_least_a_day_ago() {
        let tuesday = |as_of_ms| Calendar::new(catalogue(), as_of_ms, 180).last_tuesday_ms();
        // 2019-10-22, 10:40.
        assert_eq!(tuesday(AS_OF_MS), 1_571_740_800_000);
        // On a Tuesday itself, it is the previous one.
        assert_eq!(tuesday(1_571_760_000_000), 1_571_740_800_000 - 7 * DAY_MS);
    }

    #[test]
    fn the_trend_is_interpolated_between_its_points() {
        let calendar = Calendar::new(catalogue(), AS_OF_MS, 180);
        let percent = |before| calendar.breaks_percent(calendar.last_day() - before);
        assert_eq!((percent(400), percent(180), percent(160)), (118, 118, 115));
        assert_eq!((percent(0), percent(-1)), (84, 84));
    }

    #[test]
    fn outages_are_on_working_days() {
        for days in 0..7 {
            let calendar = Calendar::new(catalogue(), AS_OF_MS + days * DAY_MS, 180);
            assert!(!calendar.outages.is_empty());
            for outage in &calendar.outages {
                assert!(weekday_of(day_of(outage.from_ms)) <= FRIDAY);
                assert!(calendar.incident(outage.from_ms, outage.step).is_some());
                assert!(calendar.incident(outage.to_ms, outage.step).is_none());
            }
        }
    }
}
