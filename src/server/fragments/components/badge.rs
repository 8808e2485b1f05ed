//! States: a shape, a colour and a word each, never the colour alone.

use maud::{Markup, html};

use crate::server::fragments::results;

pub use results::badge as result;

fn badge(class: &str, shape: &str, label: &str) -> Markup {
    html! {
        span class={ "badge " (class) } { span aria-hidden="true" { (shape) } " " (label) }
    }
}

/// The state of a problem, by its name in the API.
pub fn problem_state(state: &str) -> Markup {
    match state {
        "escalating" => badge("tone-bad", "▲", "Escalating"),
        "regressed" => badge("tone-bad", "↻", "Regressed"),
        "new" => badge("tone-bad", "✚", "New"),
        "snoozed" => badge("tone-neutral", "○", "Snoozed"),
        _ => badge("tone-bad", "✕", "Ongoing"),
    }
}

/// The state of a pipeline, by its name in the API.
pub fn pipeline_state(state: &str) -> Markup {
    match state {
        "red" => badge("result-failure", "✕", "Red"),
        "good" => badge("result-success", "●", "Good"),
        "dormant" => badge("result-unknown", "○", "Dormant"),
        _ => badge("result-unknown", "○", "Unknown"),
    }
}
