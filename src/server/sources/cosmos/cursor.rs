//! The progress of reading a container: the spans of `_ts` that are settled, and the query used.
//!
//! A span is settled when it was read completely and no event can be added to it any more. The next
//! sync reads the other spans, however the last one ended.

use serde::{Deserialize, Serialize};

use super::rejected_documents::RejectedDocuments;

const DAY: i64 = 86_400;

/// The time before the newest event in which others may still be added, by the server's clock: writes
/// become visible in another order than their `_ts`, and several share a second.
const OVERLAP: i64 = 600;

/// The state that the store keeps per container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The query's fingerprint: another query could return other events in the settled spans.
    query: String,
    /// From and to (exclusive) in Unix s, sorted and disjoint.
    settled: Vec<(i64, i64)>,
    #[serde(default)]
    pub unreadable: RejectedDocuments,
}

/// A span of `_ts`, Unix s; without an end, it reaches to the newest event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: Option<i64>,
}

impl Cursor {
    /// The stored cursor, or a new one if it belongs to another query.
    pub fn of(kept: Option<&str>, query: &str) -> Self {
        let kept: Option<Self> = kept.and_then(|text| serde_json::from_str(text).ok());
        kept.filter(|cursor| cursor.query == query)
            .unwrap_or_else(|| Self {
                query: query.to_owned(),
                ..Self::default()
            })
    }

    /// Marks everything since an instant as unread.
    pub fn forget_from(&mut self, since: i64) {
        for (_, to) in &mut self.settled {
            *to = since.min(*to);
        }
        self.settled.retain(|(from, to)| from < to);
        self.unreadable.forget_from(since);
    }

    /// The spans to read, newest first, in windows of a day. Our own clock only decides where to split; it
    /// may be wrong by up to a day.
    pub fn windows(&self, earliest: i64, now: i64) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut end = None;
        for &(from, to) in self.settled.iter().rev() {
            cut(to.max(earliest), end, now, &mut windows);
            end = Some(from);
        }
        cut(earliest, end, now, &mut windows);
        windows
    }

    /// Records that a window was read completely; `newest` is its greatest `_ts`.
    pub fn settle(&mut self, window: Window, newest: Option<i64>) {
        let to = window
            .to
            .unwrap_or_else(|| newest.map_or(window.from, |newest| newest - OVERLAP));
        if to <= window.from {
            return;
        }
        self.settled.push((window.from, to));
        self.settled.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(self.settled.len());
        for &(from, to) in &self.settled {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = to.max(last.1),
                _ => joined.push((from, to)),
            }
        }
        self.settled = joined;
    }

    /// The text that the store keeps.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and text can be written as JSON")
    }
}

/// Splits the time between two instants into days, newest first.
fn cut(from: i64, to: Option<i64>, now: i64, windows: &mut Vec<Window>) {
    let mut end = to;
    while end.is_none_or(|end| from < end) {
        let start = from.max(end.unwrap_or(now) - DAY);
        windows.push(Window {
            from: start,
            to: end,
        });
        end = Some(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_600_000_000;

    fn window(from: i64, to: Option<i64>) -> Window {
        Window { from, to }
    }

    fn new() -> Cursor {
        Cursor::of(None, "all")
    }

    #[test]
    fn the_first_sync_reads_days_newest_first() {
        let windows = new().windows(NOW - 5 * DAY / 2, NOW);
        let expected = [
            window(NOW - DAY, None),
            window(NOW - 2 * DAY, Some(NOW - DAY)),
            window(NOW - 5 * DAY / 2, Some(NOW - 2 * DAY)),
        ];
        assert_eq!(windows, expected);
    }

    #[test]
    fn later_syncs_read_only_new_events_with_an_overlap() {
        let mut cursor = new();
        for window in cursor.windows(NOW - 3 * DAY, NOW) {
            cursor.settle(window, window.to.is_none().then_some(NOW - 7));
        }
        let later = NOW + 600;
        let windows = cursor.windows(later - 3 * DAY, later);
        assert_eq!(windows, [window(NOW - 7 - OVERLAP, None)]);
        assert_eq!(cursor.settled.len(), 1);
    }

    #[test]
    fn an_interrupted_sync_leaves_gaps_that_the_next_one_reads() {
        let mut cursor = new();
        let windows = cursor.windows(NOW - 4 * DAY, NOW);
        cursor.settle(windows[0], Some(NOW));
        cursor.settle(windows[2], Some(NOW - 2 * DAY - 1));
        let expected = [window(NOW - OVERLAP, None), windows[1], windows[3]];
        assert_eq!(cursor.windows(NOW - 4 * DAY, NOW), expected);
    }

    #[test]
    fn without_events_the_newest_window_is_not_settled() {
        let mut cursor = new();
        for window in cursor.windows(NOW - 2 * DAY, NOW) {
            cursor.settle(window, None);
        }
        let later = NOW + 600;
        let expected = [
            window(later - DAY, None),
            window(NOW - DAY, Some(later - DAY)),
        ];
        assert_eq!(cursor.windows(later - 2 * DAY, later), expected);
    }

    #[test]
    fn a_clock_that_runs_behind_does_not_hide_events() {
        let mut cursor = new();
        cursor.settle(window(NOW - DAY, None), Some(NOW + 5 * DAY));
        let windows = cursor.windows(NOW - DAY, NOW);
        assert_eq!(windows, [window(NOW + 5 * DAY - OVERLAP, None)]);
    }

    #[test]
    fn a_longer_past_and_another_query_read_the_missing_spans() {
        let mut cursor = new();
        cursor.settle(window(NOW - DAY, None), Some(NOW));
        let windows = cursor.windows(NOW - 2 * DAY, NOW);
        assert_eq!(windows[1..], [window(NOW - 2 * DAY, Some(NOW - DAY))]);
        let text = cursor.to_text();
        assert_eq!(Cursor::of(Some(&text), "all"), cursor);
        for (kept, query) in [(text.as_str(), "default"), ("damaged", "all")] {
            assert!(Cursor::of(Some(kept), query).settled.is_empty(), "{kept}");
        }
    }

    #[test]
    fn everything_since_an_instant_can_be_read_again() {
        let mut cursor = new();
        cursor.settle(window(NOW - 3 * DAY, Some(NOW - 2 * DAY)), None);
        cursor.settle(window(NOW - DAY, None), Some(NOW));
        cursor.forget_from(NOW - 5 * DAY / 2);
        assert_eq!(cursor.settled, [(NOW - 3 * DAY, NOW - 5 * DAY / 2)]);
        let windows = cursor.windows(NOW - 3 * DAY, NOW);
        assert_eq!(
            windows.last().map(|last| last.from),
            Some(NOW - 5 * DAY / 2)
        );
    }
}
