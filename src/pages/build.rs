//! `/build`: one build.

use leptos::prelude::*;

use super::board::Freshness;
use crate::{
    api::View,
    components::{Fragments, PageHeading, use_view},
    markup::visible,
};

#[component]
pub fn Build() -> impl IntoView {
    let view = use_view(&["name", "number", "system", "tag"]);
    view! {
        <div class="frame builds-page build-page">
            {move || view! { <PageHeading text=view.with(heading) /> }}
            <Freshness />
            <Fragments of="build" failed="The build could not be loaded" view />
        </div>
    }
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
