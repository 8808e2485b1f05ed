//! `/wall`, `/wall/today` and `/wall/pipelines`: pages for screens on walls, without controls.

use leptos::prelude::*;

use crate::components::{Fragments, PageHeading, use_selection};

#[component]
pub fn WallToday() -> impl IntoView {
    wall("wall-today", "Today")
}

#[component]
pub fn WallPipelines() -> impl IntoView {
    wall("wall-pipelines", "Pipelines")
}

fn wall(of: &'static str, heading: &'static str) -> AnyView {
    let selection = use_selection();
    view! {
        <div class="frame wall">
            <PageHeading text=heading />
            <Fragments of failed="The page could not be loaded" selection />
        </div>
    }
    .into_any()
}
