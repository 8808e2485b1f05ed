//! How old and how complete the data are, in a few lines below a page's heading.

use super::{sentence, time};
use crate::{
    api::{DataState, Freshness, HtmlFragment, SourceState},
    base::Base,
    components::data_table::escape,
};

pub fn fragments(state: &DataState, base: &Base) -> Vec<HtmlFragment> {
    let sources = base.path("/sources");
    let mut html = String::new();
    if state.sample {
        html.push_str(
            "<p class=\"sample\"><strong>Sample data.</strong> Every build and every fact is made \
             up; the first import or sync takes their place.</p>",
        );
    }
    if let Some(since) = &state.store_lost {
        html.push_str("<p class=\"warning\"><strong>The store cannot be reached</strong> since ");
        time(&mut html, since);
        html.push_str("; until it can, nothing newer is shown.</p>");
    }
    html.push_str("<ul aria-label=\"How old and how complete the data are\">");
    for kind in &state.kinds {
        line(&mut html, kind, &sources);
    }
    html.push_str("</ul>");
    for kind in &state.kinds {
        for source in kind.sources.iter().filter(|source| source.failing) {
            warning(&mut html, source);
        }
    }
    vec![HtmlFragment {
        class: "freshness".to_owned(),
        html,
        ..HtmlFragment::default()
    }]
}

fn line(html: &mut String, kind: &Freshness, sources: &str) {
    html.push_str("<li><strong>");
    escape(html, &kind.label);
    html.push_str("</strong>");
    match &kind.as_of {
        Some(moment) => {
            html.push_str(" as of ");
            time(html, moment);
        }
        None => html.push_str(": no data yet"),
    }
    html.push_str(" · ");
    escape(html, &kind.rests_on);
    for source in &kind.sources {
        html.push_str(" · ");
        how_complete(html, source, sources);
    }
    html.push_str("</li>");
}

/// How much of a source was read, which leads to what was not, and when.
fn how_complete(html: &mut String, source: &SourceState, sources: &str) {
    html.push_str("<a href=\"");
    escape(html, sources);
    html.push_str("\">");
    escape(html, &source.label);
    if let Some(coverage) = &source.coverage {
        html.push_str(": ");
        escape(html, &coverage.text);
    }
    html.push_str("</a>");
    if let Some(moment) = &source.last_success {
        html.push_str(", synced ");
        time(html, moment);
    } else if !source.failing {
        html.push_str(", first sync under way");
    }
}

/// What readers have to know who go by these data.
fn warning(html: &mut String, source: &SourceState) {
    let Some(failure) = &source.last_failure else {
        return;
    };
    html.push_str("<p class=\"warning\"><strong>Syncing from ");
    escape(html, &source.label);
    html.push_str(" failed</strong> at ");
    time(html, &failure.moment);
    html.push_str(": ");
    sentence(html, &failure.reason);
    match &source.last_success {
        Some(moment) => {
            html.push_str(" It last succeeded at ");
            time(html, moment);
            html.push_str(".</p>");
        }
        None => html.push_str(" It has not succeeded yet.</p>"),
    }
}
