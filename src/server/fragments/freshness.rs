//! The age and completeness of the data, in a few lines below a page's heading.

use maud::{Markup, html};

use super::{
    components::{Tone, banner, empty_state},
    fragment, sentence, time,
};
use crate::{
    api::{DataState, Freshness, HtmlFragment, SourceState},
    base::Base,
    markup::visible,
    selection::Selection,
};

/// The command that fills an empty store.
const IMPORT: &str = "rse-dashboard import FILE";

/// `note` says of which instant a page is, if it is not of the latest data.
pub fn fragments(
    state: &DataState,
    note: Option<&str>,
    selection: &Selection,
    base: &Base,
) -> Vec<HtmlFragment> {
    let sources_page = base.path("/sources");
    let failing = state
        .kinds
        .iter()
        .flat_map(|kind| &kind.sources)
        .filter(|source| source.failing);
    let is_empty =
        state.store_lost.is_none() && state.kinds.iter().all(|kind| kind.as_of.is_none());
    let old: Vec<&str> = state
        .kinds
        .iter()
        .filter_map(|kind| kind.old.as_deref())
        .collect();
    let html = html! {
        @if is_empty {
            (empty_state("There is no data yet. Import a file of build events, or configure a source and sync it.", Some(IMPORT)))
        }
        @if !old.is_empty() {
            (banner(Tone::Warning, html! { strong { (visible(&old.join(". "))) } "." }))
        }
        @if state.sample {
            p class="sample" {
                strong { "Sample data" } ", replaced by the first import or sync."
            }
        }
        @if let Some(since) = &state.store_lost {
            p class="warning" {
                strong { "The store cannot be reached" } " since " (time(since))
                "; until it can, no newer data is shown."
            }
        }
        ul aria-label="Age and completeness of the data" {
            @for kind in &state.kinds { (line(kind, &sources_page)) }
        }
        @for source in failing { (warning(source)) }
        (pinned(note, selection))
    };
    vec![fragment("freshness", html)]
}

/// The note on a page as of an instant, and the way to the same page with the latest data.
fn pinned(note: Option<&str>, selection: &Selection) -> Markup {
    let latest = format!("?{}", selection.without("as_of").encoded());
    html! {
        @if let Some(note) = note {
            p class="note" { (visible(note)) " " a href=(latest) { "Show the latest data" } }
        }
    }
}

fn line(kind: &Freshness, sources_page: &str) -> Markup {
    html! {
        li {
            strong { (visible(&kind.label)) }
            @if let Some(moment) = &kind.as_of {
                " as of " (time(moment))
            } @else {
                ": no data yet"
            }
            " · " (visible(&kind.rests_on))
            @for source in &kind.sources { " · " (completeness(source, sources_page)) }
        }
    }
}

/// Coverage of a source and the time of its last sync, with a link to the unread items.
fn completeness(source: &SourceState, sources_page: &str) -> Markup {
    html! {
        a href=(sources_page) {
            (visible(&source.label))
            @if let Some(coverage) = &source.coverage { ": " (visible(&coverage.text)) }
        }
        @if let Some(moment) = &source.last_success {
            ", synced " (time(moment))
        } @else if !source.failing {
            ", first sync under way"
        }
    }
}

/// The failure that readers of this data have to know about.
fn warning(source: &SourceState) -> Markup {
    html! {
        @if let Some(failure) = &source.last_failure {
            p class="warning" {
                strong { "Syncing from " (visible(&source.label)) " failed" }
                " at " (time(&failure.moment)) ": " (sentence(&failure.reason))
                @if let Some(moment) = &source.last_success {
                    " It last succeeded at " (time(moment)) "."
                } @else {
                    " It has not succeeded yet."
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fragments::testing::{HOSTILE, assert_text, hostile_state};

    fn lines(state: &DataState) -> String {
        let fragments = fragments(state, None, &Selection::default(), &Base::default());
        fragments[0].html.clone()
    }

    #[test]
    fn a_pinned_page_leads_to_the_latest_data() {
        let selection = Selection::parse("as_of=2019-10-20&project=cmc").expect("a selection");
        let note = pinned(Some("Pinned."), &selection).into_string();
        let link =
            "<p class=\"note\">Pinned. <a href=\"?project=cmc\">Show the latest data</a></p>";
        assert_eq!(note, link);
        assert_eq!(pinned(None, &selection).into_string(), "");
    }

    #[test]
    fn hostile_text_stays_text() {
        let fragments = fragments(
            &hostile_state(),
            Some(HOSTILE),
            &Selection::default(),
            &Base::default(),
        );
        // Five moments twice each, the kind's three texts, the source's label twice, the coverage, the reason and
        // the note.
        assert_text(&fragments, 18);
    }

    #[test]
    fn a_failing_source_is_reported_beside_the_last_good_data() {
        let mut state = hostile_state();
        let source = &mut state.kinds[0].sources[0];
        source.label = "GitHub".to_owned();
        let failure = source.last_failure.as_mut().expect("a failure");
        failure.reason = "the token is not valid".to_owned();
        let html = lines(&state);
        assert!(
            html.contains("<strong>Syncing from GitHub failed</strong> at <time"),
            "{html}"
        );
        assert!(
            html.contains("</time>: the token is not valid. It last succeeded at <time"),
            "{html}"
        );
        state.kinds[0].sources[0].failing = false;
        let html = lines(&state);
        assert!(!html.contains("Syncing"), "{html}");
    }
}
