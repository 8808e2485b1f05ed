//! The text of pages beside their figures, as HTML from templates, which escape every text by themselves.
//! The client needs to know neither the words nor the data behind them.

mod build;
mod builds;
mod change_points;
mod charts;
mod compare;
pub mod components;
mod difference;
mod explore;
mod freshness;
mod headline;
mod pipeline;
mod pipelines;
mod problems;
mod results;
mod search;
mod sources;
mod style;
mod summary;
mod time_line;
mod week;
mod week_markdown;

pub use build::fragments as build;
pub use builds::fragments as builds;
pub use compare::fragments as compare;
pub use explore::fragments as explore;
pub use freshness::fragments as freshness;
pub use headline::fragments as headline;
pub use pipeline::fragments as pipeline;
pub use pipelines::fragments as pipelines;
pub use problems::{MAX_REASON, SNOOZE_DAYS, SNOOZE_FAILURES, fragments as problems};
pub use search::fragments as search;
pub use sources::fragments as sources;
pub use style::style;
pub use summary::fragments as summary;
pub use week::fragments as week;
pub use week_markdown::week_markdown;

use maud::{Markup, html};

use crate::{
    api::{HtmlFragment, Moment},
    markup::visible,
    numbers,
    server::views::addresses,
};

/// The names of all fragments.
pub const NAMES: [&str; 13] = [
    "builds",
    "compare",
    "explore",
    "freshness",
    "headline",
    "pipelines",
    "problems",
    "search",
    "sources",
    "summary",
    "week",
    "build",
    "pipeline",
];

fn fragment(class: &str, html: Markup) -> HtmlFragment {
    HtmlFragment {
        class: class.to_owned(),
        html: html.into_string(),
        ..HtmlFragment::default()
    }
}

/// A fragment with a part that readers unfold.
fn foldable(class: &str, html: Markup, summary: Markup, folded: Markup) -> HtmlFragment {
    HtmlFragment {
        summary: summary.into_string(),
        folded: folded.into_string(),
        ..fragment(class, html)
    }
}

/// An instant for readers and programs.
fn time(moment: &Moment) -> Markup {
    timed(&moment.at, &moment.text)
}

/// An instant for programs (RFC 3339) and for readers.
fn timed(at: &str, text: &str) -> Markup {
    html! { time datetime=(visible(at)) { (visible(text)) } }
}

/// An instant (RFC 3339, UTC) for programs and, in UTC, for readers.
fn utc(at: &str) -> Markup {
    timed(at, &numbers::instant(at))
}

/// A duration for readers: `0.4 s`, `45 s`, `12 min 5 s`, `2 h 12 min`, `3 days 4 h`.
fn duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let two = |first: u64, unit: &str, second: u64, smaller: &str| match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {smaller}"),
    };
    match seconds {
        0..10 => format!("{:.1} s", ms as f64 / 1000.0),
        10..60 => format!("{seconds} s"),
        60..3600 => two(minutes, "min", seconds % 60, "s"),
        3600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ if hours / 24 == 1 => two(1, "day", hours % 24, "h"),
        _ => two(hours / 24, "days", hours % 24, "h"),
    }
}

/// Text with a full stop, unless it ends a sentence already.
fn sentence(text: &str) -> Markup {
    html! {
        (visible(text))
        @if !text.ends_with(['.', '!', '?']) { "." }
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_well() {
        for (ms, text) in [
            (0, "0.0 s"),
            (440, "0.4 s"),
            (9_499, "9.5 s"),
            (9_500, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min"),
            (725_000, "12 min 5 s"),
            (3_600_000, "1 h"),
            (7_920_000, "2 h 12 min"),
            (90_000_000, "1 day 1 h"),
            (273_600_000, "3 days 4 h"),
        ] {
            assert_eq!(duration(ms), text, "{ms}");
        }
    }
}

#[cfg(test)]
mod testing {
    use crate::api::{
        CoverageCounts, DataState, Freshness, HtmlFragment, Moment, SourceState, SyncFailure,
    };

    /// Text that would be markup, end an attribute or turn the text beside it.
    pub const HOSTILE: &str = "<script>\"'&\u{202e}";
    pub const ESCAPED: &str = "&lt;script&gt;&quot;'&amp;&lt;U+202E&gt;";

    pub fn hostile() -> String {
        HOSTILE.to_owned()
    }

    pub fn hostile_moment() -> Moment {
        Moment {
            at: hostile(),
            text: hostile(),
        }
    }

    /// A state in which every text from data is hostile.
    pub fn hostile_state() -> DataState {
        let source = SourceState {
            name: hostile(),
            label: hostile(),
            last_success: Some(hostile_moment()),
            last_failure: Some(SyncFailure {
                moment: hostile_moment(),
                reason: hostile(),
            }),
            failing: true,
            coverage: Some(CoverageCounts {
                read: 1,
                total: 2,
                text: hostile(),
            }),
        };
        DataState {
            sample: true,
            store_lost: Some(hostile_moment()),
            kinds: vec![Freshness {
                label: hostile(),
                as_of: Some(hostile_moment()),
                rests_on: hostile(),
                sources: vec![source],
            }],
            ..DataState::default()
        }
    }

    /// The parts of all fragments, in which hostile text stands so many times and only as text.
    pub fn assert_text(fragments: &[HtmlFragment], times: usize) {
        let html: String = fragments
            .iter()
            .flat_map(|fragment| [&fragment.html, &fragment.summary, &fragment.folded])
            .map(String::as_str)
            .collect();
        assert_eq!(html.matches(ESCAPED).count(), times, "{html}");
        assert_eq!(html.matches("script").count(), times, "{html}");
        assert!(!html.contains('\u{202e}'), "{html}");
    }
}
