//! The words in place of what is not there, and how it gets there.

use maud::{Markup, html};

use crate::markup::visible;

/// A command, where one fills the place, can be copied from the page.
pub fn empty_state(text: &str, command: Option<&str>) -> Markup {
    html! {
        div class="empty-state" {
            p { (visible(text)) }
            @if let Some(command) = command { pre { code { (visible(command)) } } }
        }
    }
}
