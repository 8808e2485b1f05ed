//! `/pipelines`: figures about the builds of the default branches.

use leptos::prelude::*;

use super::board::{Board, PIPELINES};

#[component]
pub fn Pipelines() -> impl IntoView {
    view! { <Board page=PIPELINES heading="Pipelines" /> }
}
