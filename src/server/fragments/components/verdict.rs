//! The one sentence that answers the page's question.

use maud::{Markup, html};

use super::Tone;

/// A page has one verdict, at its top; it is read aloud when it changes.
pub fn verdict(tone: Tone, text: Markup) -> Markup {
    html! {
        p class={ "verdict " (tone.class()) } role="status" {
            @if !tone.shape().is_empty() { span class="verdict-shape" aria-hidden="true" { (tone.shape()) } " " }
            (text)
        }
    }
}
