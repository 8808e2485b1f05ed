//! Where the data come from, how the last syncs went, and what could not be read.

use super::{sentence, time};
use crate::{
    api::{
        Cell, CellKind, ColumnInfo, CoverageItem, DataState, Freshness, HtmlFragment, SourceState,
    },
    components::data_table::{escape, table_html},
    server::figures::words,
};

pub fn fragments(state: &DataState, items: &[CoverageItem]) -> Vec<HtmlFragment> {
    let mut fragments = Vec::new();
    for kind in &state.kinds {
        fragments.push(of_kind(state, kind));
        let sources = kind.sources.iter();
        fragments.extend(sources.map(|source| of_source(source, items)));
    }
    fragments
}

fn of_kind(state: &DataState, kind: &Freshness) -> HtmlFragment {
    let mut html = String::from("<h2>");
    escape(&mut html, &kind.label);
    html.push_str("</h2><p>");
    match &kind.as_of {
        Some(moment) => {
            html.push_str("As of ");
            time(&mut html, moment);
        }
        None => html.push_str("No data yet"),
    }
    html.push_str(" · ");
    escape(&mut html, &kind.rests_on);
    html.push_str("</p>");
    if state.sample {
        html.push_str(
            "<p class=\"sample\">They are made up: sample data, until the first import or sync.</p>",
        );
    }
    if kind.sources.is_empty() {
        html.push_str(
            "<p>No source of them is configured: they come from files, by <code>rse-dashboard \
             import</code>. The README’s section “Configuration” says how to have them \
             collected.</p>",
        );
    }
    HtmlFragment {
        class: "kind".to_owned(),
        html,
        ..HtmlFragment::default()
    }
}

fn of_source(source: &SourceState, items: &[CoverageItem]) -> HtmlFragment {
    let items = items.iter().filter(|item| item.source == source.name);
    let (read, wanting): (Vec<&CoverageItem>, Vec<&CoverageItem>) =
        items.partition(|item| item.state == "read");
    let mut html = String::from("<h3>");
    escape(&mut html, &source.label);
    html.push_str("</h3>");
    html.push_str(match (&source.last_success, source.failing) {
        (_, true) => "<p class=\"state warning\">The last sync failed",
        (Some(_), false) => "<p class=\"state\">The last sync succeeded",
        (None, false) => "<p class=\"state\">The first sync is under way",
    });
    html.push_str("</p><dl><dt>Succeeded last</dt><dd>");
    match &source.last_success {
        Some(moment) => time(&mut html, moment),
        None => html.push_str("never"),
    }
    html.push_str("</dd>");
    if let Some(failure) = &source.last_failure {
        html.push_str("<dt>Failed last</dt><dd>");
        time(&mut html, &failure.moment);
        html.push_str(": ");
        sentence(&mut html, &failure.reason);
        html.push_str("</dd>");
    }
    html.push_str("<dt>Coverage</dt><dd>");
    match &source.coverage {
        Some(counts) => escape(&mut html, &counts.text),
        None => html.push_str("nothing was tried yet"),
    }
    html.push_str("</dd></dl>");
    if !wanting.is_empty() {
        let heading = format!(
            "Not read, or only in part: {}",
            words::thousands(wanting.len() as u64)
        );
        html.push_str("<h4>");
        html.push_str(&heading);
        html.push_str("</h4>");
        html.push_str(&listed(
            &source.label,
            "not read, or only in part",
            &wanting,
        ));
    }
    if read.is_empty() {
        return HtmlFragment {
            class: "source".to_owned(),
            html,
            ..HtmlFragment::default()
        };
    }
    HtmlFragment {
        class: "source".to_owned(),
        html,
        summary: match read.len() {
            1 => "Show the one that was read".to_owned(),
            count => format!("Show the {} that were read", words::thousands(count as u64)),
        },
        folded: listed(&source.label, "read", &read),
    }
}

/// Items as a table that scrolls by itself.
fn listed(source: &str, which: &str, items: &[&CoverageItem]) -> String {
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
    let mut html =
        String::from("<div class=\"table-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    escape(&mut html, &caption);
    html.push_str("\"><table class=\"table\">");
    html.push_str(&table_html(&caption, &columns, &rows));
    html.push_str("</table></div>");
    html
}
