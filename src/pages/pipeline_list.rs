//! `/pipelines/list`: the pipelines of a selection, with their states.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn PipelineList() -> impl IntoView {
    fragment_page(
        "",
        Signal::stored("List of pipelines".to_owned()),
        "pipelines",
        "The pipelines could not be loaded",
        use_selection(),
        use_view(&["page", "sort", "state"]),
    )
}
