//! A condition that holds, and its removal.

use maud::{Markup, html};

use crate::markup::visible;

/// Chips are `li` elements of a `ul class="chips"`.
pub struct Chip<'a> {
    pub text: Markup,
    /// The address without the condition; none if it cannot be removed.
    pub without: Option<&'a str>,
    /// The words for the cross: `Remove Project: CMC`.
    pub remove: &'a str,
}

pub fn chip(chip: &Chip<'_>) -> Markup {
    html! {
        li class="chip" {
            span { (chip.text) }
            @if let Some(href) = chip.without {
                a href=(href) {
                    span aria-hidden="true" { "×" }
                    span class="visually-hidden" { (visible(chip.remove)) }
                }
            }
        }
    }
}
