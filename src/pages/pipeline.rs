//! `/pipeline`: one pipeline.

use leptos::prelude::*;

use super::board::Freshness;
use crate::{
    api::View,
    components::{Fragments, PageHeading, use_view},
    markup::visible,
};

#[component]
pub fn Pipeline() -> impl IntoView {
    let view = use_view(&["name", "system"]);
    view! {
        <div class="frame builds-page pipeline-page">
            {move || view! { <PageHeading text=view.with(heading) /> }}
            <Freshness />
            <Fragments of="pipeline" failed="The pipeline could not be loaded" view />
        </div>
    }
}

/// The pipeline that the address names.
fn heading(view: &View) -> String {
    visible(view.get("name").unwrap_or("Pipeline")).into_owned()
}
