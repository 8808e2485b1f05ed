//! What pages say of the sources, as strings of HTML: made here, so that the client needs to know
//! neither the words nor what they are about.

mod freshness;
mod sources;

use crate::{
    api::{CoverageItem, DataState, Moment, Text},
    base::Base,
    components::data_table::escape,
};

/// Every text that there is, by name.
pub const NAMES: [&str; 2] = ["freshness", "sources"];

/// The texts of a name; none where there is no such name. What stands on every page needs no
/// coverage, which is long.
pub fn texts(
    name: &str,
    state: &DataState,
    base: &Base,
    coverage: impl FnOnce() -> Vec<CoverageItem>,
) -> Option<Vec<Text>> {
    match name {
        "freshness" => Some(freshness::texts(state, base)),
        "sources" => Some(sources::texts(state, &coverage())),
        _ => None,
    }
}

/// An instant for readers and programs.
fn time(html: &mut String, moment: &Moment) {
    html.push_str("<time datetime=\"");
    escape(html, &moment.at);
    html.push_str("\">");
    escape(html, &moment.text);
    html.push_str("</time>");
}

/// Text with a full stop, unless it ends already.
fn sentence(html: &mut String, text: &str) {
    escape(html, text);
    if !text.ends_with(['.', '!', '?']) {
        html.push('.');
    }
}
