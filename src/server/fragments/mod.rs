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
mod repository;
mod results;
mod search;
mod security;
mod sources;
mod style;
mod summary;
mod time_line;
mod today;
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
pub use problems::{MAX_REASON, SNOOZE_DAYS, SNOOZE_FAILURES};
pub use repository::fragments as repository;
pub use search::fragments as search;
pub use security::{fragments as security, items as security_items};
pub use sources::fragments as sources;
pub use style::style;
pub use summary::fragments as summary;
pub use today::{fragments as today, wall as wall_today, wall_age, wall_pipelines};
pub use week::fragments as week;
pub use week_markdown::week_markdown;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::{
    api::{HtmlFragment, Moment},
    base::Base,
    markup::visible,
    numbers,
    server::{
        figures::words::{self, duration},
        snapshot::instant_ms,
        views::addresses,
    },
};

/// The names of all fragments.
pub const NAMES: [&str; 18] = [
    "builds",
    "compare",
    "explore",
    "freshness",
    "headline",
    "pipelines",
    "search",
    "security",
    "security-items",
    "sources",
    "summary",
    "today",
    "wall-pipelines",
    "wall-today",
    "week",
    "build",
    "pipeline",
    "repository",
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

/// The name of a repository, which leads to its page as of a day unless it is cut.
fn repository_link(base: &Base, name: &str, as_of: Option<&str>) -> Markup {
    html! {
        @if name.ends_with('…') { (visible(name)) }
        @else { a href=(addresses::repository_at(base, name, as_of)) { (visible(name)) } }
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

/// A day (ISO 8601) for programs and for readers: `25 Oct 2019`.
fn date(day: &str) -> Markup {
    timed(day, &numbers::date(day))
}

/// An instant and the time since: `25 Oct 2019, 17:15 UTC, 3 days ago`.
fn ago(at: &str, now_ms: i64) -> Markup {
    let at_ms = instant_ms(at, &TimeZone::UTC);
    html! {
        @match at_ms {
            Some(at_ms) => { (utc(at)) ", " (words::ago(now_ms - at_ms)) },
            None => (utc(at)),
        }
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
                old: Some(hostile()),
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
        // In an address it is encoded.
        let text = html.replace("%3Cscript%3E", "");
        assert_eq!(text.matches("script").count(), times, "{html}");
        assert!(!html.contains('\u{202e}'), "{html}");
    }
}
