//! `/build`: one build.

use leptos::prelude::*;

use super::fragment_page::pipeline_page;
use crate::{api::View, components::use_view, markup::visible};

#[component]
pub fn Build() -> impl IntoView {
    let view = use_view(&["name", "number", "system", "tag"]);
    pipeline_page(
        "build-page",
        Signal::derive(move || view.with(heading)),
        "build",
        "The build could not be loaded",
        view,
    )
}

/// The build that the address names.
fn heading(view: &View) -> String {
    let name = match (view.get("tag"), view.get("name")) {
        (Some(tag), _) => tag.to_owned(),
        (None, Some(name)) => format!("{name} #{}", view.get("number").unwrap_or_default()),
        (None, None) => "Build".to_owned(),
    };
    visible(&name).into_owned()
}
