//! Eight weeks of failure rates.

use std::cmp::Ordering;

use crate::{
    api::{Change, WeekRate},
    selection::Selection,
    server::{
        attributes::select_in,
        figures::{weeks::WEEK_MS, weeks::Weeks, words},
        significance::{self, Rate},
        snapshot::Snapshot,
        statistics::percent,
    },
};

const WEEKS: i64 = 8;

/// Counts the decided builds of a selection by week, and compares the later half of the weeks with the earlier one.
pub fn weeks(snapshot: &Snapshot, selection: &Selection) -> (Vec<WeekRate>, Change) {
    let end_ms = snapshot.as_of_ms.map_or(0, |as_of_ms| as_of_ms + 1);
    let weeks = Weeks {
        start_ms: end_ms - WEEKS * WEEK_MS,
        end_ms,
    };
    let columns = &snapshot.builds;
    let mut rates = vec![Rate::default(); weeks.count()];
    select_in(snapshot, selection, weeks.window()).each(|build| {
        let result = columns.result[build];
        let week = weeks.index(columns.finished_ms[build]);
        if let Some(rate) = week.and_then(|week| rates.get_mut(week)) {
            rate.count(result);
        }
    });
    let (before, now) = rates.split_at(rates.len() / 2);
    let change = match significance::compare(sum(now), sum(before)) {
        Some(Ordering::Less) => Change::Better,
        Some(Ordering::Greater) => Change::Worse,
        _ => Change::Unclear,
    };
    let listed = weeks.starts().zip(&rates).map(|(from_ms, rate)| WeekRate {
        from: words::instant(Some(from_ms)),
        to: words::instant(Some(from_ms + WEEK_MS)),
        failed: rate.part,
        decided: rate.whole,
        failure_percent: percent(rate.part, rate.whole),
    });
    (listed.collect(), change)
}

fn sum(rates: &[Rate]) -> Rate {
    Rate {
        part: rates.iter().map(|rate| rate.part).sum(),
        whole: rates.iter().map(|rate| rate.whole).sum(),
    }
}
