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

/// A flag of a suppression rule, by its name in the API.
pub fn rule_flag(flag: &str) -> Markup {
    match flag {
        "listed" => badge("tone-bad", "✕", "Known exploited"),
        "expired" => badge("tone-bad", "✕", "Expired"),
        "due" => badge("tone-warning", "▲", "Due"),
        "unused" => badge("tone-warning", "○", "Unused"),
        "no-reason" => badge("tone-warning", "▲", "No reason"),
        "broad" => badge("tone-warning", "▲", "Broad"),
        "no-end" => badge("tone-neutral", "○", "Without end"),
        _ => badge("tone-neutral", "○", "End unreadable"),
    }
}

/// The support of a runtime, by its name in the API.
pub fn support(support: &str) -> Markup {
    match support {
        "ended" => badge("tone-bad", "✕", "Ended"),
        "due" => badge("tone-warning", "▲", "Due"),
        "supported" => badge("tone-good", "●", "Supported"),
        _ => badge("tone-neutral", "○", "Unknown"),
    }
}

/// The severity of a finding, by its name in the API.
pub fn severity(severity: &str) -> Markup {
    match severity {
        "critical" => badge("tone-bad", "✕", "Critical"),
        "high" => badge("tone-bad", "▲", "High"),
        "medium" => badge("tone-warning", "▲", "Medium"),
        "low" => badge("tone-neutral", "●", "Low"),
        _ => badge("tone-neutral", "○", "Unknown"),
    }
}
