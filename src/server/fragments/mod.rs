//! What pages say beside their figures, as strings of HTML: made here, so that the client needs to know
//! neither the words nor what they are about.

mod freshness;
mod headline;
mod sources;

pub use freshness::fragments as freshness;
pub use headline::fragments as headline;
pub use sources::fragments as sources;

use crate::{api::Moment, components::data_table::escape};

/// Every text that there is, by name.
pub const NAMES: [&str; 3] = ["freshness", "headline", "sources"];

/// An instant for readers and programs.
fn time(html: &mut String, moment: &Moment) {
    timed(html, &moment.at, &moment.text);
}

/// An instant for programs (RFC 3339) and for readers.
fn timed(html: &mut String, at: &str, text: &str) {
    html.push_str("<time datetime=\"");
    escape(html, at);
    html.push_str("\">");
    escape(html, text);
    html.push_str("</time>");
}

/// HtmlFragment with a full stop, unless it ends already.
fn sentence(html: &mut String, text: &str) {
    escape(html, text);
    if !text.ends_with(['.', '!', '?']) {
        html.push('.');
    }
}
