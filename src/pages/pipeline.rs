//! `/pipeline`: one pipeline.

use leptos::prelude::*;

use super::fragment_page::{fragment_page, no_selection};
use crate::{api::View, components::use_view, markup::visible};

#[component]
pub fn Pipeline() -> impl IntoView {
    let view = use_view(&["name", "system"]);
    fragment_page(
        "pipeline-page",
        Signal::derive(move || view.with(heading)),
        "pipeline",
        "The pipeline could not be loaded",
        no_selection(),
        view,
    )
}

/// The pipeline that the address names.
fn heading(view: &View) -> String {
    visible(view.get("name").unwrap_or("Pipeline")).into_owned()
}
