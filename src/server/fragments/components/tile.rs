//! A number that opens what it counts.

use maud::{Markup, html};

use super::Tone;
use crate::markup::visible;

/// The characters of a number in the largest type.
const MAX_LARGE: usize = 7;

/// Tiles stand in a `div class="tiles"`.
pub struct Tile<'a> {
    pub label: &'a str,
    /// The number with its unit: `88`, `16.8%`, `2 h 12 min`; `–` if there is none.
    pub number: &'a str,
    /// The address of what is counted.
    pub href: Option<&'a str>,
    /// The colour of the number.
    pub tone: Tone,
    pub change: Option<Change<'a>>,
    /// A line below: of how many, until when, the interval. Empty without one.
    pub note: Markup,
}

/// The difference from an earlier time, as a sentence.
pub struct Change<'a> {
    pub tone: Tone,
    /// `▲` for more, `▼` for less; empty where the difference may be chance.
    pub sign: &'static str,
    pub text: &'a str,
}

pub fn tile(tile: &Tile<'_>) -> Markup {
    html! {
        div class={ "tile " (tile.tone.class()) } {
            p class="tile-label" { (visible(tile.label)) }
            p class={ "tile-number" @if tile.number.chars().count() > MAX_LARGE { " long" } } {
                @match tile.href {
                    Some(href) => a href=(href) {
                        (visible(tile.number))
                        span class="visually-hidden" { ": " (visible(tile.label)) }
                    },
                    None => (visible(tile.number)),
                }
            }
            @if !tile.note.0.is_empty() { p class="tile-note" { (tile.note) } }
            @if let Some(change) = &tile.change { (sentence(change)) }
        }
    }
}

fn sentence(change: &Change<'_>) -> Markup {
    html! {
        p class={ "tile-change " (change.tone.class()) } {
            @if !change.sign.is_empty() { span aria-hidden="true" { (change.sign) } " " }
            (visible(change.text))
        }
    }
}
