//! `/pipeline`: one pipeline.

use leptos::prelude::*;

use super::fragment_page::pipeline_page;
use crate::{api::View, components::use_view, markup::visible};

#[component]
pub fn Pipeline() -> impl IntoView {
    let view = use_view(&["name", "system"]);
    pipeline_page(
        "pipeline-page",
        Signal::derive(move || view.with(heading)),
        "pipeline",
        "The pipeline could not be loaded",
        view,
    )
}

/// The pipeline that the address names.
fn heading(view: &View) -> String {
    visible(view.get("name").unwrap_or("Pipeline")).into_owned()
}
