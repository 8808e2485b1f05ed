//! `/`: the state of the pipelines, and what needs attention.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn Today() -> impl IntoView {
    fragment_page(
        "today-page",
        Signal::stored("Today".to_owned()),
        "today",
        "The start page could not be loaded",
        use_selection(),
        use_view(&[]),
    )
}
