//! The sources of the data: how their last syncs went, and what could not be read.

use maud::{Markup, html};

use super::{
    components::{Tone, banner},
    foldable, fragment, sentence, time,
};
use crate::{
    api::{
        Cell, CellKind, ColumnInfo, CoverageItem, DataState, Freshness, HtmlFragment, SourceState,
    },
    base::Base,
    markup::{self, MAX_ROWS, visible},
    server::{figures::words, sources},
};

pub fn fragments(state: &DataState, items: &[CoverageItem], base: &Base) -> Vec<HtmlFragment> {
    let mut fragments = Vec::new();
    for kind in &state.kinds {
        fragments.push(kind_fragment(state, kind));
        let sources = kind.sources.iter();
        fragments.extend(sources.map(|source| source_fragment(source, items, base)));
    }
    fragments
}

fn kind_fragment(state: &DataState, kind: &Freshness) -> HtmlFragment {
    let html = html! {
        h2 { (visible(&kind.label)) }
        @if let Some(old) = &kind.old {
            (banner(Tone::Warning, html! { strong { (sentence(old)) } }))
        }
        p {
            @if let Some(moment) = &kind.as_of {
                "As of " (time(moment))
            } @else {
                "No data yet"
            }
            " · " (visible(&kind.rests_on))
        }
        @if state.sample {
            p class="sample" { "Sample data, replaced by the first import or sync." }
        }
        @if kind.sources.is_empty() {
            p {
                "No source is configured for this data; it comes from files, by "
                code { "rse-dashboard import" }
                ". To sync it from a source, see " code { "docs/configuration.md" } "."
            }
        }
    };
    fragment("kind", html)
}

fn source_fragment(source: &SourceState, items: &[CoverageItem], base: &Base) -> HtmlFragment {
    let items = items.iter();
    let items = items.filter(|item| sources::is_part(&item.source, &source.name));
    let (read, unread): (Vec<&CoverageItem>, Vec<&CoverageItem>) =
        items.partition(|item| item.state == "read");
    let (class, outcome) = match (&source.last_success, source.failing) {
        (_, true) => ("state warning", "The last sync failed"),
        (Some(_), false) => ("state", "The last sync succeeded"),
        (None, false) => ("state", "The first sync is under way"),
    };
    let html = html! {
        h3 { (visible(&source.label)) }
        p class=(class) { (outcome) }
        dl {
            dt { "Last success" }
            dd {
                @if let Some(moment) = &source.last_success { (time(moment)) } @else { "never" }
            }
            @if let Some(failure) = &source.last_failure {
                dt { "Last failure" }
                dd { (time(&failure.moment)) ": " (sentence(&failure.reason)) }
            }
            dt { "Coverage" }
            dd {
                @if let Some(counts) = &source.coverage {
                    (visible(&counts.text))
                } @else {
                    "nothing tried yet"
                }
            }
        }
        @if !unread.is_empty() {
            h4 { "Not read, or only in part: " (words::thousands(unread.len() as u64)) }
            (scrolling_table(&source.label, "not read, or only in part", &unread, base))
        }
    };
    if read.is_empty() {
        return fragment("source", html);
    }
    let summary = html! {
        @if read.len() == 1 {
            "Show the one that was read"
        } @else {
            "Show the " (words::thousands(read.len() as u64)) " that were read"
        }
    };
    foldable(
        "source",
        html,
        summary,
        scrolling_table(&source.label, "read", &read, base),
    )
}

fn scrolling_table(source: &str, which: &str, items: &[&CoverageItem], base: &Base) -> Markup {
    let columns = [
        ("Name", CellKind::Text),
        ("State", CellKind::Text),
        ("Reason", CellKind::Text),
        ("Last tried", CellKind::Instant),
        ("Last read", CellKind::Instant),
    ];
    let columns = columns.map(|(title, kind)| ColumnInfo {
        id: String::new(),
        title: title.to_owned(),
        kind,
    });
    let text = |text: Option<&String>| text.cloned().map_or(Cell::Missing, Cell::Text);
    let rows: Vec<Vec<Cell>> = items
        .iter()
        .take(MAX_ROWS)
        .map(|item| {
            vec![
                text(Some(&item.item)),
                text(Some(&item.state_text)),
                text(item.reason.as_ref()),
                text(Some(&item.tried.text)),
                text(item.read.as_ref().map(|moment| &moment.text)),
            ]
        })
        .collect();
    let caption = format!("{source}: {which}");
    let table = markup::table(&caption, &columns, &rows, |_, _| None);
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label=(visible(&caption)) {
            table class="table" { (table.html) }
        }
        @if table.rows < items.len() {
            p class="more" {
                "The first " (words::thousands(table.rows as u64)) " of "
                (words::thousands(items.len() as u64)) ". "
                a href=(base.path("/api/coverage")) rel="external" { "All as JSON" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fragments::testing::{assert_text, hostile, hostile_moment, hostile_state};

    fn item(state: &str) -> CoverageItem {
        CoverageItem {
            source: hostile(),
            item: hostile(),
            state: state.to_owned(),
            state_text: hostile(),
            reason: Some(hostile()),
            tried: hostile_moment(),
            read: Some(hostile_moment()),
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        let fragments = fragments(
            &hostile_state(),
            &[item("read"), item("no-access")],
            &Base::default(),
        );
        // The kind: its moment twice, three texts. The source: two moments twice each, label, reason and
        // coverage. Two tables: five cells, a label and a caption each.
        assert_text(&fragments, 5 + 7 + 14);
    }

    #[test]
    fn items_that_were_read_are_folded_and_counted() {
        let alerts = CoverageItem {
            source: format!("{}-alerts", hostile()),
            ..item("no-access")
        };
        let other = CoverageItem {
            source: "other".to_owned(),
            ..item("no-access")
        };
        let items = [item("read"), item("partial"), alerts, other];
        let mut state = hostile_state();
        let [_, source] = &fragments(&state, &items, &Base::default())[..] else {
            panic!("a kind and its source")
        };
        assert_eq!(source.html.matches("<th scope=\"row\">").count(), 2);
        assert!(
            source
                .html
                .contains("<h4>Not read, or only in part: 2</h4>")
        );
        assert_eq!(source.summary, "Show the one that was read");
        assert_eq!(source.folded.matches("<th scope=\"row\">").count(), 1);

        state.kinds[0].sources.clear();
        let [kind] = &fragments(&state, &items, &Base::default())[..] else {
            panic!("a kind without a source")
        };
        assert!(kind.html.contains("No source is configured"));
    }
    #[test]
    fn long_tables_end_with_a_link_to_all_items() {
        let plain = |state: &str| CoverageItem {
            item: "claim-store".to_owned(),
            state_text: state.to_owned(),
            reason: None,
            ..item(state)
        };
        let mut items = vec![plain("read"); 5_000];
        items.extend(vec![plain("no-access"); 700]);
        let base = Base::default();
        let [_, source] = &fragments(&hostile_state(), &items, &base)[..] else {
            panic!("a kind and its source")
        };
        for (html, all) in [(&source.html, "700"), (&source.folded, "5,000")] {
            assert_eq!(html.matches("<th scope=\"row\">").count(), 500, "{all}");
            let more = format!(
                "The first 500 of {all}. <a href=\"/api/coverage\" rel=\"external\">All as JSON</a>"
            );
            assert!(html.contains(&more), "{html}");
            assert!(html.len() < 125_000, "{} bytes", html.len());
        }
    }
}
