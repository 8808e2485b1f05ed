//! `/search`: what a text finds.

use leptos::prelude::*;

use super::fragment_page::{fragment_page, no_selection};
use crate::components::use_view;

#[component]
pub fn Search() -> impl IntoView {
    fragment_page(
        "search-page",
        Signal::stored("Search".to_owned()),
        "search",
        "The search failed",
        no_selection(),
        use_view(&["q"]),
    )
}
