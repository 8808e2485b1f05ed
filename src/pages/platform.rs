//! `/platform`: figures about causes that pipelines share, and about what failures cost.

use leptos::prelude::*;

use super::board::{Board, PLATFORM};

#[component]
pub fn Platform() -> impl IntoView {
    view! { <Board page=PLATFORM heading="Platform" /> }
}
