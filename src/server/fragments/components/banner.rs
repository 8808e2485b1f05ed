//! A remark that concerns the whole page, above everything else.

use maud::{Markup, html};

use super::Tone;

pub fn banner(tone: Tone, text: Markup) -> Markup {
    html! {
        div class={ "banner " (tone.class()) } role="note" {
            @if !tone.shape().is_empty() { span class="banner-shape" aria-hidden="true" { (tone.shape()) } }
            p { (text) }
        }
    }
}
