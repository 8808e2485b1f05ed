//! The histogram of a list of builds: how many finished over time, and how many of them failed.

use jiff::Timestamp;

use crate::{
    api::TimeBucket,
    server::{
        attributes::Selected,
        figures::words,
        model::{DAY_MS, HOUR_MS, MINUTE_MS},
        snapshot::{Snapshot, Window},
    },
};

/// The most buckets of the histogram.
const MAX_BUCKETS: i64 = 60;
/// The lengths of buckets.
const BUCKETS_MS: [i64; 10] = [
    15 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    28 * DAY_MS,
    112 * DAY_MS,
];

/// Buckets from the first to the last build. Their edges are whole hours, or local midnights.
pub struct Histogram {
    start_ms: i64,
    end_ms: i64,
    width_ms: i64,
    /// The first bucket's beginning, which can be before the start.
    first_edge_ms: i64,
    /// Builds and failed ones; none of a selection without builds.
    buckets: Vec<(u64, u64)>,
    /// The bucket of the latest build, and its end.
    current: usize,
    current_end_ms: i64,
}

impl Histogram {
    /// Empty buckets for selected builds.
    pub fn new(snapshot: &Snapshot, selected: &Selected<'_>, window: Window) -> Self {
        let finished = &snapshot.builds.finished_ms;
        let (first, last) = (selected.iter().next(), selected.iter().next_back());
        let bounds = first.zip(last);
        let (first_ms, last_ms) =
            bounds.map_or((0, 0), |(first, last)| (finished[first], finished[last]));
        let start_ms = match window.is_unlimited() {
            true => first_ms,
            false => window.start_ms,
        };
        let span_ms = window.end_ms.max(last_ms + 1) - start_ms;
        let width = BUCKETS_MS
            .into_iter()
            .find(|width| span_ms / width < MAX_BUCKETS);
        let width_ms = width.unwrap_or(BUCKETS_MS[BUCKETS_MS.len() - 1]);
        let zone = &snapshot.config.time_zone;
        let end = Timestamp::from_millisecond(window.end_ms).unwrap_or_default();
        let offset_ms = i64::from(zone.to_offset(end).seconds()) * 1000;
        let number = |at_ms: i64| (at_ms + offset_ms).div_euclid(width_ms);
        let first_number = number(start_ms);
        let count = number(window.end_ms - 1) - first_number + 1;
        let count = usize::try_from(count).unwrap_or(0);
        // Builds are in the window, and so few spans hold it.
        let count = count.min(2 * MAX_BUCKETS as usize);
        let first_edge_ms = first_number * width_ms - offset_ms;
        Self {
            start_ms,
            end_ms: window.end_ms,
            width_ms,
            first_edge_ms,
            buckets: vec![(0, 0); if bounds.is_some() { count } else { 0 }],
            current: 0,
            current_end_ms: first_edge_ms + width_ms,
        }
    }

    /// Counts a build, none of which may have finished before the one counted last: a division for each of millions
    /// would take longer than all else.
    #[inline]
    pub fn add(&mut self, finished_ms: i64, is_failed: bool) {
        while finished_ms >= self.current_end_ms {
            self.current += 1;
            self.current_end_ms += self.width_ms;
        }
        if let Some((builds, failed)) = self.buckets.get_mut(self.current) {
            *builds += 1;
            *failed += u64::from(is_failed);
        }
    }

    pub fn into_buckets(self) -> Vec<TimeBucket> {
        let edge = |index: usize| self.first_edge_ms + index as i64 * self.width_ms;
        let bucket = |(index, &(builds, failed)): (usize, &(u64, u64))| TimeBucket {
            from: words::instant(Some(edge(index).max(self.start_ms))),
            to: words::instant(Some(edge(index + 1).min(self.end_ms))),
            builds,
            failed,
        };
        self.buckets.iter().enumerate().map(bucket).collect()
    }
}
