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
};

/// The command that fills an empty store.
const IMPORT: &str = "rse-dashboard import FILE";

pub fn fragments(state: &DataState, base: &Base) -> Vec<HtmlFragment> {
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
    };
    vec![fragment("freshness", html)]
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
    use crate::server::fragments::testing::{assert_text, hostile_state};

    #[test]
    fn hostile_text_stays_text() {
        let fragments = fragments(&hostile_state(), &Base::default());
        // Five moments twice each, the kind's three texts, the source's label twice, the coverage and the
        // reason.
        assert_text(&fragments, 17);
    }

    #[test]
    fn a_failing_source_is_reported_beside_the_last_good_data() {
        let mut state = hostile_state();
        let source = &mut state.kinds[0].sources[0];
        source.label = "GitHub".to_owned();
        let failure = source.last_failure.as_mut().expect("a failure");
        failure.reason = "the token is not valid".to_owned();
        let html = &fragments(&state, &Base::default())[0].html;
        assert!(
            html.contains("<strong>Syncing from GitHub failed</strong> at <time"),
            "{html}"
        );
        assert!(
            html.contains("</time>: the token is not valid. It last succeeded at <time"),
            "{html}"
        );
        state.kinds[0].sources[0].failing = false;
        let html = &fragments(&state, &Base::default())[0].html;
        assert!(!html.contains("Syncing"), "{html}");
    }
}
