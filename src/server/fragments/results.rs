//! Results of builds: a shape, a colour and a word each, never the colour alone.

use maud::{Markup, html};

use crate::{
    markup::visible,
    server::{figures::result_label, model::BuildResult},
};

/// The result with this name in the API.
pub fn result_of(name: &str) -> BuildResult {
    let mut known = BuildResult::ALL.into_iter();
    known
        .find(|result| result.as_str() == name)
        .unwrap_or(BuildResult::Unknown)
}

/// The results with these names, in their order.
pub fn results_of(names: &[String]) -> Vec<BuildResult> {
    names.iter().map(|name| result_of(name)).collect()
}

/// The class of a result, for its colour.
pub fn class(result: BuildResult) -> String {
    format!(
        "result-{}",
        result.as_str().to_lowercase().replace('_', "-")
    )
}

/// The word for a result with this name.
pub fn label(name: &str) -> &'static str {
    result_label(result_of(name))
}

/// The shape and the word.
pub fn badge(name: &str) -> Markup {
    let result = result_of(name);
    html! {
        span class={ "result " (class(result)) } {
            span aria-hidden="true" { (shape(result)) } " "
            (visible(result_label(result)))
        }
    }
}

/// The shape that stands for a result where there is no room for the word.
pub const fn shape(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => "●",
        BuildResult::Failure => "✕",
        BuildResult::Unstable => "▲",
        BuildResult::Aborted => "■",
        _ => "○",
    }
}
