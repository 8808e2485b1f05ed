//! `/pipelines/list`: the pipelines of a selection, with their states.

use leptos::prelude::*;

use super::board::Freshness;
use crate::components::{Fragments, PageHeading, use_selection, use_view};

#[component]
pub fn PipelineList() -> impl IntoView {
    let selection = use_selection();
    let view = use_view(&["cursor", "state"]);
    view! {
        <div class="frame builds-page">
            <PageHeading text="List of pipelines" />
            <Freshness />
            <Fragments of="pipelines" failed="The pipelines could not be loaded" selection view />
        </div>
    }
}
