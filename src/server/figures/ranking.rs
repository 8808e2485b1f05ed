//! Shared parts of rankings: horizontal bars, one per pipeline, the largest on top.

use std::cmp::Ordering;

use crate::server::charts::MAX_HEIGHT;

/// The most rows of a ranking.
pub const MAX_ROWS: usize = 50;
/// The height of a chart of a ranking.
pub const HEIGHT: u16 = MAX_HEIGHT;

/// Keeps the first [`MAX_ROWS`], sorted. Selects them first, so that only these are sorted.
pub fn keep_first<T>(rows: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    if rows.len() > MAX_ROWS {
        rows.select_nth_unstable_by(MAX_ROWS, &mut compare);
        rows.truncate(MAX_ROWS);
    }
    rows.sort_unstable_by(compare);
}
