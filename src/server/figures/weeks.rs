//! Weeks of seven days, counted back from the end of a window.

use super::{Context, opens};
use crate::{
    selection::Selection,
    server::{
        charts::Base,
        model::DAY_MS,
        snapshot::{Snapshot, Window},
    },
};

pub const WEEK_MS: i64 = 7 * DAY_MS;
/// The most weeks of a figure, the latest.
const MAX_WEEKS: i64 = 60;

/// The weeks of a window; the first may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weeks {
    pub start_ms: i64,
    pub end_ms: i64,
}

impl Weeks {
    /// The weeks of a window that has data from `first_ms` on.
    fn new(window: Window, first_ms: i64) -> Self {
        let end_ms = window.end_ms;
        let latest_ms = end_ms.saturating_sub(MAX_WEEKS * WEEK_MS);
        let start_ms = window.start_ms.max(latest_ms).max(first_ms);
        Self {
            start_ms: start_ms.min(end_ms),
            end_ms,
        }
    }

    /// The weeks of a window, whether it has data or not.
    pub fn within(window: Window) -> Self {
        Self::new(window, i64::MIN)
    }

    pub fn of_selection(snapshot: &Snapshot, selection: &Selection) -> Self {
        let finished = snapshot.builds.finished_ms.first().copied();
        let first_ms = if snapshot.window(selection).is_unlimited() {
            finished.unwrap_or(i64::MIN)
        } else {
            i64::MIN
        };
        Self::new(snapshot.window(selection), first_ms)
    }

    /// The window of the weeks.
    pub const fn window(self) -> Window {
        Window {
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            days: None,
            ends_early: true,
        }
    }

    /// The same number of whole weeks before.
    #[must_use]
    pub fn before(self) -> Self {
        let length_ms = self.count() as i64 * WEEK_MS;
        Self {
            start_ms: self.start_ms - length_ms,
            end_ms: self.end_ms - length_ms,
        }
    }

    pub fn count(self) -> usize {
        let weeks = (self.end_ms - self.start_ms).saturating_add(WEEK_MS - 1) / WEEK_MS;
        usize::try_from(weeks).unwrap_or_default()
    }

    /// The index of an instant's week, the earliest first; none outside of the window.
    pub fn index(self, at_ms: i64) -> Option<usize> {
        if at_ms < self.start_ms || at_ms >= self.end_ms {
            return None;
        }
        let from_end = usize::try_from((self.end_ms - 1 - at_ms) / WEEK_MS).ok()?;
        self.count().checked_sub(from_end + 1)
    }

    /// The first instant of each week.
    pub fn starts(self) -> impl Iterator<Item = i64> {
        let weeks = self.count() as i64;
        (0..weeks).map(move |index| {
            let start_ms = self.end_ms - (weeks - index) * WEEK_MS;
            start_ms.max(self.start_ms)
        })
    }

    /// The builds of the weeks that begin at these instants.
    pub fn opens(self, starts: &[i64]) -> Vec<Selection> {
        let all: Vec<i64> = self.starts().collect();
        let open = |&start_ms: &i64| {
            let later = all.iter().copied().find(|&later| later > start_ms);
            opens::finished(start_ms, later.unwrap_or(self.end_ms))
        };
        starts.iter().map(open).collect()
    }
}

/// The weeks of the page that a figure stands on, from its first row on.
pub fn of_context(context: &Context<'_>, starts: &[i64]) -> Weeks {
    let first_ms = starts.first().copied().unwrap_or(i64::MIN);
    let window = context.window;
    if window.is_unlimited() {
        return Weeks::new(window, first_ms);
    }
    Weeks::new(window, i64::MIN)
}

/// The middle of the week that begins at an instant, in Unix ms.
pub const fn middle(start_ms: i64) -> f64 {
    (start_ms + WEEK_MS / 2) as f64
}

/// The axis of the weeks that begin at these instants.
pub fn base(starts: &[i64]) -> Base {
    Base::Time {
        from_ms: starts.first().copied().unwrap_or_default(),
        to_ms: starts.last().map_or(0, |&start_ms| start_ms + WEEK_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_counted_back_from_the_end() {
        let weeks = Weeks {
            start_ms: -3 * DAY_MS,
            end_ms: 14 * DAY_MS,
        };
        assert_eq!(weeks.count(), 3);
        assert_eq!(
            weeks.starts().collect::<Vec<_>>(),
            [-3 * DAY_MS, 0, 7 * DAY_MS]
        );
        for (at_ms, index) in [
            (-3 * DAY_MS - 1, None),
            (-3 * DAY_MS, Some(0)),
            (-1, Some(0)),
            (0, Some(1)),
            (7 * DAY_MS - 1, Some(1)),
            (7 * DAY_MS, Some(2)),
            (14 * DAY_MS - 1, Some(2)),
            (14 * DAY_MS, None),
        ] {
            assert_eq!(weeks.index(at_ms), index, "{at_ms}");
        }
        assert_eq!(weeks.before().end_ms, -7 * DAY_MS);
        assert_eq!(weeks.before().count(), 3);
        let empty = Weeks {
            start_ms: 5,
            end_ms: 5,
        };
        assert_eq!((empty.count(), empty.index(5)), (0, None));
    }
}
